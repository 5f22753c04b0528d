import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { credentials, Metadata, makeClientConstructor } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';

import { encodeMulaw } from '../../src/audio/mulaw.ts';
import { loadVoiceVirtualAgent } from '../../src/protocols/voice-virtual-agent/wire.ts';
import { connectWebex } from '../../src/simulator/caller.ts';
import { vowel } from '../audio/sounds.ts';
import { createAuthority } from '../support/certificates.ts';
import { ORGANISATION } from '../support/gateway-rig.ts';
import { startRealtimeServer } from '../support/realtime-server.ts';
import {
  PEER_TOKEN,
  type ReplicaRig,
  createRoamingCall,
  startReplicas,
} from '../support/replica-rig.ts';

let rig: ReplicaRig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

async function open(count: number, options: Parameters<typeof startReplicas>[1] = {}) {
  const started = await startReplicas(count, options);
  rig = started;
  const { replicas, callers } = started;
  const at = <T>(list: readonly T[], index: number): T => {
    const one = list[index % count];
    if (one === undefined) throw new Error('there are fewer');
    return one;
  };
  const eventsOf = (name: string) =>
    replicas.map(({ log }) => log.events().filter((event) => event === name).length);
  return {
    started,
    caller: (index: number) => at(callers, index),
    replica: (index: number) => at(replicas, index),
    eventsOf,
    held: () => Promise.all(replicas.map(({ metric }) => metric('byova_conversations '))),
    sum: async (name: string) => {
      const lines = await Promise.all(replicas.map(({ metric }) => metric(name)));
      return lines
        .flatMap((text) => text.split('\n'))
        .reduce((total, line) => total + Number(line.split(' ').at(-1) ?? 0), 0);
    },
  };
}

describe('a call whose turns reach one replica after the other', () => {
  it('goes on where it stood, ends once, and counts as one call', async () => {
    const { caller, eventsOf, held, replica } = await open(3);
    const call = createRoamingCall();
    expect(await call.start(caller(0))).toMatchObject({ code: 0 });
    for (let turn = 2; turn <= 7; turn += 1)
      expect(await call.event(caller(turn))).toMatchObject({ code: 0, told: { count: turn } });
    expect(await call.press(caller(1), '#')).toMatchObject({ code: 0, told: { count: 8 } });
    expect(eventsOf('call.started')).toEqual([1, 0, 0]);
    expect(eventsOf('call.ended')).toEqual([0, 1, 0]);
    expect(eventsOf('counting.end.bot')).toEqual([0, 1, 0]);
    const ended = replica(1).log.lines.find(({ fields }) => fields['event'] === 'call.ended');
    expect(ended?.fields).toMatchObject({ turns: 8, answers: 7, outcome: 'completed' });
    expect(await held()).toEqual(Array(3).fill('byova_conversations 0'));
  });

  it('goes on as if it had never left when it comes back to the same replica', async () => {
    const { caller } = await open(2);
    const call = createRoamingCall();
    await call.start(caller(0));
    expect(await call.event(caller(0))).toMatchObject({ told: { count: 2, here: 2 } });
    expect(await call.event(caller(1))).toMatchObject({ told: { count: 3, here: 1 } });
    expect(await call.event(caller(0))).toMatchObject({ told: { count: 4, here: 1 } });
  });

  it('stays ended everywhere, until it begins anew', async () => {
    const { caller } = await open(2);
    const call = createRoamingCall();
    await call.start(caller(0));
    await call.hangUp(caller(1));
    expect(await call.event(caller(0))).toMatchObject({ code: 0, told: undefined });
    expect(await call.start(caller(0))).toMatchObject({ code: 0 });
    expect(await call.event(caller(1))).toMatchObject({ told: { count: 2 } });
  });

  it('is refused by every replica when its agent changes', async () => {
    const { caller } = await open(2);
    const call = createRoamingCall();
    await call.start(caller(0));
    const rpc = caller(1).openTurn();
    rpc.send({ ...call.write.event('CUSTOM_EVENT', 'next'), virtual_agent_id: 'other' });
    expect((await rpc.status).details).toContain('ERR_CONVERSATION_AGENT_CHANGED');
    expect(await call.event(caller(0))).toMatchObject({ told: { count: 2 } });
  });

  it('is answered elsewhere as soon as its replica is gone', async () => {
    const { caller, replica, held } = await open(2);
    const call = createRoamingCall();
    await call.start(caller(0));
    const playing = caller(0).openTurn();
    playing.send(call.write.audio(new Uint8Array(160).fill(0xff)));
    await expect.poll(held).toContain('byova_conversations 1');
    await replica(0).gateway.close();
    expect(await call.event(caller(1))).toMatchObject({ code: 0, told: { count: 2 } });
  });

  it('leaves a replica that drains, once its turn is over', async () => {
    const { caller, replica, eventsOf } = await open(2, { live: true });
    const call = createRoamingCall();
    await call.start(caller(0));
    expect(await call.event(caller(1))).toMatchObject({ told: { count: 2, here: 2 } });
    await replica(0).gateway.drain();
    expect(await call.event(caller(1))).toMatchObject({ code: 0, told: { count: 3, here: 1 } });
    expect(eventsOf('counting.leave')).toEqual([1, 0]);
    expect(eventsOf('call.ended')).toEqual([0, 0]);
  });

  it('is given up by the replica that had it last when nothing comes of it any more', async () => {
    const { caller, eventsOf } = await open(2, {
      speed: 20,
      config: { conversation: { idleTimeoutSeconds: 20 } },
    });
    const call = createRoamingCall();
    await call.start(caller(0));
    await call.event(caller(1));
    await expect.poll(() => eventsOf('counting.end.idle'), { timeout: 8_000 }).toEqual([0, 1]);
    await expect.poll(() => eventsOf('counting.leave'), { timeout: 8_000 }).toEqual([1, 0]);
    expect(eventsOf('call.ended')).toEqual([0, 1]);
    expect(await call.event(caller(0))).toMatchObject({ code: 0, told: undefined });
  });

  it('stays with its replica when its bot keeps what is no JSON', async () => {
    const { caller, eventsOf } = await open(2);
    const call = createRoamingCall();
    await call.start(caller(0));
    await call.event(caller(0), 'unwritable');
    expect(await call.event(caller(1))).toMatchObject({ told: { count: 3, here: 3 } });
    expect(eventsOf('conversation.unwritable')).toEqual([1, 0]);
  });
});

