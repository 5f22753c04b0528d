// What each thing costs the gateway, in CPU time: turns with prompts of several lengths, organisations, tokens that are new, TLS, each kind
// of bot, frames of sound, balancers before it and Redis behind it; what is compared is measured in alternation, in one run.
//   npm run loadtest:costs -- [--short] [--only turns,organisations,tls,bots,talk,balancers,redis] [--write]
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';

import { pinLoad } from './support/child-server.ts';
import { measureBalancers } from './support/cost-balancers.ts';
import { measureBots } from './support/cost-bots.ts';
import type { CostFigures } from './support/cost-figures.ts';
import { measureRedis } from './support/cost-redis.ts';
import { plotCosts, toCostTables } from './support/cost-report.ts';
import { measureTalk } from './support/cost-talk.ts';
import { measureTls } from './support/cost-tls.ts';
import {
  type CostEffort,
  PROMPT_BYTES,
  measureOrganisations,
  measureTurns,
} from './support/cost-turns.ts';
import { machine, writeReport } from './support/report.ts';

const PARTS = ['turns', 'organisations', 'tls', 'bots', 'talk', 'balancers', 'redis'] as const;
type Part = (typeof PARTS)[number];

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const FULL: CostEffort = {
  rounds: 8,
  warmUps: 5,
  keys: 400,
  calls: 150,
  connections: 100,
  organisations: 10_000,
  talkSeconds: 10,
  talkCalls: [100, 400, 800],
  print,
};
/** Shows that everything works; the figures are those of code that is half compiled. */
const SHORT: CostEffort = {
  ...FULL,
  rounds: 3,
  warmUps: 1,
  keys: 100,
  calls: 40,
  connections: 30,
  organisations: 1_000,
  talkSeconds: 4,
  talkCalls: [40, 120],
};

const { values: flags } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const wanted = flags.only?.split(',') ?? PARTS;
const unknown = wanted.filter((name) => !PARTS.some((part) => part === name));
if (unknown.length > 0) throw new TypeError(`no such part: ${unknown.join(', ')}`);
if (flags.write && flags.only !== undefined) throw new TypeError('a page is written whole');
const effort = flags.short ? SHORT : FULL;

const startedAtMs = performance.now();
const [loadBefore = Number.NaN] = loadavg();
pinLoad();
const turns = (await take('turns', measureTurns)) ?? [];
const organisations = (await take('organisations', measureOrganisations)) ?? [];
const tls = (await take('tls', measureTls)) ?? [];
const bots = (await take('bots', measureBots)) ?? [];
const talk = (await take('talk', measureTalk)) ?? [];
const balancers = (await take('balancers', measureBalancers)) ?? [];
const redis = await take('redis', measureRedis);
const figures: CostFigures = {
  node: process.version,
  load: [loadBefore, loadavg()[0] ?? Number.NaN],
  cores: cpus().length,
  promptBytes: PROMPT_BYTES,
  turns,
  organisations,
  tls,
  bots,
  talk,
  balancers,
  ...(redis === undefined ? {} : { redis }),
};
const text = [
  '```sh',
  `npm run loadtest:costs -- ${flags.short ? '--short ' : ''}--write`,
  '```',
  '',
  toCostTables(figures),
  '',
  `Means of ${effort.rounds} rounds after ${effort.warmUps} to warm up; load average at the begin ${loadBefore.toFixed(1)}. ${machine()}`,
  '',
  '![CPU time of the gateway, round by round](../plots/costs.svg)',
].join('\n');
print(`\n${text}\n\n${((performance.now() - startedAtMs) / 1_000).toFixed(0)} s in all`);
if (talk.some(({ errors }) => Object.keys(errors).length > 0)) {
  print('some calls went wrong');
  process.exitCode = 1;
}
if (flags.write)
  await writeReport('costs', { figures: text, svg: plotCosts(figures), json: figures });

/** Measures a part, unless it is not wanted. */
async function take<T>(
  part: Part,
  measure: (effort: CostEffort) => Promise<T>,
): Promise<T | undefined> {
  if (!wanted.includes(part)) return undefined;
  print(`${part}:`);
  return measure(effort);
}
