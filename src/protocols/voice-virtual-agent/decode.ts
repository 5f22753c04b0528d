import type { AudioEncoding } from '../../audio/audio-format.ts';
import type { CallerInput, TurnMessage } from '../../conversation/caller-input.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { EventInput__Output } from '../generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/EventInput.ts';
import type { ListVARequest__Output } from '../generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/ListVARequest.ts';
import type {
  _com_cisco_wcc_ccai_media_v1_VoiceInput_VoiceEncoding__Output as VoiceEncoding,
  VoiceInput__Output,
} from '../generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/VoiceInput.ts';
import type { VoiceVARequest__Output } from '../generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/VoiceVARequest.ts';
import { decodeDigits } from './digits.ts';
import { decodeStruct } from './struct.ts';

/** Whose catalogue is asked for. */
export interface AgentListQuery {
  /** `customer_org_id`, as sent. */
  readonly organisationId: string;
  /** The flow's author may leave the choice to the default agent. */
  readonly defaultAgentAllowed: boolean;
}

/**
 * Decodes one message of a turn. Audio is not copied: it is a view of the message's buffer.
 *
 * Enum values that this build does not know are tolerated: an encoding counts as not said, a key is left out, an event
 * becomes `ignored`.
 *
 * @throws {GatewayError} `ERR_PROTOCOL_INPUT_MISSING` when the message says nothing of what the caller did.
 * @see protocol.md section 1.3
 */
export function decodeTurnMessage(request: VoiceVARequest__Output): TurnMessage {
  return {
    conversationId: request.conversation_id,
    organisationId: request.customer_org_id,
    agentId: request.virtual_agent_id,
    allowPartialResponses: request.allow_partial_responses,
    vendorConfig: request.vendor_specific_config,
    input: decodeInput(request),
  };
}

/** Decodes the request of `ListVirtualAgents`. */
export function decodeListRequest(request: ListVARequest__Output): AgentListQuery {
  return {
    organisationId: request.customer_org_id,
    defaultAgentAllowed: request.is_default_virtual_agent_enabled,
  };
}

function decodeInput(request: VoiceVARequest__Output): CallerInput {
  if (request.audio_input) return decodeAudio(request.audio_input);
  if (request.dtmf_input)
    return { type: 'digits', digits: decodeDigits(request.dtmf_input.dtmf_events) };
  if (request.event_input) return decodeEvent(request.event_input);
  throw new GatewayError(
    'ERR_PROTOCOL_INPUT_MISSING',
    'A message must carry audio, digits or an event',
  );
}

function decodeAudio(input: VoiceInput__Output): CallerInput {
  return {
    type: 'audio',
    audio: input.caller_audio,
    encoding: decodeEncoding(input.encoding),
    sampleRateHz: Math.max(0, input.sample_rate_hertz),
    languageCode: input.language_code,
  };
}

function decodeEncoding(encoding: VoiceEncoding): AudioEncoding | undefined {
  switch (encoding) {
    case 'MULAW_FORMAT':
      return 'mulaw';
    case 'LINEAR16_FORMAT':
      return 'linear16';
    case 'ALAW_FORMAT':
      return 'alaw';
    default:
      return undefined;
  }
}

function decodeEvent(event: EventInput__Output): CallerInput {
  switch (event.event_type) {
    case 'SESSION_START':
      return {
        type: 'session-start',
        name: event.name,
        parameters: decodeStruct(event.parameters),
      };
    case 'CUSTOM_EVENT':
      return { type: 'custom-event', name: event.name, parameters: decodeStruct(event.parameters) };
    case 'SESSION_END':
      return { type: 'session-end' };
    case 'NO_INPUT':
      return { type: 'no-input' };
    case 'START_OF_DTMF':
      return { type: 'start-of-digits' };
    default:
      return { type: 'ignored' };
  }
}
