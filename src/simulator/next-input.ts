import type { DTMFInputConfig__Output } from '../protocols/generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/DTMFInputConfig.ts';
import type { WireResponse } from './wire-message.ts';

/** How the caller's next input is taken. */
export interface NextInput {
  /** Whether an answer has said so; before, Webex's own defaults hold. */
  readonly isTold: boolean;
  readonly voice: boolean;
  readonly keys: boolean;
  /** `null`: the gateway did not say. */
  readonly digits: DTMFInputConfig__Output | null;
  /** 0: wait for ever. */
  readonly noInputTimeoutMs: number;
}

/** What holds until an answer says otherwise. @see protocol.md section 2.5 */
export const UNTOLD_INPUT: NextInput = {
  isTold: false,
  voice: true,
  keys: true,
  digits: null,
  noInputTimeoutMs: 0,
};

/** Reads a closing answer; mode and handling that it leaves out stay as they were. */
export function toNextInput(response: WireResponse, before: NextInput): NextInput {
  const { input_mode: mode, input_handling_config: handling } = response;
  const isModeTold = mode !== 'INPUT_VOICE_MODE_UNSPECIFIED';
  return {
    isTold: true,
    voice: isModeTold ? mode !== 'INPUT_EVENT_DTMF' : before.voice,
    keys: isModeTold ? mode !== 'INPUT_VOICE' : before.keys,
    digits: handling === null ? before.digits : handling.dtmf_config,
    noInputTimeoutMs:
      handling === null
        ? before.noInputTimeoutMs
        : (handling.speech_timers?.no_input_timeout_msec ?? 0),
  };
}
