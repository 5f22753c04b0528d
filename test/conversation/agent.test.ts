import { describe, expect, it } from 'vitest';

import { type Agent, createAgentCatalogue } from '../../src/conversation/agent.ts';
import type { BotHandler } from '../../src/handlers/bot-handler.ts';
import { SESSION_START, createCallRig } from '../support/call-rig.ts';

const bot: BotHandler = {
  name: 'silent',
  async *answer() {
    // Who answers is of interest, not what.
  },
};

/** Agents as they are configured; what the catalogue does not look at is that of the rig. */
async function agentsOf(...agents: readonly Partial<Agent>[]): Promise<readonly Agent[]> {
  const { agent } = await createCallRig({ bot });
  return agents.map((given) => ({ ...agent, isDefault: false, ...given }));
}

describe('a call that names no agent', () => {
  it('[check 77] is for the default of its organisation, wherever that stands in the list', async () => {
    const agents = await agentsOf(
      { id: 'first' },
      { id: 'theirs', isDefault: true, organisations: new Set(['them']) },
      { id: 'usual', isDefault: true },
    );
    const catalogue = createAgentCatalogue(agents);
    expect(catalogue.resolve('us', '').id).toBe('usual');
    const rig = await createCallRig({ bot, agents });
    rig.open().send(SESSION_START);
    expect(rig.log.lines.at(-1)?.fields).toMatchObject({ event: 'call.started', agent: 'usual' });
  });

  it('[check 77] is for the only agent that its organisation sees, default or not', async () => {
    const agents = await agentsOf(
      { id: 'ours', organisations: new Set(['us']) },
      { id: 'theirs', organisations: new Set(['them']) },
    );
    expect(createAgentCatalogue(agents).resolve('us', '').id).toBe('ours');
  });

  it('[check 77] is refused where there are several and none is the default, or the one named is another’s', async () => {
    const agents = await agentsOf(
      { id: 'one' },
      { id: 'two' },
      { id: 'theirs', organisations: new Set(['them']) },
    );
    const catalogue = createAgentCatalogue(agents);
    for (const id of ['', 'theirs', 'nobody'])
      expect(() => catalogue.resolve('us', id)).toThrow(
        expect.objectContaining({ code: 'ERR_CONVERSATION_AGENT_UNKNOWN' }),
      );
  });
});
