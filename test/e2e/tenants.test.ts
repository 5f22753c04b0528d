import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { encodeMulaw } from '../../src/audio/mulaw.ts';
import type { Webex } from '../../src/simulator/caller.ts';
import { join as joinSounds, lineNoise, vowel } from '../audio/sounds.ts';
import {
  type GatewayRig,
  ORGANISATION,
  OTHER_ORGANISATION,
  startGatewayRig,
} from '../support/gateway-rig.ts';

const PERMISSION_DENIED = 7;
const REFUSED = `${PERMISSION_DENIED} ERR_AUTH_ORGANISATION`;
const ADMIN_TOKEN = 'operators-of-the-test';
// A line is heard before its caller speaks: nobody can tell a voice from the noise of a line that was never quiet.
const SPEECH = Buffer.from(encodeMulaw(joinSounds(lineNoise(600), vowel(400))));
const STRANGER = '77777777-2222-4333-8444-555555555555';
const EVERYBODY = [ORGANISATION, OTHER_ORGANISATION, STRANGER];

const SOURCE = { schema: 'voice-virtual-agent', audience: 'front-desk', subject: 'callers' };
const MY_URL = 'https://mine.example.com';
const THEIR_URL = 'https://theirs.example.com';
const bot = { use: 'echo' };

let folder: string;
let file: string;
let rig: GatewayRig;
let mine: Webex;
let theirs: Webex;
let calls = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'byova-tenants-'));
  file = join(folder, 'organisations.txt');
  await replaceFile(...EVERYBODY);
  rig = await startGatewayRig({
    // The gateway's clock runs fast: a second of watching takes 50 ms.
    speed: 20,
    // Tokens of one second are of no certain order.
    trust: { organizationsFile: file, replay: { policy: 'off' } },
    config: {
      admin: { listen: '127.0.0.1:0', token: ADMIN_TOKEN },
      dataSources: [
        {
          ...SOURCE,
          url: 'https://voice.example.com:443',
          organizations: [ORGANISATION, OTHER_ORGANISATION],
        },
        { ...SOURCE, url: MY_URL, organizations: [ORGANISATION] },
        { ...SOURCE, url: THEIR_URL, organizations: [OTHER_ORGANISATION] },
      ],
      agents: [
        { id: 'for-all', default: true, bot },
        { id: 'mine', organizations: [ORGANISATION], bot },
        { id: 'theirs', organizations: [OTHER_ORGANISATION], bot },
      ],
    },
  });
  mine = rig.webex();
  theirs = rig.webex({ token: rig.token({ organisationId: OTHER_ORGANISATION }) });
});
beforeEach(() => {
  calls += 1;
  rig.log.lines.length = 0;
});
afterAll(async () => {
  await rig.close();
  await rm(folder, { recursive: true });
});

async function replaceFile(...lines: readonly string[]): Promise<void> {
  await writeFile(`${file}.next`, lines.join('\n'));
  await rename(`${file}.next`, file);
}

/** Starts a call and gives the code of the refusal, or `OK`. */
async function startCall(webex: Webex, organisation: string, agent = ''): Promise<string> {
  const rpc = webex.openTurn();
  rpc.send({
    conversation_id: `call-${calls}${agent}`,
    customer_org_id: organisation,
    virtual_agent_id: agent,
    event_input: { event_type: 'SESSION_START' },
  });
  return codeOf((await rpc.status).details);
}

