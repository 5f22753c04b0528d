import type { CrewMember } from './worker-crew.ts';

/** What of a worker it takes to ask it. */
export type Asked = Pick<CrewMember, 'worker' | 'channel'>;

/**
 * Asks several workers at once; those who fail, or do not answer in time, are left out.
 *
 * @param timeoutMs The longest wait. Default: that of the channel.
 */
export async function askWorkers(
  workers: readonly Asked[],
  question: string,
  body?: unknown,
  timeoutMs?: number,
): Promise<readonly { readonly worker: number; readonly answer: unknown }[]> {
  const answers = await Promise.allSettled(
    workers.map(async ({ worker, channel }) => ({
      worker,
      answer: await channel.ask(question, body, timeoutMs),
    })),
  );
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
}
