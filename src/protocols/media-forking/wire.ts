import type { ConversationAudioDefinition } from '../generated/media-forking/com/cisco/wcc/ccai/media/v1/ConversationAudio.ts';
import { createServiceLoader, type ServiceOf } from '../service-loader.ts';
import { CONVERSATION_AUDIO_SERVICE } from './schema.ts';

/** The service as proto-loader defines it: `StreamConversationAudio`. */
export type ConversationAudioService = ServiceOf<ConversationAudioDefinition>;

/** Loads the service definition; the first call reads `proto/media-forking`. */
export const loadConversationAudio: () => ConversationAudioService =
  createServiceLoader<ConversationAudioDefinition>(
    'media-forking',
    'conversationaudioforking.proto',
    CONVERSATION_AUDIO_SERVICE,
  );
