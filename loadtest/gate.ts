// Fails when a turn has become dearer: the CPU time of the gateway for one, beside that of a bare grpc-js server, in one run.
//   npm run loadtest:gate
import { pinLoad } from './support/child-server.ts';
import { type Round, createComparison, ratios } from './support/compare.ts';
import { createTurnRpc } from './support/measured-rpc.ts';
import { median } from './support/percentile.ts';
import { startVariants } from './support/variants.ts';

/**
 * How many turns the gateway answers with the CPU time in which the bare server answers one, at least.
 *
 * Runs saw 0.53 to 1.07, for a bare server that is disturbed has more to lose. So nothing that the machine does makes this fail, and a
 * turn that has become twice as dear does.
 */
const LEAST_RATIO = 0.4;
const PROMPT_BYTES = 32_768;
/** Without rests, in which V8 tidies its heap up, at a price that so few turns would have to share. */
const LOAD = { connections: 2, inFlight: 40, sliceMs: 10_000, settles: false };
const SLICES = 8;
const SLICE_RPCS = 150;
const WARM_UP_RPCS = 4_000;
const ROUNDS = 9;
/** Rounds that do not agree, all but one of them, are followed by more. */
const ATTEMPTS = 3;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

pinLoad();
const variants = await startVariants(PROMPT_BYTES, ['bare grpc-js']);
try {
  const comparison = await createComparison(createTurnRpc(), variants);
  await comparison.round({ ...LOAD, slices: 1, sliceRpcs: WARM_UP_RPCS });
  const values: number[] = [];
  let errors = 0;
  let isSettled = false;
  for (let attempt = 0; attempt < ATTEMPTS && !isSettled; attempt += 1) {
    const rounds: Round[] = [];
    for (let index = 0; index < ROUNDS; index += 1)
      rounds.push(await comparison.round({ ...LOAD, slices: SLICES, sliceRpcs: SLICE_RPCS }));
    const found = ratios(rounds, 'bare grpc-js', 'cpu');
    values.push(...found);
    isSettled = found.filter((ratio) => ratio >= LEAST_RATIO).length >= ROUNDS - 1;
    errors += rounds
      .flatMap((round) => Object.values(round))
      .filter(({ rpcs }) => rpcs < SLICES * SLICE_RPCS).length;
    const micros = (name: 'gateway' | 'bare grpc-js'): string =>
      median(rounds.map(({ [name]: one }) => one?.cpuMicrosPerRpc ?? Number.NaN)).toFixed(0);
    print(
      `a turn: ${micros('gateway')} µs of the gateway, ${micros('bare grpc-js')} µs of bare grpc-js; for one turn of this, turns of the gateway: ${found.map((ratio) => ratio.toFixed(2)).join(', ')}`,
    );
  }
  const ratio = median(values);
  print(`median ${ratio.toFixed(2)}, at least ${LEAST_RATIO}; rounds with errors: ${errors}`);
  if (errors > 0 || (!isSettled && ratio < LEAST_RATIO)) process.exitCode = 1;
} finally {
  await variants.stop();
}
