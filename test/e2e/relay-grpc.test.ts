import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { encodeMulaw } from '../../src/audio/mulaw.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { chunk, final } from '../../src/conversation/turn-output.ts';
import { encodeTurnOutput } from '../../src/protocols/voice-virtual-agent/encode.ts';
import type { ManualTurn } from '../../src/simulator/manual-turn.ts';
import { createRequestWriter } from '../../src/simulator/wire-message.ts';
import { vowel } from '../audio/sounds.ts';
import { type GatewayRig, ORGANISATION, startGatewayRig } from '../support/gateway-rig.ts';
import {
  type RawCall,
  type RawUpstream,
  startRawUpstream,
  startTap,
} from '../support/raw-upstream.ts';

const SPEED = 20;
const speech = encodeMulaw(vowel(1_200));
const CHUNK = encodeTurnOutput(chunk(new Uint8Array(8_000).fill(1), true));
const FINAL = encodeTurnOutput(final({ prompts: [] }));

const started: { close(): unknown }[] = [];
const start = async <T extends { close(): unknown }>(starting: Promise<T>): Promise<T> => {
  const resource = await starting;
  started.push(resource);
  return resource;
};
afterAll(async () => {
  for (const resource of started.toReversed()) await resource.close();
});

describe('one gateway in front of another', () => {
  let front: GatewayRig;
  let behind: GatewayRig;
  let tapped: Awaited<ReturnType<typeof startTap>>;
  let tappedBehind: Awaited<ReturnType<typeof startTap>>;
  beforeAll(async () => {
    behind = await start(startGatewayRig({ speed: SPEED }));
    tappedBehind = await start(startTap(`127.0.0.1:${behind.gateway.grpcPort}`));
    const relay = (id: string, options: object) => ({
      id,
      bot: {
        use: 'relay-grpc',
        options: { target: tappedBehind.target, passAuthorization: true, ...options },
      },
    });
    front = await start(
      startGatewayRig({
        speed: SPEED,
        config: {
          agents: [relay('front-desk', {}), relay('reception', { virtualAgentId: 'front-desk' })],
        },
      }),
    );
    tapped = await start(startTap(`127.0.0.1:${front.gateway.grpcPort}`));
  });

  it('a whole call goes through, and not a byte of it changes', async () => {
    const result = await front.webex({ target: tapped.target }).placeCall({
      organisationId: ORGANISATION,
      agentId: 'front-desk',
      speed: SPEED,
      script: [
        { type: 'speak', audio: speech, bargeIn: true },
        { type: 'press', digits: '2', bargeIn: true },
        { type: 'press', digits: '1' },
        { type: 'press', digits: '0' },
      ],
    });
    expect(result.violations).toEqual([]);
    expect(result.outcome).toBe('transferred');
    expect(tapped.rpcs.length).toBeGreaterThan(5);
    expect(tappedBehind.rpcs).toHaveLength(tapped.rpcs.length);
    for (const { trackingId, requests, responses } of tapped.rpcs) {
      const there = tappedBehind.rpcs.find((rpc) => rpc.trackingId === trackingId);
      expect(there?.responses).toHaveLength(responses.length);
      expect(there?.responses.every((bytes, index) => responses[index]?.equals(bytes))).toBe(true);
      // What the caller says after the answer has closed the RPC goes nowhere.
      expect(there?.requests.length).toBeGreaterThan(0);
      expect(there?.requests.every((bytes, index) => requests[index]?.equals(bytes))).toBe(true);
    }
    const stories = [front, behind].map(({ log }) =>
      log.lines.find(({ fields }) => fields['event'] === 'call.ended'),
    );
    expect(stories).toMatchObject([
      { fields: { reason: 'transfer', bot: 'relay-grpc' } },
      { fields: { reason: 'transfer', bot: 'script' } },
    ]);
    const turns = await Promise.all([front, behind].map((rig) => rig.metric('byova_turns_total{')));
    expect(turns[0]).toContain('input="start",outcome="answered"} 1');
    expect(turns[0]).toContain('input="digits",outcome="answered"} 3');
    expect(await front.metric('byova_conversations ')).toBe('byova_conversations 0');
  });

  it('an agent that has another name over there is called by it', async () => {
    const { outcome, violations } = await front.webex().placeCall({
      organisationId: ORGANISATION,
      agentId: 'reception',
      speed: SPEED,
      script: [{ type: 'press', digits: '0' }],
    });
    expect([outcome, violations]).toEqual(['transferred', []]);
  });

  it('a caller who hangs up does so in both', async () => {
    const ended = (rig: GatewayRig): number =>
      rig.log.lines.filter(({ fields }) => fields['reason'] === 'caller').length;
    const { outcome, violations } = await front.webex().placeCall({
      organisationId: ORGANISATION,
      agentId: 'front-desk',
      speed: SPEED,
      script: [
        { type: 'silence', ms: 300 },
        { type: 'hang-up', how: 'open-rpc' },
      ],
    });
    expect([outcome, violations]).toEqual(['hung-up', []]);
    expect([ended(front), ended(behind)]).toEqual([1, 1]);
  });

  it('a caller without a good token does not get as far as the second', async () => {
    const before = tappedBehind.rpcs.length;
    const rpc = front.webex({ token: 'x' }).openTurn();
    expect((await rpc.status).name).toBe('UNAUTHENTICATED');
    expect(tappedBehind.rpcs).toHaveLength(before);
  });
});

