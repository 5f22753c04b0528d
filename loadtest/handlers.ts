// What an answer of the script bot costs behind its guard, beside that of a bot whose answer is there already, and what a
// call that waits for its caller holds. Fails when a bound of the project is broken.
//   npm run loadtest:handlers -- [rounds]
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { Cancellation } from '../src/core/cancellation.ts';
import { systemClock } from '../src/core/clock.ts';
import { silentLogger } from '../src/core/logger.ts';
import type { BotCall, BotHandler, BotInput, BotTurn } from '../src/handlers/bot-handler.ts';
import { guardBot } from '../src/handlers/guarded/guard-bot.ts';
import { ReadyAnswer } from '../src/handlers/ready-answer.ts';
import { scriptBot } from '../src/handlers/script/script-bot.ts';

const CALLS = 200;
/** So many that what the scales themselves make does not count, and so few that nothing is collected in between. */
const WEIGHED_CALLS = 1000;
const MAX_ANSWER_NS = 4000;
const MAX_ANSWER_BYTES = 1536;
const MAX_CALL_BYTES = 512;
const rounds = Number(process.argv[2] ?? 400);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const createCall = (): BotCall => ({
  conversationId: 'conversation',
  organisationId: '6f1d3a5e-0000-4000-8000-000000000001',
  agentId: 'agent',
  language: 'en-US',
  parameters: {},
  vendorConfig: '',
  state: {},
  logger: silentLogger,
});

/** As the gateway has it: a signal is made for who asks. */
class Turn implements BotTurn {
  readonly #cancellation = new Cancellation<string>();
  readonly interrupted = undefined;

  get signal(): AbortSignal {
    return this.#cancellation.signal;
  }
}

type Ask = (call: BotCall, input: BotInput) => Promise<void> | undefined;

const readAtOnce =
  (bot: BotHandler): Ask =>
  (call, input) => {
    if (bot.answer(call, input, new Turn()).atOnce?.() === undefined)
      throw new Error('the bot has no answer at once');
    return undefined;
  };
const readPieces =
  (bot: BotHandler): Ask =>
  async (call, input) => {
    const outputs = bot.answer(call, input, new Turn())[Symbol.asyncIterator]();
    while ((await outputs.next()).done !== true);
  };

const loadScript = async (name: string): Promise<BotHandler> =>
  scriptBot.create(
    { file: `${name}.yaml` },
    {
      logger: silentLogger,
      baseDir: fileURLToPath(new URL(`../examples/${name}`, import.meta.url)),
    },
  );
const guard = (bot: BotHandler): BotHandler => guardBot(bot, {}, { clock: systemClock });

const fixed = new ReadyAnswer(
  ['one', 'two', 'three'].map((text) => ({ type: 'say', text }) as const),
);
const desk = guard(await loadScript('front-desk'));
const bots = {
  'an answer that is there': guard({ name: 'fixed', answer: () => fixed }),
  'front desk': desk,
  'bank line, with languages and transcript': guard(await loadScript('bank-line')),
};
const asks = Object.entries(bots).flatMap(([name, bot]) => [
  { name: `${name}, at once`, ask: readAtOnce(bot) },
  { name: `${name}, in pieces`, ask: readPieces(bot) },
]);
// One after another in a call.
const INPUTS = {
  start: { type: 'start', name: '', parameters: {} },
  digits: { type: 'digits', digits: '2', sensitive: false },
  'no input': { type: 'no-input' },
} as const satisfies Readonly<Record<string, BotInput>>;

async function askAll(ask: Ask, calls: readonly BotCall[], input: BotInput): Promise<void> {
  for (const call of calls) {
    const reading = ask(call, input);
    if (reading !== undefined) await reading;
  }
}

interface Cost {
  readonly nanoseconds: number;
  readonly bytes: number;
}
const costs = new Map<string, Cost>();

async function measure(name: string, ask: Ask, isWeighed: boolean): Promise<void> {
  if (isWeighed) collectGarbage();
  const calls = Array.from({ length: isWeighed ? WEIGHED_CALLS : CALLS }, createCall);
  for (const [kind, input] of Object.entries(INPUTS)) {
    const heapBytes = isWeighed ? process.memoryUsage().heapUsed : 0;
    const startedAt = performance.now();
    await askAll(ask, calls, input);
    const nanoseconds = ((performance.now() - startedAt) * 1e6) / calls.length;
    const bytes = isWeighed ? (process.memoryUsage().heapUsed - heapBytes) / calls.length : 0;
    const key = `${name}: ${kind}`;
    const least = costs.get(key);
    costs.set(key, {
      nanoseconds: Math.min(nanoseconds, least?.nanoseconds ?? Infinity),
      bytes: Math.min(bytes > 0 ? bytes : Infinity, least?.bytes ?? Infinity),
    });
  }
}

/** Bytes that a bot's notes add to a call that has been greeted. */
async function weighCall(bot: BotHandler): Promise<number> {
  const ask = readAtOnce(bot);
  const calls = Array.from({ length: 5 * WEIGHED_CALLS }, createCall);
  const heldBytes = (): number => {
    collectGarbage();
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const before = heldBytes();
  await askAll(ask, calls, INPUTS.start);
  return (heldBytes() - before) / calls.length;
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);

// The first rounds warm up.
for (let round = -50; round < rounds; round += 1) {
  if (round === 0) costs.clear();
  for (const { name, ask } of asks) await measure(name, ask, round % 5 === 0);
}
print(`Node.js ${process.version}, the quietest of ${rounds} rounds`);
for (const [name, { nanoseconds, bytes }] of costs)
  print(
    `${name.padEnd(62)} ${nanoseconds.toFixed(0).padStart(6)} ns ${bytes.toFixed(0).padStart(6)} bytes`,
  );
let mostHeld = 0;
for (const [name, bot] of Object.entries(bots)) {
  const bytes = await weighCall(bot);
  mostHeld = Math.max(mostHeld, bytes);
  print(`${`${name}: held by a call that was greeted`.padEnd(62)} ${bytes.toFixed(0)} bytes`);
}
const greeting = costs.get('front desk, at once: start');
if (
  greeting === undefined ||
  greeting.nanoseconds >= MAX_ANSWER_NS ||
  greeting.bytes >= MAX_ANSWER_BYTES ||
  mostHeld >= MAX_CALL_BYTES
) {
  print(
    `too dear: a greeting may cost ${MAX_ANSWER_NS} ns and ${MAX_ANSWER_BYTES} bytes, and a call may hold ${MAX_CALL_BYTES} bytes`,
  );
  process.exitCode = 1;
}
