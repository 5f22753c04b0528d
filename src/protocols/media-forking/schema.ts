/** The data-exchange schema that a token for this service must carry (protocol.md section 1.1). */
export const MEDIA_FORKING_SCHEMA_ID = '523e1b7f-4693-47bc-b84e-a7b7a505fb0b';

/** The schema that {@link MEDIA_FORKING_SCHEMA_ID} replaced; data sources of old may still name it. */
export const MEDIA_FORKING_SUPERSEDED_SCHEMA_ID = '3028d2e8-eb03-4395-b70e-a69e823869c5';

/** Full name of the service. */
export const CONVERSATION_AUDIO_SERVICE = 'com.cisco.wcc.ccai.media.v1.ConversationAudio';

/** HTTP/2 path of a fork, a bidirectional stream. */
export const STREAM_CONVERSATION_AUDIO_PATH = `/${CONVERSATION_AUDIO_SERVICE}/StreamConversationAudio`;