describe('a call whose bot keeps it', () => {
  it('is reached from every replica', async () => {
    const { caller, sum, held } = await open(3, { live: true });
    const call = createRoamingCall();
    await call.start(caller(0));
    for (let turn = 2; turn <= 7; turn += 1)
      expect(await call.event(caller(turn))).toMatchObject({ told: { count: turn, here: turn } });
    expect(await held()).toEqual([
      'byova_conversations 1',
      'byova_conversations 0',
      'byova_conversations 0',
    ]);
    expect(await sum('byova_forwarded_rpcs_total{status="OK"}')).toBe(4);
    expect(await call.press(caller(2), '#')).toMatchObject({ told: { count: 8, here: 8 } });
    expect(await sum('byova_conversations ')).toBe(0);
  });

  it('is told what the owner refuses it with', async () => {
    const { caller } = await open(2, { live: true });
    const call = createRoamingCall();
    await call.start(caller(0));
    const rpc = caller(1).openTurn();
    rpc.send({ ...call.write.event('CUSTOM_EVENT', 'next'), virtual_agent_id: 'other' });
    expect(await rpc.status).toMatchObject({
      name: 'INVALID_ARGUMENT',
      details: 'ERR_CONVERSATION_AGENT_CHANGED: the virtual agent changed',
    });
  });

  it('begins anew from its last state when its replica is gone', async () => {
    const { caller, replica } = await open(2, { live: true });
    const call = createRoamingCall();
    await call.start(caller(0));
    await call.event(caller(1));
    await replica(0).gateway.close();
    expect(await call.event(caller(1))).toMatchObject({ code: 0, told: { count: 3, here: 1 } });
  });
});

describe('a call that a realtime model answers', () => {
  it('has one connection to the model, whichever replica its turns reach', async () => {
    const server = await startRealtimeServer();
    const options = { url: server.url, apiKey: 'key-998877', instructions: 'Be brief.' };
    const bot = { use: 'realtime', options };
    try {
      server.reply((asked) =>
        asked === 'press 4'
          ? { words: ['Goodbye.'], calls: [{ name: 'end_call', arguments: '{}' }] }
          : { words: ['Hello.'] },
      );
      const { caller, eventsOf, sum } = await open(3, {
        config: { agents: [{ id: 'model', default: true, bot }] },
      });
      const call = createRoamingCall();
      for (const turn of [0, 1, 2, 3])
        expect(
          await (turn === 0 ? call.start(caller(0)) : call.press(caller(turn), String(turn))),
        ).toMatchObject({ code: 0 });
      expect(server.connections).toHaveLength(1);
      expect(server.problems).toEqual([]);
      expect(await sum('byova_forwarded_rpcs_total{status="OK"}')).toBe(2);
      await call.hangUp(caller(1));
      await server.untilClosed();
      expect(eventsOf('call.ended')).toEqual([1, 0, 0]);
    } finally {
      await rig?.close();
      rig = undefined;
      await server.close();
    }
  });
});

