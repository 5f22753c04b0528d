import { type CostFigures, costDifference, frameCosts, idleCpu, microsOf } from './cost-figures.ts';
import type { Cost } from './cost-rounds.ts';
import { fitLine } from './linear-fit.ts';
import { plot, table } from './report.ts';

/** The tables of a run, one for each thing that was asked. */
export function toCostTables(figures: CostFigures): string {
  return [
    heading('Turns, calls and prompts'),
    costTable(figures.turns),
    missSentence(figures.turns),
    heading('Organisations'),
    costTable(figures.organisations),
    heading('TLS'),
    costTable(figures.tls),
    tlsSentence(figures.tls),
    heading('Bots'),
    botTable(figures.bots),
    heading('Calls that talk'),
    talkTable(figures),
    heading('Balancers'),
    balancerTable(figures),
    heading('Redis'),
    redisTables(figures),
  ].join('\n\n');
}

/** Draws what turns cost, round by round. */
export function plotCosts({ turns, organisations, tls, bots }: CostFigures): string {
  return plot(
    'CPU time of the gateway for one, round by round',
    [...turns, ...organisations, ...tls, ...bots]
      .filter(({ id }) => !id.startsWith('frame-'))
      .map(({ name, rounds }) => ({
        name: name.replaceAll('`', ''),
        values: rounds,
      })),
    'µs',
  );
}

function heading(text: string): string {
  return `**${text}**`;
}

function micros(value: number): string {
  return `${value.toFixed(value < 100 ? 1 : 0)} µs`;
}

/** A difference, and how sure it is. */
function more(costs: readonly Cost[], id: string, baseId: string): string {
  const { micros: difference, error } = costDifference(costs, id, baseId);
  const digits = Math.abs(difference) < 20 && Number.isNaN(error) ? 1 : 0;
  const margin = Number.isNaN(error) ? '' : ` ± ${error.toFixed(digits)}`;
  return `${difference.toFixed(digits)}${margin} µs`;
}

function spread({ rounds }: Cost): string {
  return `${Math.min(...rounds).toFixed(0)} to ${Math.max(...rounds).toFixed(0)}`;
}

function costTable(costs: readonly Cost[]): string {
  return table(
    ['one', 'CPU time', 'round by round', 'measured'],
    costs.map((cost) => [
      cost.name,
      micros(cost.micros),
      spread(cost),
      cost.count.toLocaleString('en-GB'),
    ]),
  );
}

function missSentence(turns: readonly Cost[]): string {
  return `A token that was not seen before costs ${more(turns, 'call-new-token', 'call')} more, once.`;
}

function tlsSentence(tls: readonly Cost[]): string {
  const beside = (kind: string, id: string): string =>
    more(tls, `${kind}-${id}`, `${kind}-plaintext`);
  return [
    `A handshake adds ${beside('connection', 'tls-rsa')} with RSA-2048 and ${beside('connection', 'tls-ecdsa')} with ECDSA P-256, once a connection;`,
    `TLS adds ${beside('turn', 'tls-ecdsa')} to a turn on connections that stay, and ${beside('frame', 'tls-ecdsa')} to a frame.`,
  ].join(' ');
}

function botTable(bots: readonly Cost[]): string {
  const script = microsOf(bots, 'bot-script');
  return table(
    ['a turn of', 'CPU time', 'beside `script`', 'round by round', 'answer'],
    bots.map((cost) => [
      cost.name,
      micros(cost.micros),
      `${(cost.micros / script).toFixed(1)} ×`,
      spread(cost),
      `${((cost.answerBytes ?? 0) / 1_024).toFixed(0)} KB`,
    ]),
  );
}

function talkTable({ talk, turns }: CostFigures): string {
  const costs = frameCosts(talk, microsOf(turns, 'turn-32-kb'));
  const held = fitLine(talk.map(({ calls, heldBytes }) => [calls, heldBytes]));
  return [
    table(
      [
        'calls',
        'gateway, of a core',
        'frames a second',
        'turns a second',
        'a frame, all in',
        'a frame alone',
        'resident',
      ],
      talk.map((figures) => {
        const cost = costs.find(({ calls }) => calls === figures.calls);
        return [
          figures.calls,
          `${((figures.cpuMicros / figures.seconds / 1e6) * 100).toFixed(1)} %`,
          (figures.frames / figures.seconds).toFixed(0),
          (figures.turns / figures.seconds).toFixed(1),
          cost === undefined ? '' : micros(cost.allInMicros),
          cost === undefined ? '' : micros(cost.aloneMicros),
          `${(figures.residentBytes / 1e6).toFixed(0)} MB`,
        ];
      }),
    ),
    '',
    `Nobody calling takes ${(idleCpu(talk) * 100).toFixed(1)} % of a core. A call that talks holds ${(held.slope / 1_024).toFixed(1)} KB of heap and buffers.`,
  ].join('\n');
}

function balancerTable({ balancers }: CostFigures): string {
  if (balancers.length === 0) return 'No balancer is installed.';
  return table(
    [
      'balancer, with TLS',
      'its own, a turn',
      'its own, a frame',
      'gateway behind it, a turn',
      'beside direct',
      'gateway behind it, a frame all in',
      'beside direct',
    ],
    balancers.map((one) => [
      one.name,
      micros(one.turnMicros),
      micros(one.frameMicros),
      micros(one.gatewayTurnMicros),
      `${(one.gatewayTurnMicros / one.directTurnMicros).toFixed(2)} ×`,
      micros(one.gatewayFrameMicros),
      `${(one.gatewayFrameMicros / one.directFrameMicros).toFixed(2)} ×`,
    ]),
  );
}

function redisTables({ redis }: CostFigures): string {
  if (redis === undefined) return 'Redis is not installed.';
  const scripts = redis.commandsPerTurn['evalsha'] ?? Number.NaN;
  const benchmark = Object.entries(redis.benchmark)
    .map(([name, perSecond]) => `${perSecond.toFixed(0)} ${name} a second`)
    .join(', ');
  return [
    table(
      ['question of our store', 'CPU time of Redis', 'answered a second, 64 at once, one asker'],
      redis.questions.map(({ name, micros: each, perSecond }) => [
        name,
        micros(each),
        perSecond.toFixed(0),
      ]),
    ),
    '',
    costTable(redis.turns),
    '',
    [
      `Sharing adds ${more(redis.turns, 'turn-shared', 'turn-alone')} to a turn in the gateway, and takes ${micros(redis.microsPerTurn)} of Redis, in ${scripts.toFixed(2)} scripts.`,
      `Redis holds ${redis.conversationBytes.toFixed(0)} bytes for a conversation with a record of ${redis.recordBytes}.`,
      benchmark === '' ? '' : `\`redis-benchmark\`, 16 in a pipeline: ${benchmark}.`,
    ].join(' '),
  ].join('\n');
}