/** Opens an RPC that hears its caller speak: it listens, and waits for the end of the utterance. */
async function openAudio(webex: Webex, organisation: string) {
  expect(await startCall(webex, organisation)).toBe('OK');
  const rpc = webex.openTurn();
  for (let offset = 0; offset < SPEECH.length; offset += 160)
    rpc.send({
      conversation_id: `call-${calls}`,
      customer_org_id: organisation,
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
  return `${status.code} ${codeOf(status.details)}`.trim();
}

function codeOf(details: string): string {
  return details.split(':')[0] ?? '';
}

async function logged(event: string, times = 1): Promise<void> {
  await vi.waitFor(
    () => expect(rig.log.events().filter((name) => name === event)).toHaveLength(times),
    { interval: 5, timeout: 5_000 },
  );
}

async function revocations(method: string, body?: object): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${rig.gateway.adminPort}/revocations`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return response.json();
}

describe('the file of known organisations', () => {
  it('ends the open stream of an organisation that is taken out, refuses its next RPC, and lets it back in', async () => {
    const cut = await openAudio(mine, ORGANISATION);
    const kept = await openAudio(theirs, OTHER_ORGANISATION);

    await replaceFile(OTHER_ORGANISATION);
    const status = await cut.status;
    expect(status.code).toBe(PERMISSION_DENIED);
    expect(codeOf(status.details)).toBe('ERR_AUTH_REVOKED');
    expect(await list(mine, ORGANISATION)).toBe(REFUSED);
    expect(codeOf((await mine.openTurn().status).details)).toBe('ERR_AUTH_ORGANISATION');
    const ended = { event: 'call.ended', organisation: ORGANISATION, reason: 'revoked' };
    expect(rig.log.lines.map(({ fields }) => fields)).toContainEqual(
      expect.objectContaining(ended),
    );

    expect(await list(theirs, OTHER_ORGANISATION)).toBe('0');
    kept.halfClose();
    expect((await kept.status).code).toBe(0);

    await replaceFile(...EVERYBODY);
    await logged('tenants.changed', 2);
    expect(await list(mine, ORGANISATION)).toBe('0');
    const again = await openAudio(mine, ORGANISATION);
    again.halfClose();
    expect((await again.status).code).toBe(0);
  });

  it('stays in force when a new one is broken', async () => {
    const open = await openAudio(mine, ORGANISATION);
    await replaceFile(OTHER_ORGANISATION, 'not-a-uuid');
    await logged('tenants.refused');
    expect(await list(mine, ORGANISATION)).toBe('0');
    open.halfClose();
    expect((await open.status).code).toBe(0);
    await replaceFile(...EVERYBODY);
    await logged('tenants.changed');
  });

  it('lets nobody in whom no data source serves', async () => {
    const stranger = rig.webex({ token: rig.token({ organisationId: STRANGER }) });
    expect(await list(stranger, STRANGER)).toBe(REFUSED);
  });
});

describe('a revocation through the admin port', () => {
  it('ends the streams of an organisation at once, those that brought no message yet included', async () => {
    const heard = await openAudio(mine, ORGANISATION);
    const silent = mine.openTurn();
    const kept = theirs.openTurn();
    // Comes after them on the same connections, so they are open when it is answered.
    expect(await list(mine, ORGANISATION)).toBe('0');
    expect(await list(theirs, OTHER_ORGANISATION)).toBe('0');

    const held = Number((await rig.metric('byova_conversations ')).split(' ')[1]);
    // Every call but that of the other organisation, which the first test began.
    expect(await revocations('POST', { organizationId: ORGANISATION })).toEqual({
      scope: 'process',
      ended: { conversations: held - 1, streams: 2 },
    });
    for (const rpc of [heard, silent]) {
      const { code, details } = await rpc.status;
      expect([code, codeOf(details)]).toEqual([PERMISSION_DENIED, 'ERR_AUTH_REVOKED']);
    }
    expect(await list(mine, ORGANISATION)).toBe(`${PERMISSION_DENIED} ERR_AUTH_REVOKED`);
    expect(await list(theirs, OTHER_ORGANISATION)).toBe('0');
    kept.cancel();

    await revocations('DELETE', { organizationId: ORGANISATION });
    expect(await list(mine, ORGANISATION)).toBe('0');
  });

  it('ends the streams that a nonce opened; the call goes on with a new one', async () => {
    const stolen = rig.webex({ token: rig.token({ url: MY_URL, tokenId: 'stolen-canary' }) });
    const renewed = rig.webex({ token: rig.token({ url: MY_URL, tokenId: 'renewed' }) });
    const cut = await openAudio(stolen, ORGANISATION);
    expect(await revocations('POST', { nonce: 'stolen-canary' })).toMatchObject({
      ended: { conversations: 0, streams: 1 },
    });
    expect((await cut.status).code).toBe(PERMISSION_DENIED);
    expect(await list(stolen, ORGANISATION)).toBe(`${PERMISSION_DENIED} ERR_AUTH_REVOKED`);
    const turn = renewed.openTurn();
    turn.send({
      conversation_id: `call-${calls}`,
      customer_org_id: ORGANISATION,
      event_input: { event_type: 'NO_INPUT' },
    });
    expect((await turn.status).code).toBe(0);
    // Only the start of the call was logged: it did not begin anew.
    await logged('call.started');
    expect(JSON.stringify([rig.log.lines, await revocations('GET')])).not.toContain('canary');
  });
});

describe('what is bound to organisations', () => {
  it('[check 98] an agent is listed for, and takes calls of, no other organisation', async () => {
    expect(await startCall(mine, ORGANISATION, 'mine')).toBe('OK');
    for (const agent of ['theirs', 'nobody'])
      expect(await startCall(mine, ORGANISATION, agent)).toBe('ERR_CONVERSATION_AGENT_UNKNOWN');
    const { agents } = await theirs.listVirtualAgents(OTHER_ORGANISATION);
    expect(agents.map(({ id }) => id)).toEqual(['for-all', 'theirs']);
  });

  it.each([
    ['mine', ORGANISATION, MY_URL, ['0', 'OK']],
    ['theirs', OTHER_ORGANISATION, THEIR_URL, ['0', 'OK']],
    ['mine', ORGANISATION, THEIR_URL, [REFUSED, 'ERR_AUTH_ORGANISATION']],
    ['theirs', OTHER_ORGANISATION, MY_URL, [REFUSED, 'ERR_AUTH_ORGANISATION']],
  ])(
    '[check 29] a data source serves its own organisation and no other, in either RPC: %s (%s at %s)',
    async (_whose, organisationId, url, expected) => {
      const webex = rig.webex({ token: rig.token({ organisationId, url }) });
      expect([await list(webex, organisationId), await startCall(webex, organisationId)]).toEqual(
        expected,
      );
    },
  );
});
