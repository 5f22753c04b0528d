import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { encodeMulaw } from '../../src/audio/mulaw.ts';
import type { Webex } from '../../src/simulator/caller.ts';
import { vowel } from '../audio/sounds.ts';
import {
  type GatewayRig,
  type GatewayRigOptions,
  ORGANISATION,
  OTHER_ORGANISATION,
  startGatewayRig,
} from '../support/gateway-rig.ts';

const PERMISSION_DENIED = 7;
const ADMIN_TOKEN = 'operators-of-the-test';
const SPEECH = Buffer.from(encodeMulaw(vowel(400)));
const STRANGER = '77777777-2222-4333-8444-555555555555';

let folder: string;
let file: string;
let rig: GatewayRig;
let mine: Webex;
let theirs: Webex;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'byova-tenants-'));
  file = join(folder, 'organisations.txt');
});
afterEach(async () => {
  await rig.close();
  await rm(folder, { recursive: true });
});

/** The gateway's clock runs fast, so that a second of watching takes 50 ms. */
async function start(options: GatewayRigOptions = {}): Promise<void> {
  rig = await startGatewayRig({ speed: 20, ...options });
  mine = rig.webex();
  theirs = rig.webex({ token: rig.token({ organisationId: OTHER_ORGANISATION }) });
}

async function replaceFile(...lines: readonly string[]): Promise<void> {
  await writeFile(`${file}.next`, lines.join('\n'));
  await rename(`${file}.next`, file);
}

/** Opens an RPC that hears its caller speak: it listens, and waits for the end of the utterance. */
async function openAudio(webex: Webex, organisation: string) {
  const common = { conversation_id: `call-of-${organisation}`, customer_org_id: organisation };
  const opening = webex.openTurn();
  opening.send({ ...common, event_input: { event_type: 'SESSION_START' } });
  expect((await opening.status).code).toBe(0);
  const rpc = webex.openTurn();
  for (let offset = 0; offset < SPEECH.length; offset += 160)
    rpc.send({
      ...common,
      audio_input: {
        caller_audio: SPEECH.subarray(offset, offset + 160),
        encoding: 'MULAW_FORMAT',
        sample_rate_hertz: 8_000,
      },
    });
  expect((await rpc.next())?.output_events?.[0]?.event_type).toBe('START_OF_INPUT');
  return rpc;
}

async function list(webex: Webex, organisation: string): Promise<string> {
  const { status } = await webex.listVirtualAgents(organisation);
  return `${status.code} ${status.details.split(':')[0]}`.trim();
}

async function logged(event: string, times = 1): Promise<void> {
  await vi.waitFor(
    () => expect(rig.log.events().filter((name) => name === event)).toHaveLength(times),
    { interval: 5, timeout: 5_000 },
  );
}

async function revocations(method: string, body?: object) {
  const response = await fetch(`http://127.0.0.1:${rig.gateway.adminPort}/revocations`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await response.json()) as unknown;
}

describe('the file of known organisations', () => {
  it('ends the open stream of an organisation that is taken out, refuses its next RPC, and lets it back in', async () => {
    await replaceFile(ORGANISATION, OTHER_ORGANISATION);
    await start({ trust: { organizationsFile: file } });
    const cut = await openAudio(mine, ORGANISATION);
    const kept = await openAudio(theirs, OTHER_ORGANISATION);

    await replaceFile(OTHER_ORGANISATION);
    const status = await cut.status;
    expect(status.code).toBe(PERMISSION_DENIED);
    expect(status.details).toContain('ERR_AUTH_REVOKED');
    expect(await list(mine, ORGANISATION)).toBe(`${PERMISSION_DENIED} ERR_AUTH_ORGANISATION`);
    const next = mine.openTurn();
    expect((await next.status).details).toContain('ERR_AUTH_ORGANISATION');
    expect(rig.log.lines.map(({ fields }) => fields)).toContainEqual(
      expect.objectContaining({
        event: 'call.ended',
        organisation: ORGANISATION,
        reason: 'revoked',
      }),
    );

    expect(await list(theirs, OTHER_ORGANISATION)).toBe('0');
    kept.halfClose();
    expect((await kept.status).code).toBe(0);

    await replaceFile(OTHER_ORGANISATION, ORGANISATION);
    await logged('tenants.changed', 2);
    expect(await list(mine, ORGANISATION)).toBe('0');
    const again = await openAudio(mine, ORGANISATION);
    again.cancel();
    await again.status;
  });

  it('stays in force when a new one is broken', async () => {
    await replaceFile(ORGANISATION);
    await start({ trust: { organizationsFile: file } });
    const open = await openAudio(mine, ORGANISATION);
    await replaceFile(OTHER_ORGANISATION, 'not-a-uuid');
    await logged('tenants.refused');
    expect(await list(mine, ORGANISATION)).toBe('0');
    expect(await list(theirs, OTHER_ORGANISATION)).toBe(
      `${PERMISSION_DENIED} ERR_AUTH_ORGANISATION`,
    );
    open.halfClose();
    expect((await open.status).code).toBe(0);
  });

  it('lets nobody in whom no data source serves', async () => {
    await replaceFile(ORGANISATION, STRANGER);
    await start({ trust: { organizationsFile: file } });
    const stranger = rig.webex({ token: rig.token({ organisationId: STRANGER }) });
    expect(await list(stranger, STRANGER)).toBe(`${PERMISSION_DENIED} ERR_AUTH_ORGANISATION`);
    expect(await list(mine, ORGANISATION)).toBe('0');
  });
});

