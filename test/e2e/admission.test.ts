import { afterEach, describe, expect, it } from 'vitest';

import { createRequestWriter } from '../../src/simulator/wire-message.ts';
import {
  type GatewayRig,
  ORGANISATION,
  OTHER_ORGANISATION,
  startGatewayRig,
} from '../support/gateway-rig.ts';
import { connectRaw } from '../support/raw-turn.ts';

let rig: GatewayRig;
afterEach(() => rig.close());

const ECHO = { id: 'echo', default: true, bot: { use: 'echo' } };

async function start(
  conversation: Readonly<Record<string, unknown>>,
  agent: Readonly<Record<string, unknown>> = {},
) {
  rig = await startGatewayRig({ config: { agents: [{ ...ECHO, ...agent }], conversation } });
  const lines = new Map<string, ReturnType<typeof connectRaw>>();
  const lineOf = (organisationId: string): ReturnType<typeof connectRaw> => {
    const line =
      lines.get(organisationId) ?? connectRaw(rig.gateway.grpcPort, rig.token({ organisationId }));
    lines.set(organisationId, line);
    return line;
  };
  const requestsOf = (conversationId: string, organisationId: string) =>
    createRequestWriter({
      conversationId,
      organisationId,
    });
  return {
    call: (id: string, organisationId = ORGANISATION) =>
      lineOf(organisationId).turn(requestsOf(id, organisationId).event('SESSION_START')),
    press: (id: string, organisationId = ORGANISATION) =>
      lineOf(organisationId).turn(requestsOf(id, organisationId).digits('5')),
    hangUp: (id: string, organisationId = ORGANISATION) =>
      lineOf(organisationId).turn(requestsOf(id, organisationId).event('SESSION_END')),
    close: () => lines.forEach((line) => line.close()),
  };
}

describe('a gateway at its limit', () => {
  it('refuses new calls with a hint when to come back, and goes on with those it has', async () => {
    const { call, press, hangUp, close } = await start({ maxConversations: 3 });
    const ids = ['a', 'b', 'c'];
    for (const id of ids) expect((await call(id)).status).toBe('OK');
    const refused = await Promise.all(['d', 'e', 'f'].map((id) => call(id)));
    for (const { status, details, trailers } of refused) {
      expect([status, details]).toEqual([
        'RESOURCE_EXHAUSTED',
        'ERR_CONVERSATION_CAPACITY: too many conversations',
      ]);
      expect(Number(trailers['grpc-retry-pushback-ms'])).toBeGreaterThanOrEqual(1_000);
      expect(trailers['trackingid']).toMatch(/\S/u);
    }
    const turns = await Promise.all(ids.map((id) => press(id)));
    expect(turns.map(({ status }) => status)).toEqual(['OK', 'OK', 'OK']);
    await hangUp('a');
    expect((await call('g')).status).toBe('OK');
    expect(await rig.metric('byova_admissions_total')).toBe(
      'byova_admissions_total{decision="admitted"} 4\nbyova_admissions_total{decision="process"} 3',
    );
    close();
  });

  it('says so to those who ask for its health, until there is room again', async () => {
    const { call, hangUp, close } = await start({ maxConversations: 1 });
    await call('a');
    expect(rig.gateway.readiness().reasons).toEqual(['saturated']);
    const ask = (path: string) => fetch(`http://127.0.0.1:${rig.gateway.adminPort}${path}`);
    expect((await ask('/readyz')).status).toBe(503);
    expect((await ask('/livez')).status).toBe(200);
    expect(await (await ask('/dependencies')).json()).toEqual({
      keys: { fresh: 1, stale: 0, missing: 0 },
      bots: { closed: 1, 'half-open': 0, open: 0 },
    });
    await hangUp('a');
    expect(rig.gateway.readiness().reasons).toEqual([]);
    close();
  });

  it('refuses whoever has more than a fair share before it refuses others', async () => {
    const { call, close } = await start({ maxConversations: 10 });
    for (let index = 0; index < 8; index += 1) await call(`loud-${index}`);
    expect((await call('quiet-0', OTHER_ORGANISATION)).status).toBe('OK');
    expect((await call('loud-8')).status).toBe('RESOURCE_EXHAUSTED');
    expect((await call('quiet-1', OTHER_ORGANISATION)).status).toBe('OK');
    const refusals = rig.log.lines.filter(({ fields }) => fields['event'] === 'rpc.refused');
    expect(refusals.map(({ fields }) => [fields['organisation'], fields['reason']])).toEqual([
      [ORGANISATION, 'share'],
    ]);
    close();
  });

  it('keeps the limit of an agent', async () => {
    const { call, close } = await start({}, { maxConversations: 1 });
    expect((await call('a')).status).toBe('OK');
    expect((await call('b')).status).toBe('RESOURCE_EXHAUSTED');
    expect(await rig.metric('byova_admissions_total')).toContain('decision="agent"} 1');
    close();
  });
});