describe('a caller who speaks over a prompt, by way of another replica', () => {
  it('cuts it short where it plays', async () => {
    const { caller, eventsOf, sum } = await open(2);
    const call = createRoamingCall();
    const first = caller(0).openTurn();
    first.send(call.write.event('SESSION_START', '', { long: true }));
    await first.next();
    let hasEnded = false;
    void first.status.then(() => (hasEnded = true));
    const second = caller(1).openTurn();
    const speech = encodeMulaw(vowel(600));
    const silence = new Uint8Array(160 * 60).fill(0xff);
    for (const sound of [speech, silence])
      for (let at = 0; at < sound.length; at += 160)
        second.send(call.write.audio(sound.subarray(at, at + 160)));
    expect(hasEnded).toBe(false);
    second.halfClose();
    expect(await second.status).toMatchObject({ code: 0 });
    expect(await first.status).toMatchObject({ code: 0 });
    const events = second.messages.flatMap(({ output_events }) => output_events ?? []);
    expect(events.map(({ event_type }) => event_type)).toEqual([
      'START_OF_INPUT',
      'END_OF_INPUT',
      'CUSTOM_EVENT',
    ]);
    expect(eventsOf('call.started')).toEqual([1, 0]);
    expect(await sum('byova_forwarded_rpcs_total{status="OK"}')).toBe(1);
  });
});

describe('replicas that show each other certificates', () => {
  it('reach each other, and let in nobody who has none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'byova-peers-'));
    try {
      const authority = await createAuthority('peers');
      const { cert, key } = await authority.issue(['peers.internal']);
      const [certFile, keyFile, caFile] = [
        join(folder, 'peer.crt'),
        join(folder, 'peer.key'),
        join(folder, 'ca.crt'),
      ];
      for (const [file, text] of [
        [certFile, cert],
        [keyFile, key],
        [caFile, authority.cert],
      ] as const)
        await writeFile(file, text);
      const peerTls = { certFile, keyFile, caFile, serverName: 'peers.internal' };
      const { started, caller } = await open(2, { live: true, peerTls });
      const call = createRoamingCall();
      await call.start(caller(0));
      expect(await call.event(caller(1))).toMatchObject({ told: { count: 2, here: 2 } });
      const stranger = connectWebex({
        target: started.peerAddress(0),
        tls: { ca: authority.cert, serverName: 'peers.internal' },
      });
      const rpc = stranger.openTurn();
      rpc.send(call.write.event('CUSTOM_EVENT', 'next'));
      expect((await rpc.status).name).toBe('UNAVAILABLE');
      stranger.close();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('the port for peers', () => {
  const ask = async (address: string, headers: Readonly<Record<string, string>>) => {
    const Client = makeClientConstructor({ ...loadVoiceVirtualAgent() }, 'VoiceVirtualAgent');
    const client = new Client(address, credentials.createInsecure());
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    try {
      return await new Promise<string>((resolve) => {
        const stream = client['ProcessCallerInput']?.call(client, metadata);
        stream.on('error', () => undefined);
        stream.on('data', () => undefined);
        stream.on('status', ({ details }: { details: string }) => resolve(details));
        stream.write({
          conversation_id: 'somebody-elses',
          customer_org_id: ORGANISATION,
          event_input: { event_type: 'CUSTOM_EVENT' },
        });
      });
    } finally {
      client.close();
    }
  };

  it('refuses whoever is no peer, and peers without a caller', async () => {
    const { started, replica } = await open(1);
    const address = started.peerAddress(0);
    const authorization = replica(0).token();
    const peer = { 'x-byova-peer-token': PEER_TOKEN };
    expect(await ask(address, { authorization })).toContain('ERR_TRANSPORT_PEER');
    expect(await ask(address, { authorization, 'x-byova-peer-token': `${PEER_TOKEN}x` })).toContain(
      'ERR_TRANSPORT_PEER',
    );
    expect(await ask(address, peer)).toContain('ERR_AUTH_MISSING');
    const at = authorization.lastIndexOf('.') + 10;
    const other = authorization[at] === 'A' ? 'B' : 'A';
    const forged = authorization.slice(0, at) + other + authorization.slice(at + 1);
    expect(await ask(address, { ...peer, authorization: forged })).toContain('ERR_AUTH_SIGNATURE');
    expect(await ask(address, { ...peer, authorization })).toContain('ERR_CONVERSATION_ELSEWHERE');
    expect(JSON.stringify(replica(0).log.lines)).not.toContain(PEER_TOKEN);
  });
});
