import {
  type OpenConverter,
  type SoundStream,
  createSoundStream,
} from '../conversation/sound-stream.ts';
import type { SpeechSynthesiser } from '../conversation/speech-synthesiser.ts';
import { runInBackground } from '../core/background.ts';
import type { BotCall, BotHandler, BotOutput } from '../handlers/bot-handler.ts';
import type { CallRecording } from './call-recording.ts';
import { codeOf, redactDeed } from './redact.ts';

/** The answer that a bot is asked for. */
interface TappedAnswer {
  readonly recording: CallRecording;
  readonly turn: number;
}

/** What a bot's answers are measured with. */
export interface BotTapDeps {
  readonly synthesiser: SpeechSynthesiser;
  readonly openConverter: OpenConverter;
  /** Whether the answer that begins now is taken down. */
  readonly find: (call: BotCall) => TappedAnswer | undefined;
  /** The recording of a call went wrong; the call goes on. */
  readonly onError: (error: unknown) => void;
}

/** Wraps a bot so that the shape of what it gives back in calls that are recorded is taken down. */
export function tapBot(bot: BotHandler, deps: BotTapDeps): BotHandler {
  return {
    name: bot.name,
    ...(bot.hears !== undefined && { hears: bot.hears }),
    ...(bot.keepsCalls !== undefined && { keepsCalls: bot.keepsCalls }),
    answer(call, input, turn) {
      const outputs = bot.answer(call, input, turn);
      const tapped = deps.find(call);
      return tapped === undefined ? outputs : tapAnswer(outputs, tapped, deps);
    },
    ...(bot.end !== undefined && { end: (call, reason) => bot.end?.(call, reason) }),
    ...(bot.leave !== undefined && { leave: (call) => bot.leave?.(call) }),
    ...(bot.close !== undefined && { close: async () => bot.close?.() }),
  };
}

/** Not a generator: of a bot that hangs, `return` must reach it at once. */
function tapAnswer(
  outputs: AsyncIterable<BotOutput>,
  { recording, turn }: TappedAnswer,
  deps: BotTapDeps,
): AsyncIterable<BotOutput> {
  return {
    [Symbol.asyncIterator]() {
      const threw = (error: unknown, askedAt: number): void =>
        safely(() => {
          const tookMs = recording.now() - askedAt;
          recording.botDid(turn, tookMs, { kind: 'threw', code: codeOf(error) });
        });
      const begin = (): AsyncIterator<BotOutput, undefined> => {
        const askedAt = recording.now();
        try {
          return outputs[Symbol.asyncIterator]();
        } catch (error) {
          threw(error, askedAt);
          throw error;
        }
      };
      let stream: SoundStream | undefined;
      let sayings = 0;
      const safely = (note: () => void): void => {
        try {
          note();
        } catch (error) {
          deps.onError(error);
        }
      };
      const measure = (output: Readonly<Record<string, unknown>>): number => {
        const { audio, format, bargeIn } = output as unknown as Extract<
          BotOutput,
          { type: 'audio' }
        >;
        stream ??= createSoundStream(deps.openConverter);
        const rest = stream.isOf(format) ? undefined : stream.end();
        return (rest?.audio.length ?? 0) + stream.convert(audio, format, bargeIn).length;
      };
      /** The gateway asks for the same; an engine with a memory answers both at once. */
      const listenTo = (text: string): void => {
        const index = sayings;
        const saidAt = recording.now();
        sayings += 1;
        runInBackground(
          async () => {
            const audio = await deps.synthesiser.synthesise(text, new AbortController().signal);
            recording.sounded(turn, index, recording.now() - saidAt, audio.length);
          },
          () => recording.sounded(turn, index, recording.now() - saidAt, undefined),
        );
      };
      const took = (output: BotOutput, tookMs: number): void =>
        safely(() => {
          const deed = redactDeed(output, measure);
          recording.botDid(turn, tookMs, deed);
          if (deed.kind === 'say' && deed.isBad !== true && output.type === 'say')
            listenTo(output.text);
        });
      const over = (): void => {
        stream?.close();
        stream = undefined;
      };
      const inner = begin();
      return {
        async next() {
          const askedAt = recording.now();
          try {
            const step = await inner.next();
            const tookMs = recording.now() - askedAt;
            if (step.done !== true) took(step.value, tookMs);
            else {
              safely(() => recording.botDid(turn, tookMs, { kind: 'done' }));
              over();
            }
            return step;
          } catch (error) {
            threw(error, askedAt);
            over();
            throw error;
          }
        },
        async return(value) {
          over();
          return (await inner.return?.(value)) ?? { done: true, value: undefined };
        },
      };
    },
  };
}
