import { startCostAgents } from './cost-agents.ts';
import { type Cost, measureCosts } from './cost-rounds.ts';
import { type CostEffort, PROMPT_BYTES } from './cost-turns.ts';
import { startGatewayChild } from './gateway-child.ts';
import { type KeyCallers, connectKeyCallers } from './key-callers.ts';
import { OPEN_TO_ALL, defaultOrganisation } from './measured-gateway.ts';

const CALLERS = 40;
const CONNECTIONS = 4;

/** A turn of each kind of bot, all in one gateway: a key is pressed, and some four seconds of sound answer it. */
export async function measureBots(effort: CostEffort): Promise<readonly Cost[]> {
  const { kinds, agents, problems, close } = await startCostAgents(PROMPT_BYTES);
  const closing: (() => unknown)[] = [close];
  try {
    const gateway = await startGatewayChild(agents, [], { conversation: OPEN_TO_ALL });
    closing.push(() => gateway.stop());
    const all: { readonly id: string; readonly name: string; readonly callers: KeyCallers }[] = [];
    for (const kind of kinds) {
      const callers = await connectKeyCallers({
        ...gateway,
        agentId: kind.id,
        organisations: defaultOrganisation(gateway),
        callers: CALLERS,
        connections: CONNECTIONS,
      });
      closing.push(() => callers.close());
      await callers.begin();
      all.push({ ...kind, callers });
    }
    const costs = await measureCosts(
      all.map(({ id, name, callers }) => ({
        id: `bot-${id}`,
        name,
        run: () => callers.press(effort.keys),
        cpuMicros: gateway.cpuMicros,
        answerBytes: callers.answerBytes,
      })),
      effort,
    );
    if (problems().length > 0) throw new Error(`a model would refuse: ${problems()[0]}`);
    return costs;
  } finally {
    for (const end of closing.toReversed()) await end();
  }
}