describe('a hostile upstream', () => {
  let upstream: RawUpstream;
  let rig: GatewayRig;
  let serve: (call: RawCall) => void = () => undefined;
  let calls = 0;
  beforeAll(async () => {
    upstream = await start(startRawUpstream((call) => serve(call)));
    rig = await start(
      startGatewayRig({
        config: {
          agents: [
            {
              id: 'relayed',
              default: true,
              answerTimeoutSeconds: 0.3,
              bot: {
                use: 'relay-grpc',
                options: { target: upstream.target, authorization: 'Bearer of the gateway' },
              },
            },
            {
              id: 'gone',
              bot: {
                use: 'relay-grpc',
                options: { target: '127.0.0.1:9', connectTimeoutSeconds: 0.2 },
              },
            },
          ],
        },
      }),
    );
  });

  /** Starts a call; `how` is what the upstream does with its first RPC. */
  const call = (how: (call: RawCall) => void, agentId = 'relayed'): ManualTurn => {
    serve = how;
    calls += 1;
    const rpc = rig.webex().openTurn();
    const heading = {
      organisationId: ORGANISATION,
      agentId,
      allowPartial: false,
      vendorConfig: '',
    };
    rpc.send(
      createRequestWriter({ conversationId: `call-${calls}`, ...heading }).event('SESSION_START'),
    );
    return rpc;
  };
  const heardOf = async (rpc: ManualTurn) => {
    const { name } = await rpc.status;
    const bytes = rpc.messages.reduce(
      (sum, { prompts }) => sum + (prompts[0]?.audio_content.length ?? 0),
      0,
    );
    const finals = rpc.messages.filter(({ response_type: type }) => type === 'FINAL').length;
    return { status: name, finals, hasSpoken: bytes > 4_000 };
  };
  const APOLOGISED = { status: 'OK', finals: 1, hasSpoken: true };

  it.each<[string, (call: RawCall) => void]>([
    ['refuses', (rpc) => void rpc.emit('error', { code: 16, details: 'eyJhbGciOi.eyJzdWIiOi' })],
    ['never answers', () => undefined],
    ['never reads', (rpc) => void rpc.pause()],
    ['stops in the middle', (rpc) => void rpc.write(CHUNK)],
    ['answers nonsense', (rpc) => void rpc.write(Buffer.from('nonsense'))],
    ['breaks the stream', (rpc) => void (rpc.write(CHUNK), rpc.destroy())],
  ])('that %s leaves nobody in silence', async (_, how) => {
    const rpc = call(how);
    rpc.halfClose();
    expect(await heardOf(rpc)).toEqual(APOLOGISED);
  });

  it('that is not there leaves nobody in silence', async () => {
    expect(await heardOf(call(() => undefined, 'gone'))).toEqual(APOLOGISED);
    expect(rig.log.lines.at(-1)?.fields).toMatchObject({ status: 'UNAVAILABLE', hasBegun: false });
  });

  it('that floods is stopped, and another call does not notice', async () => {
    const flood = call((rpc) => {
      const pour = (): void => {
        while (!rpc.cancelled && rpc.write(CHUNK));
      };
      rpc.on('drain', pour);
      pour();
    });
    const flooding = await upstream.call(upstream.calls.length);
    const other = call((rpc) => void (rpc.write(FINAL), rpc.end()));
    expect((await other.status).name).toBe('OK');
    const cancelled = once(flooding, 'cancelled');
    flood.cancel();
    await cancelled;
  });

  it('hears only what the gateway says of itself, and of a hang-up within 100 ms', async () => {
    const rpc = call(() => undefined);
    const there = await upstream.call(upstream.calls.length);
    expect(there.metadata.getMap()).toEqual({
      authorization: 'Bearer of the gateway',
      trackingid: expect.stringMatching(/^SIMULATOR_/u) as string,
      'x-conversation-id': `call-${calls}`,
      'user-agent': expect.any(String) as string,
    });
    const cancelled = once(there, 'cancelled');
    const startedAt = performance.now();
    rpc.cancel();
    await cancelled;
    expect(performance.now() - startedAt).toBeLessThan(100);
  });

  it('that still answers is waited for when the gateway drains', async () => {
    const rpc = call(() => undefined);
    const there = await upstream.call(upstream.calls.length);
    const drained = rig.gateway.drain();
    there.write(CHUNK);
    there.write(FINAL);
    there.end();
    expect(await heardOf(rpc)).toEqual(APOLOGISED);
    await drained;
  });
});

