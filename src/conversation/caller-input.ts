import type { AudioEncoding } from '../audio/audio-format.ts';
import type { JsonObject } from '../core/json.ts';

/**
 * What one message of Webex brings, in the words of the domain.
 *
 * `audio.encoding` is `undefined` and `audio.sampleRateHz` 0 when the message did not say; the last declared pair then
 * holds. `digits` is a string over `0-9 A-D * #` in the order pressed. `ignored` stands for an event that this build
 * does not know: it is tolerated and changes nothing.
 */
export type CallerInput =
  | {
      readonly type: 'audio';
      readonly audio: Uint8Array;
      readonly encoding: AudioEncoding | undefined;
      readonly sampleRateHz: number;
      readonly languageCode: string;
    }
  | { readonly type: 'digits'; readonly digits: string }
  | { readonly type: 'session-start'; readonly name: string; readonly parameters: JsonObject }
  | { readonly type: 'session-end' }
  | { readonly type: 'no-input' }
  | { readonly type: 'start-of-digits' }
  | { readonly type: 'custom-event'; readonly name: string; readonly parameters: JsonObject }
  | { readonly type: 'ignored' };

/** One message of a turn: whose call it belongs to, and what the caller did. */
export interface TurnMessage {
  /** Webex's correlation id of the RPC; on its first message. */
  readonly trackingId?: string;
  readonly conversationId: string;
  /** `customer_org_id`, as sent. */
  readonly organisationId: string;
  /** `virtual_agent_id`; empty asks for the default agent. */
  readonly agentId: string;
  readonly allowPartialResponses: boolean;
  readonly vendorConfig: string;
  readonly input: CallerInput;
}
