import type { AudioFormat } from '../audio/audio-format.ts';
import type { JsonObject } from '../core/json.ts';
import type { _com_cisco_wcc_ccai_media_v1_EventInput_EventType__Output as EventType } from '../protocols/generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/EventInput.ts';
import type { _com_cisco_wcc_ccai_media_v1_OutputEvent_EventType__Output as OutputType } from '../protocols/generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/OutputEvent.ts';
import type { VoiceVARequest } from '../protocols/generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/VoiceVARequest.ts';
import type { VoiceVAResponse__Output } from '../protocols/generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/VoiceVAResponse.ts';
import { encodeDigit } from '../protocols/voice-virtual-agent/digits.ts';
import { encodeStruct } from '../protocols/voice-virtual-agent/struct.ts';

/** A message to the gateway, as it goes on the wire. */
export type WireRequest = VoiceVARequest;

/** A message of the gateway, as it came off the wire. */
export type WireResponse = VoiceVAResponse__Output;

/** An event that Webex sends. */
export type InputEventType = EventType;

/** An event that the gateway sends. */
export type OutputEventType = OutputType;

/** What every message of a call repeats. @see protocol.md section 1.3 */
export interface RequestHeading {
  readonly conversationId: string;
  readonly organisationId: string;
  /** Default: empty, which is the default agent. */
  readonly agentId?: string;
  /** Default: no. */
  readonly allowPartial?: boolean;
  /** Default: empty. */
  readonly vendorConfig?: string;
}

/** Makes the messages of one call. */
export interface RequestWriter {
  /** Caller audio; the format is named only when given, as live Webex leaves it out. */
  audio(bytes: Uint8Array, format?: AudioFormat): WireRequest;
  digits(digits: string): WireRequest;
  event(type: InputEventType, name?: string, parameters?: JsonObject): WireRequest;
}

const ENCODINGS = {
  linear16: 'LINEAR16_FORMAT',
  mulaw: 'MULAW_FORMAT',
  alaw: 'ALAW_FORMAT',
} as const;

/** Creates the writer of a call's messages. */
export function createRequestWriter(heading: RequestHeading): RequestWriter {
  const { agentId = '', allowPartial = false, vendorConfig = '' } = heading;
  const common: WireRequest = {
    conversation_id: heading.conversationId,
    customer_org_id: heading.organisationId,
    virtual_agent_id: agentId,
    allow_partial_responses: allowPartial,
    vendor_specific_config: vendorConfig,
  };
  return {
    audio: (bytes, format) => ({
      ...common,
      audio_input: {
        // protobufjs takes any Uint8Array; the generated type knows Buffer only.
        caller_audio: bytes as Buffer,
        ...(format && {
          encoding: ENCODINGS[format.encoding],
          sample_rate_hertz: format.sampleRateHz,
        }),
      },
    }),
    digits: (digits) => ({
      ...common,
      dtmf_input: { dtmf_events: Array.from(digits, encodeDigit) },
    }),
    event: (type, name = '', parameters = {}) => ({
      ...common,
      event_input: { event_type: type, name, parameters: encodeStruct(parameters) },
    }),
  };
}
