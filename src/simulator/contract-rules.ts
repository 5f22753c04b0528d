/**
 * Every rule that a caller can check, with the number of the check in protocol.md section 9 that it belongs to.
 *
 * Rules are named by what an answer must do or what must not happen; `words` is what is reported when it is broken.
 */
export const CONTRACT_RULES = {
  'one-event': { check: 8, words: 'a message carries more than one output event' },
  'start-answered': { check: 46, words: 'the session start was not closed by a FINAL' },
  'greeted-once': { check: 48, words: 'a repeated session start was greeted again' },
  'ends-with-ok': { check: 49, words: 'the RPC did not end with OK' },
  'is-completed': { check: 49, words: 'the RPC was never completed' },
  'starts-once': { check: 52, words: 'START_OF_INPUT came more than once in a turn' },
  'ends-once': { check: 52, words: 'END_OF_INPUT came more than once in a turn' },
  'start-before-end': { check: 52, words: 'END_OF_INPUT came without START_OF_INPUT before it' },
  'start-not-after-end': { check: 52, words: 'START_OF_INPUT came after END_OF_INPUT' },
  'input-events-alone': { check: 52, words: 'an input event travels with prompts' },
  'input-events-need-audio': { check: 52, words: 'an input event came in a turn without audio' },
  'end-before-audio': { check: 53, words: 'reply audio came before END_OF_INPUT' },
  'one-final': { check: 54, words: 'a turn has more than one closing FINAL' },
  'closed-by-final': { check: 54, words: 'the turn was not closed by a FINAL' },
  'nothing-after-final': { check: 54, words: 'a message came after the closing FINAL' },
  'chunks-terminated': { check: 55, words: 'chunks were not followed by an empty FINAL' },
  'terminator-empty': { check: 55, words: 'the FINAL after chunks carries audio' },
  'wav-has-riff': { check: 56, words: 'a prompt of a FINAL is no WAV' },
  'one-playback-mode': { check: 57, words: 'the playback mode changed within the conversation' },
  'not-interleaved': { check: 58, words: 'audio of two overlapping RPCs is interleaved' },
  'old-turn-stops': { check: 59, words: 'an older turn sent audio after the caller cut in' },
  'deaf-while-uninterruptible': {
    check: 60,
    words: 'START_OF_INPUT came while a prompt without barge-in was playing',
  },
  'last-words-uninterruptible': { check: 61, words: 'a terminal prompt has barge-in enabled' },
  'transfer-on-final': { check: 62, words: 'TRANSFER_TO_AGENT is not the event of a FINAL' },
  'silent-after-transfer': { check: 62, words: 'a prompt came after TRANSFER_TO_AGENT' },
  'end-on-final': { check: 63, words: 'SESSION_END is not the event of a FINAL' },
  'silent-after-end': { check: 63, words: 'a prompt came after SESSION_END' },
  'no-prompt-for-nobody': { check: 64, words: 'the caller hung up and got a prompt' },
  'turn-aborted': {
    check: 65,
    words: 'the caller hung up within the turn and got a closing prompt',
  },
  'no-input-answered': { check: 66, words: 'NO_INPUT was not closed by a FINAL' },
  'no-input-kept': { check: 66, words: 'NO_INPUT was answered by a NO_INPUT output event' },
  'event-answered': { check: 67, words: 'a custom event was not closed by a FINAL' },
  'partial-allowed': { check: 73, words: 'a PARTIAL came that was not allowed' },
  'next-input-told': { check: 74, words: 'a FINAL lacks input_mode or input_handling_config' },
  'no-next-input': { check: 75, words: 'a terminal FINAL carries input_mode or its config' },
  'transcript-last': { check: 76, words: 'a transcript or summary is not in the last response' },
  'telephone-format': { check: 85, words: 'a prompt is not µ-law, 8000 Hz, mono' },
  'chunk-size': { check: 86, words: 'a chunk is not 100 to 65,536 bytes' },
  'no-riff-in-chunk': { check: 88, words: 'a chunk has a RIFF header' },
  'no-text-with-audio': { check: 89, words: 'a prompt of a chunked answer carries text' },
  'first-key-unanswered': { check: 91, words: 'START_OF_DTMF was answered' },
  'first-key-in-audio-unanswered': {
    check: 92,
    words: 'START_OF_DTMF within an audio RPC was answered',
  },
  'digits-answered': { check: 93, words: 'digits were not closed by a FINAL' },
  'no-digits-answered': { check: 94, words: 'an empty list of digits was not closed by a FINAL' },
  'no-audio-expected': { check: 97, words: 'an input event came though only keys are taken' },
  'unique-ids': { check: 99, words: 'two virtual agents have one id' },
  'named-agents': { check: 99, words: 'a virtual agent has no id or no name' },
  'one-default': { check: 99, words: 'more than one virtual agent is the default' },
} as const satisfies Record<string, { readonly check: number; readonly words: string }>;

/** The name of one of {@link CONTRACT_RULES}. */
export type ContractRule = keyof typeof CONTRACT_RULES;

/** A rule that an answer broke. */
export interface ContractViolation {
  readonly name: ContractRule;
  /** Number of the check in protocol.md section 9. */
  readonly check: number;
  /** What happened, in short words. */
  readonly rule: string;
  /** The RPC of the call and its message, both from 1; message 0 stands for the RPC as a whole. */
  readonly at: { readonly turn: number; readonly message: number };
}

/** Makes the report of a broken rule. */
export function toViolation(name: ContractRule, turn: number, message: number): ContractViolation {
  const { check, words } = CONTRACT_RULES[name];
  return { name, check, rule: words, at: { turn, message } };
}
