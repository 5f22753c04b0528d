import { AbortError } from '../../core/abort.ts';
import type { Clock } from '../../core/clock.ts';
import type { BotCall, BotInput, BotOutput, BotTurn } from '../bot-handler.ts';
import { type Rewindable, createRewindable } from '../vendor/rewindable.ts';
import { tellInput, toTextItem } from './client-event.ts';
import { hearResponse } from './hear-response.ts';
import { createModelSession } from './model-session.ts';
import { type Note, openNotes } from './notes.ts';
import type { RealtimeOptions } from './realtime-options.ts';
import { sendUtterance } from './utterance.ts';

/** Pieces of an utterance that are kept for a second connection: a minute at 20 ms each. */
const MAX_KEPT_PIECES = 3000;

/** A call that the model answers. */
export interface AnsweredCall {
  /** See `BotHandler.answer`. */
  answer(input: BotInput, turn: BotTurn): AsyncGenerator<BotOutput>;
  /** Closes its connection. */
  close(): void;
}

/** Makes one call be answered by the model. */
export function answerCall(call: BotCall, options: RealtimeOptions, clock: Clock): AnsweredCall {
  const notes = openNotes(call);
  const session = createModelSession(call, options, notes, clock);
  /** The answer before, as it is noted down: its words, and where it was cut for being too long. */
  let before: { readonly note: Note | undefined; readonly cutMs: number | undefined } | undefined;

  /** Tells the model how much of the answer before was heard. */
  const settle = ({ interrupted }: BotTurn): void => {
    const heardMs = interrupted?.heardMs ?? before?.cutMs;
    if (heardMs !== undefined)
      for (const event of session.spoken.cutAt(heardMs)) session.send(event);
    if (interrupted !== undefined && before?.note !== undefined)
      notes.change(before.note, interrupted.heardText);
    session.spoken.reset();
    before = undefined;
  };

  async function* greet(greeting: string): AsyncGenerator<BotOutput> {
    const note: Note = { role: 'assistant', text: greeting };
    session.send(toTextItem(note, options));
    before = { note: notes.add(note.role, note.text), cutMs: undefined };
    yield { type: 'say', text: greeting };
  }

  /** Asks once, and passes on what comes. */
  async function* converse(question: Question, turn: BotTurn): AsyncGenerator<BotOutput> {
    const { signal } = turn;
    let isSettled = false;
    const settleOnce = (): void => {
      if (!isSettled) settle(turn);
      isSettled = true;
    };
    const events = session.listen(question.isSecret, settleOnce);
    const onAbort = (): void => {
      session.cancel();
      events.fail(new AbortError(signal.reason));
    };
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    const utterance = question.sound && sendUtterance(question.sound.read(), session.send);
    let isComplete = false;
    try {
      await session.untilIdle(signal);
      // Where the server decides, it may answer before the gateway thinks that the caller has finished.
      if (utterance !== undefined) await Promise.race([utterance.ended, events.untilReady()]);
      settleOnce();
      if (!session.isResponding()) {
        if (utterance?.isEmpty() === true) return;
        if (question.told !== undefined) session.send(toTextItem(question.told, options));
        const isServers = options.turnDetection === 'server' && session.hasCommitted();
        if (utterance !== undefined && !isServers)
          session.send({ type: 'input_audio_buffer.commit' });
        if (!isServers) session.respond();
      }
      isComplete = true;
      utterance?.stop();
      yield* hearResponse(session, events, options, clock, question.answer);
    } finally {
      signal.removeEventListener('abort', onAbort);
      utterance?.stop();
      if (utterance !== undefined && !isComplete)
        session.send({ type: 'input_audio_buffer.clear' });
      session.leave(events);
    }
  }

  /** Asks, and once more on another connection if this one breaks before anything came. */
  async function* ask(question: Question, turn: BotTurn): AsyncGenerator<BotOutput> {
    const { sound } = question;
    for (let attempt = 1; ; attempt++) {
      let hasYielded = false;
      try {
        await session.open(turn.signal);
        for await (const output of converse(question, turn)) {
          hasYielded = true;
          sound?.forget();
          yield output;
        }
        return;
      } catch (error) {
        const canRepeat = !hasYielded && attempt === 1 && sound?.canRewind() !== false;
        if (!canRepeat || turn.signal.aborted || !session.isReopenable(error)) throw error;
      }
    }
  }

  /** What was asked and answered goes into the notes in that order, once it is known that it need not be asked again. */
  const noteDown = ({ told, isSecret, answer }: Question): void => {
    if (told !== undefined && !isSecret) notes.add(told.role, told.text);
    const { words, cutMs } = answer;
    const note = words === '' || isSecret ? undefined : notes.add('assistant', words);
    if (note !== undefined || cutMs !== undefined) before = { note, cutMs };
  };

  return {
    async *answer(input, turn) {
      const question = toQuestion(input, options);
      const listen: readonly BotOutput[] =
        options.listen === undefined
          ? []
          : [{ type: 'listen', settings: toListen(options.listen) }];
      if (question === undefined) {
        yield* listen;
        return;
      }
      let hasYielded = false;
      try {
        const isGreeting = input.type === 'start' && options.greeting !== undefined;
        if (isGreeting) await session.open(turn.signal);
        const outputs = isGreeting ? greet(options.greeting ?? '') : ask(question, turn);
        for await (const output of outputs) {
          if (!hasYielded) yield* listen;
          hasYielded = true;
          yield output;
        }
      } finally {
        question.sound?.close();
        noteDown(question);
      }
      if (!hasYielded) yield* listen;
    },
    close: () => session.close(),
  };
}

/** What the model is asked: words, sound, or neither when it is to begin. */
interface Question {
  readonly told: Note | undefined;
  readonly sound: Rewindable<Uint8Array> | undefined;
  readonly isSecret: boolean;
  /** Filled while it is answered. */
  readonly answer: { words: string; cutMs: number | undefined };
}

/** `undefined` for an input that the model is not asked about. */
function toQuestion(input: BotInput, options: RealtimeOptions): Question | undefined {
  const answer = { words: '', cutMs: undefined };
  const told = tellInput(input, options);
  if (told !== undefined) return { told, sound: undefined, isSecret: told.isSecret, answer };
  if (input.type === 'start') return { told, sound: undefined, isSecret: false, answer };
  if (input.type !== 'speech-stream' && input.type !== 'speech') return undefined;
  const audio = input.type === 'speech' ? once(input.audio) : input.audio;
  const sound = createRewindable(audio, MAX_KEPT_PIECES);
  return { told, sound, isSecret: input.sensitive, answer };
}

async function* once(audio: Uint8Array): AsyncGenerator<Uint8Array> {
  if (audio.length > 0) yield audio;
}

/** As the gateway wants it: what is not set is absent. */
function toListen({ mode, digits, speech }: NonNullable<RealtimeOptions['listen']>) {
  return {
    mode,
    ...(digits && { digits: present(digits) }),
    ...(speech && { speech: present(speech) }),
  };
}

function present<T extends object>(values: T): { [K in keyof T]: NonNullable<T[K]> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  // The same keys, without those that are undefined.
  return Object.fromEntries(entries) as { [K in keyof T]: NonNullable<T[K]> };
}
