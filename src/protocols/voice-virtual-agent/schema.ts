/** The data-exchange schema that a token for this service must carry (protocol.md section 1.1). */
export const VOICE_VIRTUAL_AGENT_SCHEMA_ID = '5397013b-7920-4ffc-807c-e8a3e0a18f43';

/** Full name of the service. */
export const VOICE_VIRTUAL_AGENT_SERVICE = 'com.cisco.wcc.ccai.media.v1.VoiceVirtualAgent';

/** HTTP/2 path of a turn, a bidirectional stream. */
export const PROCESS_CALLER_INPUT_PATH = `/${VOICE_VIRTUAL_AGENT_SERVICE}/ProcessCallerInput`;

/** HTTP/2 path of the agent catalogue, a unary call. */
export const LIST_VIRTUAL_AGENTS_PATH = `/${VOICE_VIRTUAL_AGENT_SERVICE}/ListVirtualAgents`;
