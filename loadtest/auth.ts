// What authentication costs in the process: a token that was verified before (hit), and one that is new (miss), beside the
// hash and the signature check that they cannot do without, in alternation. Fails when a bound of the project is broken.
//   npm run loadtest:auth -- [rounds]
import { hash } from 'node:crypto';
import { cpus } from 'node:os';

import { compactVerify } from 'jose';

import { createAuthenticator } from '../src/auth/authenticate.ts';
import { createReplayGuard } from '../src/auth/create-replay-guard.ts';
import { createDataSources } from '../src/auth/data-sources.ts';
import { createIssuerKeys } from '../src/auth/issuer-keys.ts';
import { systemClock } from '../src/core/clock.ts';
import { VOICE_VIRTUAL_AGENT_SCHEMA_ID } from '../src/protocols/voice-virtual-agent/schema.ts';
import { startKeyServer } from '../src/simulator/key-server.ts';
import { createTokenIssuer } from '../src/simulator/token-issuer.ts';
import { createMemoryReplayStore } from '../src/stores/memory-replay-store.ts';
import { createLogger } from '../src/telemetry/logger.ts';
import { createMetrics } from '../src/telemetry/metrics.ts';
import { median, percentile } from './support/percentile.ts';

const MISSES = 2_000;
const HITS = 20_000;
const MAX_HIT_US = 5;
const MAX_MISS_US = 150;
const schemaId = VOICE_VIRTUAL_AGENT_SCHEMA_ID;
const rounds = Number(process.argv[2] ?? 5);

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Microseconds of each call, made one after another. */
async function measure(calls: number, call: (index: number) => unknown): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < calls; index += 1) {
    const startedAt = performance.now();
    const answer = call(index);
    // Awaiting what is no promise would cost more than a hit does.
    if (answer instanceof Promise) await answer;
    times.push((performance.now() - startedAt) * 1_000);
  }
  return times;
}

const issuer = await createTokenIssuer({ issuer: 'https://idbroker.webex.com/idb' });
const keyServer = await startKeyServer(issuer);
const clock = systemClock;
const logger = createLogger('warn');
const keys = createIssuerKeys(
  { issuers: [{ issuer: issuer.issuer, jwksUri: keyServer.jwksUri }] },
  { clock, logger, metrics: createMetrics(), fetch },
);
try {
  await keys.start();
  const source = {
    url: 'https://voice.example.com:443/byova/front-desk',
    audience: '6f1c0f0e-7e51-4e9c-9f5b-b7d0f9c7d3a1',
    subject: 'callers-of-the-contact-centre',
  };
  const tokens = Array.from({ length: MISSES }, (_, index) =>
    issuer.mint({
      ...source,
      schemaId,
      organisationId: `11111111-2222-4333-8444-${String(index).padStart(12, '0')}`,
    }),
  );
  const [token = ''] = tokens;
  const { key } = await keys.find(issuer.issuer, issuer.key().keyId);

  /** One that has met nobody yet; the keys are shared. */
  const createFresh = () => {
    const metrics = createMetrics();
    return createAuthenticator(
      { issuers: [issuer.issuer], clockSkewMs: 30_000 },
      {
        clock,
        keys,
        metrics,
        dataSources: createDataSources([{ ...source, schemaId, organisations: 'any' }]),
        replay: createReplayGuard(
          { policy: 'rotation', onStoreFailure: 'local' },
          { clock, logger, metrics, memory: createMemoryReplayStore() },
        ),
      },
    );
  };

  const figures = {
    hit: [] as number[],
    sha256: [] as number[],
    miss: [] as number[],
    compactVerify: [] as number[],
  };
  /** Medians of the best round: what else runs on the machine only ever adds to them, so it breaks no bound. */
  const quietest = { hit: Infinity, miss: Infinity };
  // The first round warms up.
  for (let round = 0; round <= rounds; round += 1) {
    const authenticator = createFresh();
    const results: typeof figures = {
      miss: await measure(MISSES, (index) => authenticator.authenticate(tokens[index], schemaId)),
      compactVerify: await measure(MISSES, (index) =>
        compactVerify(tokens[index] ?? '', key, { algorithms: ['RS256'] }),
      ),
      // Beside 1,999 others that are remembered.
      hit: await measure(HITS, () => authenticator.authenticate(token, schemaId)),
      sha256: await measure(HITS, () => hash('sha256', token, 'base64url')),
    };
    if (round === 0) continue;
    quietest.hit = Math.min(quietest.hit, median(results.hit));
    quietest.miss = Math.min(quietest.miss, median(results.miss));
    for (const name of Object.keys(figures) as (keyof typeof figures)[])
      figures[name].push(...results[name]);
  }

  const row = (name: string, times: readonly number[], bare: readonly number[] = times): void =>
    print(
      `| ${name} | ${median(times).toFixed(2)} | ${percentile(times, 0.99).toFixed(2)} | ${(median(times) / median(bare)).toFixed(2)} | ${times.length} |`,
    );
  print(
    `Node.js ${process.version}, ${cpus().length} cores, token of ${token.length} bytes, ${rounds} rounds\n`,
  );
  print('| call | median µs | p99 µs | times the bare one | calls |');
  print('|---|---|---|---|---|');
  row('hit: a token verified before', figures.hit, figures.sha256);
  row('bare `crypto.hash("sha256")`', figures.sha256);
  row('miss: a token not seen before', figures.miss, figures.compactVerify);
  row('bare `jose.compactVerify`', figures.compactVerify);
  print(
    `\nmedians of the quietest round: hit ${quietest.hit.toFixed(2)} µs, miss ${quietest.miss.toFixed(2)} µs`,
  );
  if (quietest.hit >= MAX_HIT_US || quietest.miss >= MAX_MISS_US) {
    print(`too slow: a hit may take ${MAX_HIT_US} µs, a miss ${MAX_MISS_US} µs`);
    process.exitCode = 1;
  }
} finally {
  await keys.close();
  await keyServer.close();
}
