import { MULAW_SILENCE } from '../audio/audio-format.ts';
import type { SpeechSynthesiser } from '../conversation/speech-synthesiser.ts';
import type { Clock } from '../core/clock.ts';
import { ERROR_CODES, GatewayError } from '../core/gateway-error.ts';
import type { BotHandler, BotOutput } from '../handlers/bot-handler.ts';
import type { Deed, EntryOf, Recording } from './recording-format.ts';

/** A bot that gives back what was recorded, and the voice that speaks it: lengths only, and silence in them. */
export interface ScriptedBot {
  readonly bot: BotHandler;
  readonly synthesiser: SpeechSynthesiser;
}

/** Creates the bot of a recording. @param turn The answer that it is being asked for. */
export function createScriptedBot(
  { header, entries }: Recording,
  clock: Clock,
  turn: () => number,
): ScriptedBot {
  const deeds = new Map<number, EntryOf<'bot'>[]>();
  const sounds = new Map<string, EntryOf<'sound'>>();
  const asked = new Set<number | undefined>();
  for (const entry of entries) {
    if (entry.type === 'bot') {
      const known = deeds.get(entry.turn);
      if (known === undefined) deeds.set(entry.turn, [entry]);
      else known.push(entry);
    }
    if (entry.type === 'moment' && entry.moment.type === 'asked') asked.add(entry.moment.turn);
    if (entry.type === 'sound') sounds.set(nameOf(entry.turn, entry.index), entry);
  }
  const { hears } = header.agent;
  return {
    bot: {
      name: 'recorded',
      ...(hears !== undefined && { hears }),
      answer() {
        const answered = turn();
        // Who was not asked then has nothing to say; who was, and did nothing, does nothing again.
        const script = asked.has(answered) ? (deeds.get(answered) ?? []) : undefined;
        return { [Symbol.asyncIterator]: () => iterate(script, answered, clock) };
      },
    },
    synthesiser: {
      async synthesise(text) {
        const sound = sounds.get(text);
        // The recording ends before the sound does.
        if (sound === undefined) return new Promise(() => undefined);
        await wait(clock, sound.tookMs);
        if (sound.bytes === undefined) throw new GatewayError('ERR_SPEECH_FAILED', 'as recorded');
        return silence(sound.bytes);
      },
      close: async () => undefined,
    },
  };
}

/** So long a silence: µ-law, 8000 Hz, mono. */
export function silence(bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(MULAW_SILENCE);
}

/** Resolves when `ms` have passed; with none, at once. */
export async function wait(clock: Clock, ms: number): Promise<void> {
  if (ms <= 0) return undefined;
  return new Promise((resolve) => {
    clock.setTimer(ms, resolve);
  });
}

function nameOf(turn: number, index: number): string {
  return `${turn}/${index}`;
}

function iterate(
  script: readonly EntryOf<'bot'>[] | undefined,
  turn: number,
  clock: Clock,
): AsyncIterator<BotOutput> {
  let next = 0;
  let sayings = 0;
  const done = { done: true, value: undefined } as const;
  return {
    async next() {
      if (script === undefined) return done;
      const entry = script[next];
      next += 1;
      if (entry === undefined) return new Promise(() => undefined);
      await wait(clock, entry.tookMs);
      const { deed } = entry;
      if (deed.kind === 'done') return done;
      if (deed.kind === 'threw') throw toError(deed.code);
      const name = nameOf(turn, sayings);
      if (deed.kind === 'say' && deed.isBad !== true) sayings += 1;
      return { done: false, value: toOutput(deed, name) };
    },
    async return() {
      return done;
    },
  };
}

function toError(code: string | undefined): Error {
  const known = ERROR_CODES.find((one) => one === code);
  return known === undefined ? new Error('as recorded') : new GatewayError(known, 'as recorded');
}

/** What a bot must not give back was recorded as such, and is given back as such. */
function toOutput(deed: Exclude<Deed, { kind: 'done' | 'threw' }>, saying: string): BotOutput {
  switch (deed.kind) {
    case 'say':
      return {
        type: 'say',
        text: deed.isBad === true ? wrong() : saying,
        ...(deed.bargeIn !== undefined && { bargeIn: deed.bargeIn }),
      };
    case 'audio':
      return {
        type: 'audio',
        audio: deed.isBad === true ? wrong() : silence(deed.bytes),
        ...(deed.bargeIn !== undefined && { bargeIn: deed.bargeIn }),
      };
    case 'listen':
      // An absent setting and one that is `undefined` are the same to the engine.
      return { type: 'listen', settings: deed.settings as BotListen };
    case 'custom-event':
    case 'transfer':
    case 'end':
      return { type: deed.kind, name: deed.name, metadata: {} };
    case 'give-up':
      return { type: 'give-up', reason: deed.reason };
    case 'transcript':
      return { type: 'transcript', transcript: '' };
    case 'wrong':
      return wrong();
    default:
      return deed satisfies never;
  }
}

type BotListen = Extract<BotOutput, { type: 'listen' }>['settings'];

/** Something that is not what it should be, as bots in JavaScript give it. */
function wrong(): never {
  return { type: 'wrong' } as never;
}