describe('the relay example', () => {
  it('answers a call through the gateway, and nobody else', async () => {
    const file = (name: string): string =>
      fileURLToPath(new URL(`../../examples/relay/${name}`, import.meta.url));
    const env = { ...process.env, BYOVA_UPSTREAM_TOKEN: 'a token of the tests', PORT: '0' };
    const server = spawn(process.execPath, [file('upstream.mjs')], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(server, 'exit');
    started.push({
      async close() {
        server.kill();
        await exited;
      },
    });
    const [greeting] = (await once(server.stdout, 'data')) as [Buffer];
    const target = /[\d.]+:\d+/u.exec(greeting.toString())?.[0];
    const { agents } = await loadConfig(file('byova.yaml'), env);
    const [bot] = agents.map((agent) => agent.bot);
    const relayTo = (options: object) => ({
      use: 'relay-grpc',
      options: { ...bot?.options, target, ...options },
    });
    const rig = await start(
      startGatewayRig({
        speed: SPEED,
        config: {
          agents: [
            { id: 'connector', bot: relayTo({}) },
            { id: 'stranger', bot: relayTo({ authorization: 'Bearer another' }) },
          ],
        },
      }),
    );
    const place = (agentId: string) =>
      rig.webex().placeCall({
        organisationId: ORGANISATION,
        agentId,
        speed: SPEED,
        script: [
          { type: 'press', digits: '1' },
          { type: 'press', digits: '0' },
        ],
      });
    const call = await place('connector');
    expect([call.outcome, call.violations]).toEqual(['transferred', []]);
    await place('stranger');
    expect(
      rig.log.lines.find(({ fields }) => fields['event'] === 'bot.failed')?.fields,
    ).toMatchObject({
      agent: 'stranger',
      status: 'UNAUTHENTICATED',
    });
  });
});
