import type { VoiceVirtualAgentDefinition } from '../generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/VoiceVirtualAgent.ts';
import { createServiceLoader, type ServiceOf } from '../service-loader.ts';
import { VOICE_VIRTUAL_AGENT_SERVICE } from './schema.ts';

/** The service as proto-loader defines it: `ProcessCallerInput` and `ListVirtualAgents`. */
export type VoiceVirtualAgentService = ServiceOf<VoiceVirtualAgentDefinition>;

/** Loads the service definition; the first call reads `proto/voice-virtual-agent`. */
export const loadVoiceVirtualAgent: () => VoiceVirtualAgentService =
  createServiceLoader<VoiceVirtualAgentDefinition>(
    'voice-virtual-agent',
    'voicevirtualagent.proto',
    VOICE_VIRTUAL_AGENT_SERVICE,
  );