describe('a revocation through the admin port', () => {
  const admin = { admin: { listen: '127.0.0.1:0', token: ADMIN_TOKEN } };

  it('ends the streams of an organisation at once, those that brought no message yet included', async () => {
    await start({ config: admin });
    const heard = await openAudio(mine, ORGANISATION);
    const silent = mine.openTurn();
    const kept = theirs.openTurn();
    // Comes after them on the same connections, so they are open when it is answered.
    expect(await list(mine, ORGANISATION)).toBe('0');
    expect(await list(theirs, OTHER_ORGANISATION)).toBe('0');

    expect(await revocations('POST', { organizationId: ORGANISATION })).toEqual({
      scope: 'process',
      ended: { conversations: 1, streams: 2 },
    });
    for (const rpc of [heard, silent]) {
      const { code, details } = await rpc.status;
      expect([code, details]).toEqual([
        PERMISSION_DENIED,
        expect.stringContaining('ERR_AUTH_REVOKED'),
      ]);
    }
    expect(await list(mine, ORGANISATION)).toBe(`${PERMISSION_DENIED} ERR_AUTH_REVOKED`);
    expect(await list(theirs, OTHER_ORGANISATION)).toBe('0');
    kept.cancel();

    await revocations('DELETE', { organizationId: ORGANISATION });
    expect(await list(mine, ORGANISATION)).toBe('0');
  });

  it('ends the streams that a nonce opened; the call goes on with a new one', async () => {
    await start({ config: admin });
    const renewed = rig.webex({ token: rig.token({ tokenId: 'renewed' }) });
    const stolen = rig.webex({ token: rig.token({ tokenId: 'stolen-canary' }) });
    const cut = await openAudio(stolen, ORGANISATION);
    expect(await revocations('POST', { nonce: 'stolen-canary' })).toMatchObject({
      ended: { conversations: 0, streams: 1 },
    });
    expect((await cut.status).code).toBe(PERMISSION_DENIED);
    expect(await list(stolen, ORGANISATION)).toBe(`${PERMISSION_DENIED} ERR_AUTH_REVOKED`);
    const turn = renewed.openTurn();
    turn.send({
      conversation_id: `call-of-${ORGANISATION}`,
      customer_org_id: ORGANISATION,
      event_input: { event_type: 'NO_INPUT' },
    });
    expect((await turn.status).code).toBe(0);
    expect(await rig.metric('byova_conversations ')).toBe('byova_conversations 1');
    expect(JSON.stringify([rig.log.lines, await revocations('GET')])).not.toContain('canary');
  });

  it('is not there without a token of operators', async () => {
    await start();
    expect(await revocations('POST', { organizationId: ORGANISATION })).toEqual({
      error: 'not found',
    });
    expect(await list(mine, ORGANISATION)).toBe('0');
  });
});

describe('what is bound to organisations', () => {
  it('[check 98] an agent takes no call of another organisation', async () => {
    const bot = { use: 'echo' };
    await start({
      config: {
        agents: [
          { id: 'mine', organizations: [ORGANISATION], bot },
          { id: 'theirs', organizations: [OTHER_ORGANISATION], bot },
        ],
      },
    });
    const call = async (agent: string) => {
      const rpc = mine.openTurn();
      rpc.send({
        conversation_id: `with-${agent}`,
        customer_org_id: ORGANISATION,
        virtual_agent_id: agent,
        event_input: { event_type: 'SESSION_START' },
      });
      return (await rpc.status).details.split(':')[0];
    };
    expect(await call('mine')).toBe('OK');
    expect(await call('theirs')).toBe('ERR_CONVERSATION_AGENT_UNKNOWN');
    expect(await call('nobody')).toBe('ERR_CONVERSATION_AGENT_UNKNOWN');
    const { agents } = await theirs.listVirtualAgents(OTHER_ORGANISATION);
    expect(agents.map(({ id }) => id)).toEqual(['theirs']);
  });

  it('[check 29] a data source serves no other organisation, in either RPC', async () => {
    const source = { schema: 'voice-virtual-agent', audience: 'front-desk', subject: 'callers' };
    const theirUrl = 'https://theirs.example.com';
    await start({
      config: {
        dataSources: [
          { ...source, url: 'https://voice.example.com:443', organizations: [ORGANISATION] },
          { ...source, url: theirUrl, organizations: [OTHER_ORGANISATION] },
        ],
      },
    });
    const codesOf = async (organisationId: string, url?: string) => {
      const webex = rig.webex({
        token: rig.token({ organisationId, ...(url === undefined ? {} : { url }) }),
      });
      const rpc = webex.openTurn();
      rpc.send({
        conversation_id: `of-${organisationId}`,
        customer_org_id: organisationId,
        event_input: { event_type: 'SESSION_START' },
      });
      return [await list(webex, organisationId), (await rpc.status).details.split(':')[0]];
    };
    const refused = [`${PERMISSION_DENIED} ERR_AUTH_ORGANISATION`, 'ERR_AUTH_ORGANISATION'];
    expect(await codesOf(ORGANISATION)).toEqual(['0', 'OK']);
    expect(await codesOf(OTHER_ORGANISATION, theirUrl)).toEqual(['0', 'OK']);
    expect(await codesOf(ORGANISATION, theirUrl)).toEqual(refused);
    expect(await codesOf(OTHER_ORGANISATION)).toEqual(refused);
  });
});
