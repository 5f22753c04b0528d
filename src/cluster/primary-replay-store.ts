import type { TokenGeneration } from '../auth/replay-guard.ts';
import type {
  LocalReplayStore,
  ReplayStore,
  Rotation,
  RotationAnswer,
  UseAnswer,
} from '../auth/replay-store.ts';
import { type Channel, replayUnavailable } from './channel.ts';

/** Answers what {@link createPrimaryReplayStore} asks, from the memory of the primary. */
export function answerReplay(channel: Channel, memory: LocalReplayStore): void {
  channel.answer('replay.rotate', (body) => {
    const [generation, rotation] = body as readonly [TokenGeneration, Rotation];
    return memory.rotate(generation, rotation);
  });
  channel.answer('replay.use', (body) => {
    const [generation, nowMs] = body as readonly [TokenGeneration, number];
    return memory.useOnce(generation, nowMs);
  });
  channel.answer('replay.check', () => memory.check());
}

/**
 * The replay memory of the primary, as workers see it. It outlives them; when the primary dies, so do they.
 *
 * @see ReplayStore for the errors.
 */
export function createPrimaryReplayStore(channel: Pick<Channel, 'ask'>): ReplayStore {
  const ask = async (question: string, body?: unknown): Promise<unknown> => {
    try {
      return await channel.ask(question, body);
    } catch {
      throw replayUnavailable();
    }
  };
  return {
    rotate: async (generation, rotation) =>
      (await ask('replay.rotate', [generation, rotation])) as RotationAnswer,
    useOnce: async (generation, nowMs) =>
      (await ask('replay.use', [generation, nowMs])) as UseAnswer,
    async check() {
      await ask('replay.check');
    },
    close: () => Promise.resolve(),
  };
}
