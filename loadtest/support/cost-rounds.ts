import { setTimeout as wait } from 'node:timers/promises';

/** What something costs. */
export interface Cost {
  /** Names it in the raw figures, for whoever calculates with it. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** CPU time for one, of all threads of the process, its share of the garbage collected: the mean over all rounds, in microseconds. */
  readonly micros: number;
  /** The same of each round. */
  readonly rounds: readonly number[];
  /** How many were measured. */
  readonly count: number;
  /** Of the answer, where there is one. */
  readonly answerBytes?: number;
}

/** Something that costs. */
export interface CostItem {
  readonly id: string;
  readonly name: string;
  /** Does it a number of times. @returns How often. */
  run(): Promise<number>;
  /** CPU time that the process which pays has used, in microseconds. */
  cpuMicros(): Promise<number>;
  /** Of the last answer. */
  answerBytes?(): number;
}

/** How long it is measured. */
export interface RoundsOptions {
  readonly rounds: number;
  /** Rounds before, in which code is compiled. */
  readonly warmUps: number;
  readonly print: (line: string) => void;
}

/** What an answer sets off in the background is paid for. */
const SETTLE_MS = 40;

/** Measures things in alternation, every other round the other way round, so that what the machine does meanwhile favours nobody. */
export async function measureCosts(
  items: readonly CostItem[],
  { rounds, warmUps, print }: RoundsOptions,
): Promise<readonly Cost[]> {
  const sums = items.map((item) => ({ item, micros: 0, count: 0, rounds: [] as number[] }));
  for (let round = -warmUps; round < rounds; round += 1)
    for (const sum of round % 2 === 0 ? sums : sums.toReversed()) {
      const before = await sum.item.cpuMicros();
      const count = await sum.item.run();
      await wait(SETTLE_MS);
      const micros = (await sum.item.cpuMicros()) - before;
      if (round < 0) continue;
      sum.micros += micros;
      sum.count += count;
      sum.rounds.push(micros / count);
    }
  const costs = sums.map(({ item, micros, count, rounds: each }): Cost => {
    const { id, name, answerBytes } = item;
    const bytes = answerBytes?.();
    return {
      id,
      name,
      micros: micros / count,
      rounds: each,
      count,
      ...(bytes === undefined ? {} : { answerBytes: bytes }),
    };
  });
  for (const { name, micros, count } of costs)
    print(`  ${name}: ${micros.toFixed(1)} µs each, of ${count}`);
  return costs;
}
