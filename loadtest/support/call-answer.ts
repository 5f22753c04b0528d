/** What a caller must know of a message of the gateway. */
export interface CallAnswer {
  readonly event: 'none' | 'start-of-input' | 'end-of-input' | 'session-end' | 'other';
  /** Of sound, in all of its prompts. */
  readonly audioBytes: number;
}

// Field numbers of proto/voice-virtual-agent: VoiceVAResponse, Prompt, OutputEvent.
const PROMPTS = 1;
const OUTPUT_EVENTS = 2;
const AUDIO_CONTENT = 3;
const EVENT_TYPE = 1;
const EVENTS = new Map<number, CallAnswer['event']>([
  [1, 'session-end'],
  [4, 'start-of-input'],
  [5, 'end-of-input'],
]);

const LENGTH_DELIMITED = 2;
const VARINT = 0;

/** Reads a `VoiceVAResponse` no further than a caller needs, without decoding it. */
export function readCallAnswer(message: Buffer): CallAnswer {
  let event: CallAnswer['event'] = 'none';
  let audioBytes = 0;
  eachField(message, 0, message.length, (field, _value, begin, end) => {
    if (field === PROMPTS)
      eachField(message, begin, end, (inner, _value, from, to) => {
        if (inner === AUDIO_CONTENT) audioBytes += to - from;
      });
    if (field === OUTPUT_EVENTS && event === 'none') {
      event = 'other';
      eachField(message, begin, end, (inner, type) => {
        if (inner === EVENT_TYPE) event = EVENTS.get(type) ?? 'other';
      });
    }
  });
  return { event, audioBytes };
}

/** Names each field of a message between two offsets: its number, its value if it is a number, and where its bytes lie. */
function eachField(
  bytes: Buffer,
  from: number,
  to: number,
  onField: (field: number, value: number, begin: number, end: number) => void,
): void {
  let at = from;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; at < to; factor *= 128) {
      const byte = bytes[at] ?? 0;
      at += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
    }
    return value;
  };
  while (at < to) {
    const tag = varint();
    const wireType = tag & 7;
    const value = wireType === VARINT || wireType === LENGTH_DELIMITED ? varint() : 0;
    const length =
      wireType === LENGTH_DELIMITED ? value : wireType === 1 ? 8 : wireType === 5 ? 4 : 0;
    onField(tag >>> 3, value, at, at + length);
    at += length;
  }
}
