import { afterEach, describe, expect, it } from 'vitest';

import {
  type GatewayRig,
  OTHER_ORGANISATION,
  ORGANISATION,
  startGatewayRig,
} from '../support/gateway-rig.ts';

let rig: GatewayRig;
afterEach(() => rig.close());

const start = (conversation: string, organisation = ORGANISATION) => ({
  conversation_id: conversation,
  customer_org_id: organisation,
  event_input: { event_type: 'SESSION_START' as const },
});

describe('a call to the gateway', () => {
  it('[check 1] [check 31] repeats one token on a thousand RPCs and fifty at once, verified once', async () => {
    rig = await startGatewayRig();
    const webex = rig.webex();
    const turn = async (index: number): Promise<number> => {
      const rpc = webex.openTurn();
      // A key that is pressed: the RPC that costs least, since only its token is of interest.
      rpc.send({ ...start(`call-${index}`), event_input: { event_type: 'START_OF_DTMF' } });
      rpc.halfClose();
      return (await rpc.status).code;
    };
    const codes = new Set<number>();
    for (let index = 0; index < 1_000; index += 1) codes.add(await turn(index));
    expect([...codes]).toEqual([0]);
    expect(
      await Promise.all(Array.from({ length: 50 }, (_, index) => turn(index + 1_000))),
    ).toEqual(Array.from({ length: 50 }, () => 0));
    expect(await rig.metric('byova_token_cache_hits_total')).toMatch(/ 1049$/u);
    expect(rig.keyServer.requests()).toBe(1);
  });

  it('[check 14] [check 15] takes the token bare and as Bearer, in any letter case', async () => {
    rig = await startGatewayRig();
    const token = rig.token();
    for (const header of [token, `Bearer ${token}`, `bEARER ${token}`])
      expect((await rig.webex({ token: header }).listVirtualAgents(ORGANISATION)).status.code).toBe(
        0,
      );
  });

  it('[check 29] [check 41] belongs to the organisation of its token', async () => {
    rig = await startGatewayRig();
    const mine = rig.webex();
    const rpc = mine.openTurn();
    rpc.send(start('shared', OTHER_ORGANISATION));
    expect((await rpc.status).code).toBe(7);
    const first = mine.openTurn();
    first.send(start('shared'));
    await first.status;
    const theirs = rig.webex({ token: rig.token({ organisationId: OTHER_ORGANISATION }) });
    const second = theirs.openTurn();
    second.send(start('shared', OTHER_ORGANISATION));
    await second.status;
    expect(await rig.metric('byova_conversations ')).toBe('byova_conversations 2');
  });

  it('[check 7] is refused when a message holds nothing, and the process lives', async () => {
    rig = await startGatewayRig();
    const webex = rig.webex();
    const rpc = webex.openTurn();
    rpc.send({ conversation_id: 'c', customer_org_id: ORGANISATION });
    expect((await rpc.status).code).toBe(3);
    expect((await webex.listVirtualAgents(ORGANISATION)).status.code).toBe(0);
  });

  it('[check 98] [check 99] [check 100] lists the agents of the token’s organisation only', async () => {
    const bot = { use: 'echo' };
    rig = await startGatewayRig({
      config: {
        agents: [
          { id: 'for-all', name: 'For all', default: true, bot },
          { id: 'mine', name: 'Mine', organizations: [ORGANISATION], bot },
          { id: 'theirs', name: 'Theirs', organizations: [OTHER_ORGANISATION], bot },
        ],
      },
    });
    const webex = rig.webex();
    const { agents } = await webex.listVirtualAgents(ORGANISATION);
    expect(agents.map(({ id }) => id)).toEqual(['for-all', 'mine']);
    expect(agents.filter(({ isDefault }) => isDefault)).toHaveLength(1);
    expect((await webex.listVirtualAgents(OTHER_ORGANISATION)).status.code).toBe(7);
  });

  it('[check 100] an empty catalogue is an empty list', async () => {
    rig = await startGatewayRig({
      config: {
        agents: [
          {
            id: 'theirs',
            name: 'Theirs',
            organizations: [OTHER_ORGANISATION],
            bot: { use: 'echo' },
          },
        ],
      },
    });
    const { status, agents } = await rig.webex().listVirtualAgents(ORGANISATION);
    expect([status.code, agents]).toEqual([0, []]);
  });

  it('[check 45] health needs no token', async () => {
    rig = await startGatewayRig();
    const response = await fetch(`http://127.0.0.1:${rig.gateway.adminPort}/readyz`);
    expect(response.status).toBe(200);
  });
});
