import { connectKeyCallers, type KeyCallers } from './key-callers.ts';
import { type Cost, type RoundsOptions, measureCosts } from './cost-rounds.ts';
import { type GatewayChild } from './gateway-child.ts';
import { defaultOrganisation, startMeasuredGateway } from './measured-gateway.ts';

/** How much is measured. */
export interface CostEffort extends RoundsOptions {
  /** Keys in a round. */
  readonly keys: number;
  /** Whole calls in a round. */
  readonly calls: number;
  /** Connections in a round. */
  readonly connections: number;
  /** The most organisations. */
  readonly organisations: number;
  /** How long calls in real time are measured. */
  readonly talkSeconds: number;
  /** How many calls talk in real time: the fewest, which stand beside others too, and more. */
  readonly talkCalls: readonly [number, ...number[]];
}

/** The prompt that everything else is measured with, in bytes of µ-law at 8000 Hz: four seconds. */
export const PROMPT_BYTES = 32_768;
const PROMPTS = { '4-kb': 4_096, '32-kb': PROMPT_BYTES, '128-kb': 131_072 };
const CALLERS = 60;
const CONNECTIONS = 4;

/** A turn with prompts of three lengths, and a call without turns, beside one with a token that was never seen. */
export async function measureTurns(effort: CostEffort): Promise<readonly Cost[]> {
  const gateway = await startMeasuredGateway({ prompts: PROMPTS });
  const all: KeyCallers[] = [];
  try {
    for (const [agentId, leastAnswerBytes] of Object.entries(PROMPTS))
      all.push(
        await connectKeyCallers({
          ...gateway,
          agentId,
          leastAnswerBytes,
          organisations: defaultOrganisation(gateway),
          callers: CALLERS,
          connections: CONNECTIONS,
        }),
      );
    for (const callers of all) await callers.begin();
    const turns = all.map((callers, index) => {
      const id = Object.keys(PROMPTS)[index] ?? '';
      return {
        id: `turn-${id}`,
        name: `turn, prompt of ${id.replace('-kb', ' KB')}`,
        run: () => callers.press(effort.keys),
        cpuMicros: gateway.cpuMicros,
        answerBytes: callers.answerBytes,
      };
    });
    const strangers = await connectStrangers(gateway, effort);
    all.push(strangers);
    const known = all[1] ?? strangers;
    return await measureCosts(
      [
        ...turns,
        {
          id: 'call',
          name: 'call: begins, is greeted with 32 KB, ends',
          run: () => known.call(effort.calls),
          cpuMicros: gateway.cpuMicros,
        },
        {
          id: 'call-new-token',
          name: 'the same, with a token never seen before',
          run: () => strangers.call(effort.calls),
          cpuMicros: gateway.cpuMicros,
        },
      ],
      effort,
    );
  } finally {
    for (const callers of all) callers.close();
    await gateway.stop();
  }
}

/** Callers each of whom has an organisation, and a token, of its own. */
function connectStrangers(gateway: GatewayChild, effort: CostEffort): Promise<KeyCallers> {
  return connectKeyCallers({
    ...gateway,
    agentId: '32-kb',
    leastAnswerBytes: PROMPT_BYTES,
    organisations: Array.from({ length: effort.calls * (effort.rounds + effort.warmUps) }, () =>
      newOrganisation(gateway),
    ),
    callers: 0,
    connections: CONNECTIONS,
  });
}

function newOrganisation({ mint }: GatewayChild) {
  const organisationId = crypto.randomUUID();
  return { organisationId, token: mint(organisationId) };
}

/** As many calls of one organisation, of a hundred, and of as many as there are calls. */
export async function measureOrganisations(effort: CostEffort): Promise<readonly Cost[]> {
  const gateway = await startMeasuredGateway({ prompts: { '32-kb': PROMPT_BYTES } });
  const all: KeyCallers[] = [];
  try {
    const organisations = Array.from({ length: effort.organisations }, () =>
      newOrganisation(gateway),
    );
    const sizes = [1, 100, effort.organisations];
    for (const size of sizes) {
      const callers = await connectKeyCallers({
        ...gateway,
        agentId: '32-kb',
        leastAnswerBytes: PROMPT_BYTES,
        organisations: organisations.slice(0, size),
        callers: effort.organisations,
        connections: CONNECTIONS,
      });
      all.push(callers);
      await callers.begin();
      effort.print(`  ${size} organisations have called`);
    }
    return await measureCosts(
      all.map((callers, index) => ({
        id: `turn-organisations-${sizes[index]}`,
        name: `turn, ${effort.organisations} calls of ${sizes[index]} organisation${index === 0 ? '' : 's'}`,
        run: () => callers.press(effort.keys),
        cpuMicros: gateway.cpuMicros,
      })),
      effort,
    );
  } finally {
    for (const callers of all) callers.close();
    await gateway.stop();
  }
}
