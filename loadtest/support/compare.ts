import { setTimeout as wait } from 'node:timers/promises';

import { type MeasuredRpc, askOnce } from './measured-rpc.ts';
import { percentile } from './percentile.ts';
import { type RpcFigures, type RpcLoad, runRpcLoad } from './rpc-load.ts';
import { type Variant, type VariantName, type Variants } from './variants.ts';

/** What one round of one server measured. */
export interface RoundFigures extends RpcFigures {
  readonly rpcsPerSecond: number;
  /** Of the server's process, all of its threads together. */
  readonly cpuMicrosPerRpc: number;
}

/** A round: what each server measured. */
export type Round = Readonly<Partial<Record<VariantName, RoundFigures>>>;

/** How much load a round makes. */
interface RoundLoad extends Pick<RpcLoad, 'connections' | 'inFlight'> {
  /** The servers take turns so often in a round: what else the machine does then falls on all of them. */
  readonly slices: number;
  /** A slice is over after so long or so many, whichever is first. */
  readonly sliceMs: number;
  readonly sliceRpcs: number;
  /** Whether a server is left alone until it has paid for its last RPCs; if not, it pays during the next round. */
  readonly settles: boolean;
}

/** Measures servers in alternation. */
export interface Comparison {
  /** One round of each server; every other time the other way round, so that a machine that grows slower favours nobody. */
  round(load: RoundLoad): Promise<Round>;
}

/**
 * Asks each server once, sees to it that all answer the same, and remembers what an answer measures.
 *
 * @throws {Error} When a server's answer has other sound, or other agents, than the first's.
 */
export async function createComparison(
  rpc: MeasuredRpc,
  { all, token }: Variants,
): Promise<Comparison> {
  const answerBytes = new Map<Variant, number>();
  let expected: string | undefined;
  for (const variant of all) {
    const answer = await askOnce(rpc, { target: variant.target, token });
    const meaning = JSON.stringify(rpc.read(answer));
    expected ??= meaning;
    if (meaning !== expected)
      throw new Error(`${variant.name} answers ${meaning}, the gateway ${expected}`);
    answerBytes.set(variant, answer.length);
  }
  const run = (variant: Variant, load: RoundLoad): Promise<RpcFigures> =>
    runRpcLoad({
      connections: load.connections,
      inFlight: load.inFlight,
      durationMs: load.sliceMs,
      maxRpcs: load.sliceRpcs,
      target: variant.target,
      token,
      path: rpc.path,
      nextMessage: rpc.nextMessage,
      answerBytes: answerBytes.get(variant) ?? 0,
    });
  let rounds = 0;
  return {
    async round(load) {
      const order = rounds % 2 === 0 ? all : all.toReversed();
      rounds += 1;
      const measured = order.map((variant) => ({
        variant,
        slices: [] as RpcFigures[],
        cpuMicros: 0,
      }));
      for (const one of measured) one.cpuMicros = -(await one.variant.cpuMicros());
      for (let slice = 0; slice < load.slices; slice += 1)
        for (const { variant, slices } of measured) {
          slices.push(await run(variant, load));
          if (load.settles && slice === load.slices - 1) await wait(variant.settleMs);
        }
      for (const one of measured) one.cpuMicros += await one.variant.cpuMicros();
      return Object.fromEntries(
        measured.map(({ variant, slices, cpuMicros }) => [variant.name, sum(slices, cpuMicros)]),
      );
    },
  };
}

function sum(slices: readonly RpcFigures[], cpuMicros: number): RoundFigures {
  const total = (pick: (slice: RpcFigures) => number): number =>
    slices.reduce((most, slice) => most + pick(slice), 0);
  const rpcs = total((slice) => slice.rpcs);
  const seconds = total((slice) => slice.seconds);
  const errors: Record<string, number> = {};
  for (const [kind, count] of slices.flatMap((slice) => Object.entries(slice.errors)))
    errors[kind] = (errors[kind] ?? 0) + count;
  return {
    rpcs,
    seconds,
    rpcsPerSecond: rpcs / seconds,
    firstAnswersMs: slices.flatMap(({ firstAnswersMs }) => firstAnswersMs),
    errors,
    loadCpu: total((slice) => slice.loadCpu * slice.seconds) / seconds,
    cpuMicrosPerRpc: cpuMicros / rpcs,
  };
}

/** How often the gateway does what the other does once, round by round: of RPCs a second, or of RPCs with the same CPU time. */
export function ratios(
  rounds: readonly Round[],
  other: VariantName,
  by: 'rate' | 'cpu',
): readonly number[] {
  return rounds.flatMap(({ gateway, [other]: bare }) => {
    if (gateway === undefined || bare === undefined) return [];
    return by === 'rate'
      ? gateway.rpcsPerSecond / bare.rpcsPerSecond
      : bare.cpuMicrosPerRpc / gateway.cpuMicrosPerRpc;
  });
}

/** A round as it is stored: figures in place of samples. */
export function toRoundSummary(round: Round): Readonly<Record<string, object>> {
  return Object.fromEntries(
    Object.entries(round).map(([name, { firstAnswersMs, ...rest }]) => [
      name,
      {
        ...rest,
        firstAnswerP50Ms: percentile(firstAnswersMs, 0.5),
        firstAnswerP99Ms: percentile(firstAnswersMs, 0.99),
      },
    ]),
  );
}
