import { GatewayError } from '../core/gateway-error.ts';

/** The end of an IPC channel: `process` in a worker, a `Worker` of `node:cluster` in the primary. */
export interface ChannelEnd {
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
}

/** Answers one kind of question; what it throws is told to the one who asked as a failure without its text. */
type Answerer = (body: unknown) => unknown;

/** Questions and answers between the primary and a worker. */
export interface Channel {
  /**
   * Asks the other side.
   *
   * @param timeoutMs The longest wait. Default 2 seconds.
   * @throws {Error} When the other side fails, is gone, does not answer in time, or too much is being asked already.
   */
  ask(question: string, body?: unknown, timeoutMs?: number): Promise<unknown>;
  /** Replaces who answers the question. */
  answer(question: string, answerer: Answerer): void;
  /** Fails what is being asked. Idempotent. */
  close(): void;
}

const ANSWER_TIMEOUT_MS = 2_000;
const MAX_PENDING = 4_096;

interface Ask {
  readonly type: 'byova-ask';
  readonly id: number;
  readonly question: string;
  readonly body: unknown;
}

interface Answer {
  readonly type: 'byova-answer';
  readonly id: number;
  readonly isAnswered: boolean;
  readonly body: unknown;
}

interface Pending {
  readonly resolve: (body: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** Puts questions and answers on a channel that both ends speak with this function. */
export function createChannel(end: ChannelEnd): Channel {
  const answerers = new Map<string, Answerer>();
  const pending = new Map<number, Pending>();
  let lastId = 0;
  let isClosed = false;

  const settle = (id: number): Pending | undefined => {
    const one = pending.get(id);
    if (one === undefined) return undefined;
    clearTimeout(one.timer);
    pending.delete(id);
    return one;
  };
  /** What leaves with the next message: one costs the other process some 20 µs to read, however much is in it. */
  let waiting: (Ask | Answer)[] = [];
  const flush = (): void => {
    const messages = waiting;
    waiting = [];
    if (!isClosed) end.send(messages);
  };
  const send = (message: Ask | Answer): void => {
    if (waiting.push(message) === 1) setImmediate(flush);
  };
  const answerTo = async ({ id, question, body }: Ask): Promise<void> => {
    try {
      const answerer = answerers.get(question);
      if (answerer === undefined) throw new TypeError('nobody answers this question');
      const answer: unknown = await answerer(body);
      send({ type: 'byova-answer', id, isAnswered: true, body: answer });
    } catch {
      send({ type: 'byova-answer', id, isAnswered: false, body: undefined });
    }
  };
  const take = (message: unknown): void => {
    if (isAsk(message)) void answerTo(message);
    else if (isAnswer(message)) {
      const one = settle(message.id);
      if (message.isAnswered) one?.resolve(message.body);
      else one?.reject(new Error('the other process failed'));
    }
  };
  end.onMessage((messages) => {
    if (Array.isArray(messages)) for (const message of messages) take(message);
  });

  return {
    ask(question, body, timeoutMs = ANSWER_TIMEOUT_MS) {
      if (isClosed || pending.size >= MAX_PENDING)
        return Promise.reject(new Error('the other process cannot be asked'));
      lastId += 1;
      const id = lastId;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => settle(id)?.reject(new Error('the other process does not answer')),
          timeoutMs,
        );
        pending.set(id, { resolve, reject, timer });
        send({ type: 'byova-ask', id, question, body });
      });
    },
    answer(question, answerer) {
      answerers.set(question, answerer);
    },
    close() {
      isClosed = true;
      for (const id of pending.keys()) settle(id)?.reject(new Error('the other process is gone'));
    },
  };
}

function isAsk(message: unknown): message is Ask {
  return typeOf(message) === 'byova-ask';
}

function isAnswer(message: unknown): message is Answer {
  return typeOf(message) === 'byova-answer';
}

function typeOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'type' in message
    ? message.type
    : undefined;
}

/** What a store that is asked over a channel fails with. */
export function replayUnavailable(): GatewayError {
  return new GatewayError(
    'ERR_AUTH_REPLAY_STORE_UNAVAILABLE',
    'the primary process does not answer',
  );
}
