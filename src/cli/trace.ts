import type { CallEvent } from '../simulator/call-event.ts';
import type { Palette } from './palette.ts';
import { formatBytes, formatLatency } from './units.ts';

/** Texts that are known to whoever placed the call, shown where they are heard. */
export interface TraceCaptions {
  /** What the caller says, in order. */
  readonly speech?: readonly string[];
  /** What the caller presses, in order: one for each input. */
  readonly keys?: readonly string[];
}

/** Writes a call as it happens, a line for each thing that a person wants to know of. */
export interface Trace {
  /** To be called with every event of the call, in order. */
  onEvent(event: CallEvent): void;
  /** The bot is about to say `text`; it is shown with the answer that brings it. */
  botSays(text: string): void;
}

/** Explains the marks of a trace. */
export function formatLegend({ dim, bold }: Palette): readonly string[] {
  return [
    dim('→ Webex to gateway   ← gateway to Webex   ♪ what is heard on the line   ✓ RPC completed'),
    bold(`${'seconds'.padStart(8)}  RPC`),
  ];
}

const INPUT_WORDS = {
  nothing: 'an empty message',
  audio: 'caller audio',
  start: 'SESSION_START',
  'first-key': 'START_OF_DTMF',
  digits: 'digits',
  'no-digits': 'an empty list of digits',
  'no-input': 'NO_INPUT',
  'custom-event': 'CUSTOM_EVENT',
  'hang-up': 'SESSION_END',
} as const;

/** Pieces of an answer that have come; they make one line with the message that closes it. */
interface Pieces {
  chunks: number;
  bytes: number;
}

type Received = Extract<CallEvent, { readonly type: 'received' }>;

/** Creates a trace that hands each line to `write`. */
export function createTrace(
  write: (line: string) => void,
  palette: Palette,
  captions: TraceCaptions = {},
): Trace {
  const { dim, red, yellow, green, cyan } = palette;
  const speech = [...(captions.speech ?? [])];
  const keyCaptions = [...(captions.keys ?? [])];
  const pieces = new Map<number, Pieces>();
  let sayings: string[] = [];
  let keys = 0;

  const line = (event: CallEvent, mark: string, text: string): void => {
    const seconds = (event.atMs / 1000).toFixed(2).padStart(8);
    const turn = 'turn' in event ? String(event.turn) : '';
    write(`${dim(seconds)}  ${turn.padStart(3)}  ${mark}  ${text}`);
  };
  const quote = (): void => {
    for (const text of sayings) write(`${' '.repeat(18)}${cyan(`“${text}”`)}`);
    sayings = [];
  };
  const answer = (event: Received): void => {
    const before = pieces.get(event.turn) ?? { chunks: 0, bytes: 0 };
    if (event.kind === 'chunk') {
      pieces.set(event.turn, {
        chunks: before.chunks + 1,
        bytes: before.bytes + event.audioBytes,
      });
      return;
    }
    if (event.kind !== 'event-only') pieces.delete(event.turn);
    line(event, '←', describeAnswer(event, before));
    if (before.chunks > 0 || event.audioBytes > 0) quote();
  };
  const keyPressed = (event: CallEvent): void => {
    keys += 1;
    if (keys === 1) line(event, '♪', `caller ${cyan(keyCaptions.shift() ?? 'presses a key')}`);
  };
  const sent = (event: Extract<CallEvent, { readonly type: 'sent' }>): void => {
    const words = INPUT_WORDS[event.input];
    if (event.input === 'audio') return line(event, '→', dim(words));
    if (event.input !== 'digits') return line(event, '→', words);
    line(event, '→', keys === 0 ? words : `${keys} ${keys === 1 ? 'digit' : 'digits'}`);
    keys = 0;
  };
  const spoke = (event: CallEvent): void => {
    const text = speech.shift();
    line(event, '♪', text === undefined ? 'caller speaks' : `caller says ${cyan(`“${text}”`)}`);
  };

  return {
    botSays: (text) => void sayings.push(text),
    onEvent(event) {
      switch (event.type) {
        case 'rpc-opened':
        case 'playback-started':
        case 'playback-ended':
          return;
        case 'sent':
          return sent(event);
        case 'half-closed':
          if (event.audioBytes > 0)
            line(event, '→', dim(`no more audio, ${formatBytes(event.audioBytes)} in all`));
          return;
        case 'received':
          return answer(event);
        case 'rpc-closed':
          return event.status.code === 0
            ? line(event, green('✓'), dim(formatLatency(event.latency)))
            : line(event, red('✗'), red(`${event.status.name}: ${event.status.details}`));
        case 'playback-cut':
          return line(
            event,
            '♪',
            yellow(`prompt cut short, ${(event.droppedMs / 1000).toFixed(1)} s unheard`),
          );
        case 'speech-started':
          return spoke(event);
        case 'speech-ended':
          return line(event, '♪', dim('caller is silent'));
        case 'speech-unheard':
          return line(event, '♪', yellow('nobody reacted to what the caller said'));
        case 'key-pressed':
          return keyPressed(event);
        case 'key-ignored':
          return line(event, '♪', yellow('the key was ignored: nobody listens for keys now'));
        case 'contract-broken': {
          const { check, rule, at } = event.violation;
          return line(
            event,
            red('✗'),
            red(`CONTRACT BROKEN in RPC ${at.turn}, check ${check}: ${rule}`),
          );
        }
        case 'call-failed':
          return line(event, red('✗'), red(`call failed: ${event.reason}`));
        case 'call-ended':
          return;
        default:
          event satisfies never;
      }
    },
  };
}

const KIND_WORDS = { chunk: 'CHUNK', partial: 'PARTIAL', closing: 'FINAL', 'event-only': '' };

function describeAnswer(event: Received, before: Pieces): string {
  const chunks = `${before.chunks} ${before.chunks === 1 ? 'chunk' : 'chunks'}`;
  const parts = [
    KIND_WORDS[event.kind],
    event.event ?? '',
    event.eventName === '' ? '' : `"${event.eventName}"`,
    before.chunks > 0 && event.kind === 'closing'
      ? `after ${chunks}, ${formatBytes(before.bytes)}`
      : '',
    event.audioBytes > 0 ? `with ${formatBytes(event.audioBytes)}` : '',
  ];
  return parts.filter((part) => part !== '').join(' ');
}
