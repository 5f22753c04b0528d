import type { OutputEvent, Prompt, TurnOutput } from '../../conversation/turn-output.ts';
import type {
  DigitSettings,
  InputMode,
  ListenSettings,
  SpeechTimers,
} from '../../handlers/listen-settings.ts';
import type { DTMFInputConfig } from '../generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/DTMFInputConfig.ts';
import type { InputHandlingConfig } from '../generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/InputHandlingConfig.ts';
import type { InputSpeechTimers } from '../generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/InputSpeechTimers.ts';
import type {
  _com_cisco_wcc_ccai_media_v1_OutputEvent_EventType__Output as EventType,
  OutputEvent as WireEvent,
} from '../generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/OutputEvent.ts';
import type { Prompt as WirePrompt } from '../generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/Prompt.ts';
import type { VoiceVAInputMode__Output } from '../generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/VoiceVAInputMode.ts';
import type { VoiceVAResponse } from '../generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/VoiceVAResponse.ts';
import { encodeDigit } from './digits.ts';
import { encodeStruct } from './struct.ts';
import { loadVoiceVirtualAgent } from './wire.ts';

/** An agent as the catalogue shows it. */
export interface AgentListing {
  readonly id: string;
  readonly name: string;
  readonly isDefault: boolean;
  readonly attributes: Readonly<Record<string, string>>;
}

const EVENT_TYPES = {
  'session-end': 'SESSION_END',
  'transfer-to-agent': 'TRANSFER_TO_AGENT',
  'custom-event': 'CUSTOM_EVENT',
  'start-of-input': 'START_OF_INPUT',
  'end-of-input': 'END_OF_INPUT',
  'no-match': 'NO_MATCH',
  'no-input': 'NO_INPUT',
} as const satisfies Record<OutputEvent['type'], EventType>;

const INPUT_MODES = {
  voice: 'INPUT_VOICE',
  digits: 'INPUT_EVENT_DTMF',
  'voice-and-digits': 'INPUT_VOICE_DTMF',
} as const satisfies Record<InputMode, VoiceVAInputMode__Output>;

// Encoding and copying a prompt is the dearest work of a turn, and greetings are sent again and again.
const encoded = new WeakMap<TurnOutput, Buffer>();

/**
 * Encodes one message to Webex as the bytes of a `VoiceVAResponse`.
 *
 * The bytes are remembered for as long as `output` lives: an object that is sent again is not encoded again, and the
 * same buffer is returned, which must not be changed. proto3 defaults stay off the wire, so `final` writes nothing.
 *
 * @throws {GatewayError} `ERR_HANDLER_OUTPUT` when the event's metadata is no JSON or nests too deep.
 * @see protocol.md sections 1.3 and 2.2
 */
export function encodeTurnOutput(output: TurnOutput): Buffer {
  const known = encoded.get(output);
  if (known !== undefined) return known;
  const bytes = loadVoiceVirtualAgent().ProcessCallerInput.responseSerialize(toResponse(output));
  encoded.set(output, bytes);
  return bytes;
}

/** Encodes the catalogue as the bytes of a `ListVAResponse`. */
export function encodeAgentList(agents: readonly AgentListing[]): Buffer {
  return loadVoiceVirtualAgent().ListVirtualAgents.responseSerialize({
    virtual_agents: agents.map(({ id, name, isDefault, attributes }) => ({
      virtual_agent_id: id,
      virtual_agent_name: name,
      is_default: isDefault,
      attributes,
    })),
  });
}

function toResponse(output: TurnOutput): VoiceVAResponse {
  const response: VoiceVAResponse = { prompts: output.prompts.map(toWirePrompt) };
  if (output.responseType !== 'final')
    response.response_type = output.responseType === 'chunk' ? 'CHUNK' : 'PARTIAL';
  if (output.event !== undefined) response.output_events = [toWireEvent(output.event)];
  if (output.transcript !== undefined) response.session_transcript = { text: output.transcript };
  if (output.summary !== undefined) response.session_summary = { text: output.summary };
  if (output.listen !== undefined) {
    response.input_mode = INPUT_MODES[output.listen.mode];
    response.input_handling_config = toHandlingConfig(output.listen);
    if (output.listen.sensitive === true) response.input_sensitive = true;
  }
  return response;
}

function toWirePrompt(prompt: Prompt): WirePrompt {
  const wire: WirePrompt = {};
  if (prompt.audio.length > 0) wire.audio_content = prompt.audio;
  if (prompt.bargeIn) wire.is_barge_in_enabled = true;
  return wire;
}

function toWireEvent(event: OutputEvent): WireEvent {
  const wire: WireEvent = { event_type: EVENT_TYPES[event.type] };
  if (event.name !== '') wire.name = event.name;
  if (Object.keys(event.metadata).length > 0) wire.metadata = encodeStruct(event.metadata);
  return wire;
}

/** The message is labelled mandatory, so it is there even when nothing is set in it. */
function toHandlingConfig(listen: ListenSettings): InputHandlingConfig {
  const config: InputHandlingConfig = {};
  if (listen.digits !== undefined) config.dtmf_config = toDigitConfig(listen.digits);
  if (listen.speech !== undefined) config.speech_timers = toSpeechTimers(listen.speech);
  return config;
}

function toDigitConfig(digits: DigitSettings): DTMFInputConfig {
  const config: DTMFInputConfig = {};
  if (digits.interDigitTimeoutMs !== undefined)
    config.inter_digit_timeout_msec = digits.interDigitTimeoutMs;
  if (digits.terminator !== undefined) config.termchar = encodeDigit(digits.terminator);
  if (digits.maxLength !== undefined) config.dtmf_input_length = digits.maxLength;
  return config;
}

function toSpeechTimers(speech: SpeechTimers): InputSpeechTimers {
  const timers: InputSpeechTimers = {};
  if (speech.maxSpeechMs !== undefined) timers.max_speech_timeout_msec = speech.maxSpeechMs;
  if (speech.completeTimeoutMs !== undefined)
    timers.complete_timeout_msec = speech.completeTimeoutMs;
  if (speech.incompleteTimeoutMs !== undefined)
    timers.incomplete_timeout_msec = speech.incompleteTimeoutMs;
  if (speech.noInputTimeoutMs !== undefined) timers.no_input_timeout_msec = speech.noInputTimeoutMs;
  return timers;
}
