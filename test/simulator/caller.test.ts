import { afterEach, describe, expect, test } from 'vitest';

import type { CallEvent } from '../../src/simulator/call-event.ts';
import type { CallOptions } from '../../src/simulator/call-options.ts';
import { type Webex, connectWebex } from '../../src/simulator/caller.ts';
import type { CallResult } from '../../src/simulator/phone-call.ts';
import { createRequestWriter } from '../../src/simulator/wire-message.ts';
import {
  type FakeGateway,
  type FakeGatewayOptions,
  type FakeInput,
  startFakeGateway,
} from './fake-gateway.ts';

const ORGANISATION = '11111111-2222-3333-4444-555555555555';
const SPEECH = new Uint8Array(4000).fill(0x40);
const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function connect(
  options: FakeGatewayOptions = {},
): Promise<{ gateway: FakeGateway; webex: Webex }> {
  const gateway = await startFakeGateway(options);
  const webex = connectWebex({ target: gateway.target, token: () => 'a.b.c' });
  closers.push(
    () => webex.close(),
    () => gateway.close(),
  );
  return { gateway, webex };
}

function place(webex: Webex, options: Partial<CallOptions>): Promise<CallResult> {
  return webex.placeCall({ organisationId: ORGANISATION, speed: 20, ...options });
}

function broken({ violations }: CallResult): string[] {
  return [...new Set(violations.map(({ name }) => name))];
}

function firstAt(result: CallResult, type: CallEvent['type']): number {
  return result.events.findIndex((event) => event.type === type);
}

/** Kinds of input of each RPC, in order: `audio*12` for twelve messages of audio. */
function inputsOf({ requests }: FakeGateway): string[][] {
  const rpcs: string[][] = [];
  for (const { rpc, request } of requests) {
    const inputs = (rpcs[rpc - 1] ??= []);
    const input = request.event_input?.event_type ?? (request.dtmf_input ? 'digits' : 'audio');
    if (inputs.at(-1) !== input) inputs.push(input);
  }
  return rpcs;
}

describe('a call', () => {
  test('greets, listens, hears the answer and hangs up without breaking the contract', async () => {
    const { gateway, webex } = await connect();
    const result = await place(webex, { script: [{ type: 'speak', audio: SPEECH }] });
    expect(result.violations).toEqual([]);
    expect(result.outcome).toBe('hung-up');
    expect(inputsOf(gateway)[0]).toEqual(['SESSION_START']);
    expect(inputsOf(gateway)[1]).toEqual(['audio']);
    expect(inputsOf(gateway).at(-1)).toEqual(['SESSION_END']);
    expect(result.heard).toHaveLength(3200);
    expect(result.recording.caller).toHaveLength(result.recording.bot.length);
    expect(result.recording.caller.some((byte) => byte === 0x40)).toBe(true);
  });

  test('repeats conversation, organisation, agent, configuration and credential in every RPC', async () => {
    const { gateway, webex } = await connect();
    await place(webex, {
      agentId: 'desk',
      vendorConfig: 'v',
      conversationId: 'c',
      allowPartial: true,
    });
    expect(gateway.requests.length).toBeGreaterThan(2);
    for (const { request } of gateway.requests)
      expect(request).toMatchObject({
        conversation_id: 'c',
        customer_org_id: ORGANISATION,
        virtual_agent_id: 'desk',
        vendor_specific_config: 'v',
        allow_partial_responses: true,
      });
    for (const metadata of gateway.metadata) {
      expect(metadata.get('authorization')).toBe('a.b.c');
      expect(metadata.get('trackingid')).toMatch(/./u);
    }
  });

  test('sends caller audio in frames of 160 bytes without naming the format, as live Webex does', async () => {
    const { gateway, webex } = await connect();
    await place(webex, { script: [{ type: 'silence', ms: 300 }] });
    const frames = gateway.requests.flatMap(({ request }) => request.audio_input ?? []);
    expect(frames.length).toBeGreaterThan(10);
    for (const frame of frames)
      expect(frame).toMatchObject({ encoding: 'UNSPECIFIED_FORMAT', sample_rate_hertz: 0 });
    expect(new Set(frames.map((frame) => frame.caller_audio.length))).toEqual(new Set([160]));
  });

  test('can send LINEAR16 at 16 kHz after a config-only message and a probe', async () => {
    const { gateway, webex } = await connect();
    const audio = {
      encoding: 'linear16',
      sampleRateHz: 16_000,
      configFirst: true,
      probe: true,
    } as const;
    const result = await place(webex, { audio, script: [{ type: 'speak', audio: SPEECH }] });
    expect(result.violations).toEqual([]);
    const [config, probe, first] = gateway.requests.flatMap(
      ({ request }) => request.audio_input ?? [],
    );
    expect(config).toMatchObject({ encoding: 'LINEAR16_FORMAT', sample_rate_hertz: 16_000 });
    expect(config?.caller_audio).toHaveLength(0);
    expect(probe?.caller_audio).toHaveLength(3);
    expect(first?.caller_audio).toHaveLength(640);
    expect(result.heard).toHaveLength(3200);
  });

  test('cancels its RPCs, as a connection does that breaks, and goes on', async () => {
    const { gateway, webex } = await connect();
    const result = await place(webex, {
      script: [{ type: 'silence', ms: 200 }, { type: 'cancel' }, { type: 'speak', audio: SPEECH }],
    });
    expect(result).toMatchObject({ outcome: 'hung-up', violations: [] });
    expect(inputsOf(gateway).slice(0, 3)).toEqual([['SESSION_START'], ['audio'], ['audio']]);
    const closed = result.events.flatMap((event) =>
      event.type === 'rpc-closed' ? [event.status.name] : [],
    );
    expect(closed.slice(0, 3)).toEqual(['OK', 'CANCELLED', 'OK']);
  });

  test('is gone at once, whatever it waits for', async () => {
    const { webex } = await connect({ replyDelayMs: 10_000 });
    const startedAt = performance.now();
    const result = await place(webex, {
      script: [
        { type: 'speak', audio: SPEECH },
        { type: 'hang-up', how: 'drop', atOnce: true },
      ],
    });
    expect(result).toMatchObject({ outcome: 'hung-up', violations: [] });
    expect(performance.now() - startedAt).toBeLessThan(9_000);
  });

  test('hangs up in the middle of a word, within the RPC that listens', async () => {
    const { gateway, webex } = await connect();
    const result = await place(webex, {
      script: [
        { type: 'speak', audio: new Uint8Array(40_000).fill(0x40), inBackground: true },
        { type: 'silence', ms: 200, atOnce: true },
        { type: 'hang-up', how: 'open-rpc', atOnce: true },
      ],
    });
    expect(result).toMatchObject({ outcome: 'hung-up', violations: [] });
    expect(inputsOf(gateway)).toEqual([['SESSION_START'], ['audio', 'SESSION_END']]);
  });

  test('ends when the bot transfers, after the last prompt was heard', async () => {
    const { gateway, webex } = await connect({
      answer: ({ type }) => (type === 'start' ? {} : { end: 'TRANSFER_TO_AGENT', promptMs: 400 }),
    });
    const result = await place(webex, {
      script: [{ type: 'custom-event', name: 'go' }, { type: 'no-input' }],
    });
    expect(result).toMatchObject({ outcome: 'transferred', violations: [] });
    expect(result.heard).toHaveLength((200 + 400) * 8);
    expect(inputsOf(gateway).at(-1)).not.toEqual(['SESSION_END']);
  });

  test.each([
    ['SESSION_END', 'ended-by-bot'],
    ['NO_MATCH', 'gave-up'],
  ] as const)('%s ends it as %s', async (end, outcome) => {
    const { webex } = await connect({ answer: () => ({ end }) });
    expect(await place(webex, {})).toMatchObject({ outcome, violations: [] });
  });

  test('runs as fast as the gateway reads at infinite speed', async () => {
    const { webex } = await connect({ answer: () => ({ promptMs: 20_000 }) });
    const result = await place(webex, {
      speed: Infinity,
      script: [
        { type: 'speak', audio: SPEECH },
        { type: 'press', digits: '12#' },
      ],
    });
    expect(result).toMatchObject({ outcome: 'hung-up', violations: [] });
    expect(result.durationMs).toBeGreaterThan(60_000);
  });

  test('plays WAV answers', async () => {
    const { webex } = await connect({ playback: 'wav' });
    const result = await place(webex, { script: [{ type: 'speak', audio: SPEECH }] });
    expect(result.violations).toEqual([]);
    expect(result.heard).toEqual(new Uint8Array(3200).fill(0x21));
  });

  test('tells every event as it happens, and the latencies of each turn', async () => {
    const { webex } = await connect();
    const events: CallEvent[] = [];
    const result = await place(webex, {
      script: [{ type: 'speak', audio: SPEECH }],
      onEvent: (event) => events.push(event),
    });
    expect(events).toEqual(result.events);
    expect(events.at(-1)).toMatchObject({ type: 'call-ended', outcome: 'hung-up' });
    const speech = result.latencies.find(({ input }) => input === 'audio');
    expect(speech?.endOfInputMs).toBeGreaterThan(100);
    expect(speech?.firstAudioMs).toBeGreaterThanOrEqual(speech?.endOfInputMs ?? Infinity);
  });
});

describe('barge-in', () => {
  test('opens the next RPC while an interruptible prompt plays, and drops the rest at START_OF_INPUT', async () => {
    const { webex } = await connect({
      answer: ({ type }) => ({ promptMs: type === 'start' ? 20_000 : 200 }),
    });
    const result = await place(webex, {
      script: [{ type: 'speak', audio: SPEECH, bargeIn: true }],
    });
    expect(result).toMatchObject({ outcome: 'hung-up', violations: [] });
    expect(result.heard.length).toBeLessThan(10_000 * 8);
    expect(firstAt(result, 'playback-cut')).toBeGreaterThan(0);
  });

  test('waits for the end of a prompt that must not be interrupted', async () => {
    const { webex } = await connect({ answer: () => ({ promptMs: 1000, bargeIn: false }) });
    const result = await place(webex, {});
    const opened = result.events.findIndex(
      (event) => event.type === 'rpc-opened' && event.turn === 2,
    );
    expect(firstAt(result, 'playback-ended')).toBeLessThan(opened);
    expect(result.heard).toHaveLength(8000);
  });

  test('ignores keys while such a prompt plays', async () => {
    const { gateway, webex } = await connect({
      answer: () => ({ promptMs: 3000, bargeIn: false }),
    });
    const result = await place(webex, { script: [{ type: 'press', digits: '1', bargeIn: true }] });
    expect(firstAt(result, 'key-ignored')).toBeGreaterThan(0);
    expect(inputsOf(gateway).flat()).not.toContain('digits');
  });

  test('keeps sending for a while after END_OF_INPUT, and half-closes at once without it', async () => {
    const msToHalfClose = async (bargeIn: boolean): Promise<number> => {
      const { webex } = await connect({ answer: () => ({ bargeIn }), replyDelayMs: 40 });
      const { events } = await place(webex, { script: [{ type: 'speak', audio: SPEECH }] });
      const end = events.find((it) => it.type === 'received' && it.event === 'END_OF_INPUT');
      const half = events.find((it) => it.type === 'half-closed' && it.turn === 2);
      return (half?.atMs ?? NaN) - (end?.atMs ?? NaN);
    };
    expect(await msToHalfClose(true)).toBeGreaterThan(120);
    expect(await msToHalfClose(false)).toBeLessThan(40);
  });
});

describe('keys', () => {
  const digitsOf = (seen: FakeInput[]): string[] =>
    seen.flatMap((input) => (input.type === 'digits' ? [input.digits] : []));
  const recording = (seen: FakeInput[], reply: object) => (input: FakeInput) => {
    seen.push(input);
    return reply;
  };

  test('announce themselves in the open audio RPC and follow in one of their own', async () => {
    const seen: FakeInput[] = [];
    const { gateway, webex } = await connect({ answer: recording(seen, {}) });
    const result = await place(webex, { script: [{ type: 'press', digits: '120#' }] });
    expect(result.violations).toEqual([]);
    expect(inputsOf(gateway).slice(0, 3)).toEqual([
      ['SESSION_START'],
      ['audio', 'START_OF_DTMF'],
      ['digits'],
    ]);
    expect(digitsOf(seen)).toEqual(['120#']);
  });

  test('wait for the end of the RPC that announced them', async () => {
    const { webex } = await connect({ answer: () => ({ digits: 1 }) });
    const result = await place(webex, { script: [{ type: 'press', digits: '7' }] });
    const closed = result.events.findIndex((it) => it.type === 'rpc-closed' && it.turn === 2);
    const opened = result.events.findIndex((it) => it.type === 'rpc-opened' && it.turn === 3);
    expect(closed).toBeGreaterThan(0);
    expect(opened).toBeGreaterThan(closed);
  });

  test('open an RPC only when they are complete where nothing but keys is taken', async () => {
    const seen: FakeInput[] = [];
    const { gateway, webex } = await connect({
      answer: recording(seen, { mode: 'INPUT_EVENT_DTMF', digits: 2 }),
    });
    const result = await place(webex, { script: [{ type: 'press', digits: '12' }] });
    expect(result.violations).toEqual([]);
    expect(inputsOf(gateway)).toEqual([['SESSION_START'], ['digits'], ['SESSION_END']]);
    expect(digitsOf(seen)).toEqual(['12']);
  });

  test('are sent when the next one is late', async () => {
    const seen: FakeInput[] = [];
    const { webex } = await connect({ answer: recording(seen, {}) });
    const result = await place(webex, { script: [{ type: 'press', digits: '45' }] });
    expect(digitsOf(seen)).toEqual(['45']);
    expect(result.durationMs).toBeGreaterThan(1000);
  });

  test('are ignored where only voice is taken', async () => {
    const { gateway, webex } = await connect({ answer: () => ({ mode: 'INPUT_VOICE' }) });
    const result = await place(webex, { script: [{ type: 'press', digits: '1#' }] });
    expect(inputsOf(gateway).flat()).not.toContain('START_OF_DTMF');
    expect(firstAt(result, 'key-ignored')).toBeGreaterThan(0);
  });
});

describe('silence', () => {
  test('becomes NO_INPUT when the timer of the last answer runs out', async () => {
    const seen: FakeInput[] = [];
    const { gateway, webex } = await connect({
      answer: (input) => {
        seen.push(input);
        return input.type === 'start' ? { noInputMs: 2000 } : {};
      },
    });
    const result = await place(webex, { script: [{ type: 'silence', ms: 3000 }] });
    expect(result.violations).toEqual([]);
    expect(seen.map(({ type }) => type)).toEqual(['start', 'no-input']);
    expect(inputsOf(gateway).slice(1, 3)).toEqual([['audio'], ['NO_INPUT']]);
  });

  test('is no NO_INPUT without a timer, unless the script says so', async () => {
    const { gateway, webex } = await connect();
    await place(webex, { script: [{ type: 'silence', ms: 3000 }] });
    expect(inputsOf(gateway).flat()).not.toContain('NO_INPUT');
    await place(webex, { script: [{ type: 'no-input' }] });
    expect(inputsOf(gateway).flat()).toContain('NO_INPUT');
  });
});

describe('hanging up', () => {
  test.each([
    ['own-rpc', ['SESSION_END']],
    ['open-rpc', ['audio', 'SESSION_END']],
    ['drop', ['audio']],
  ] as const)('%s', async (how, last) => {
    const { gateway, webex } = await connect();
    // A moment of silence first: what is cancelled as soon as it is opened may never arrive.
    const script = [{ type: 'silence', ms: 400 } as const, { type: 'hang-up', how } as const];
    const result = await place(webex, { script });
    expect(result).toMatchObject({ outcome: 'hung-up', violations: [], failure: undefined });
    await expect.poll(() => inputsOf(gateway).at(-1)).toEqual(last);
  });

  test('over a prompt stops it', async () => {
    const { webex } = await connect({ answer: () => ({ promptMs: 30_000 }) });
    const result = await place(webex, { script: [{ type: 'hang-up', bargeIn: true }] });
    expect(result.outcome).toBe('hung-up');
    expect(result.heard.length).toBeLessThan(80_000);
  });
});

describe('a gateway that misbehaves', () => {
  test('is reported when it sends no terminator', async () => {
    const { webex } = await connect({
      spoil: (response) => (response.prompts?.[0]?.audio_content?.length === 0 ? [] : [response]),
    });
    expect(broken(await place(webex, {}))).toEqual(['chunks-terminated']);
  });

  test('is reported when it puts a WAV into a chunk', async () => {
    const { webex } = await connect({
      spoil: (response) =>
        response.response_type === 'CHUNK'
          ? [{ ...response, prompts: [{ audio_content: Buffer.from(`RIFF${'x'.repeat(200)}`) }] }]
          : [response],
    });
    expect(broken(await place(webex, {}))).toEqual(['no-riff-in-chunk']);
  });

  test('fails the call when it never completes an RPC', async () => {
    const { webex } = await connect({ completes: false });
    const result = await place(webex, { completionTimeoutMs: 200 });
    expect(result.outcome).toBe('failed');
    expect(broken(result)).toEqual(['is-completed']);
  });

  test('fails the call when it is not there', async () => {
    const webex = connectWebex({ target: '127.0.0.1:1' });
    closers.push(() => webex.close());
    const result = await place(webex, {});
    expect(result.outcome).toBe('failed');
    expect(result.failure?.status?.name).toBe('UNAVAILABLE');
    expect((await webex.listVirtualAgents(ORGANISATION)).status.name).toBe('UNAVAILABLE');
  });

  test('cannot keep a call longer than its limit', async () => {
    const { webex } = await connect({ answer: () => ({ promptMs: 60_000 }) });
    const result = await place(webex, { maxCallMs: 2000 });
    expect(result).toMatchObject({
      outcome: 'failed',
      failure: { reason: 'the call took too long' },
    });
  });

  test('that does not hear the caller is noted and the call goes on', async () => {
    const { webex } = await connect();
    const whisper = new Uint8Array(320).fill(0x40);
    const result = await place(webex, { speed: 50, script: [{ type: 'speak', audio: whisper }] });
    expect(result.outcome).toBe('hung-up');
    expect(firstAt(result, 'speech-unheard')).toBeGreaterThan(0);
  });
});

test('what onEvent throws comes out of the call', async () => {
  const { webex } = await connect();
  const onEvent = (event: CallEvent): void => {
    if (event.type === 'playback-started') throw new Error('no');
  };
  await expect(place(webex, { onEvent })).rejects.toThrow('no');
});

test('options out of range are refused', async () => {
  const { webex } = await connect();
  await expect(place(webex, { speed: 0 })).rejects.toThrow(TypeError);
  await expect(place(webex, { maxCallMs: 1 })).rejects.toThrow(TypeError);
  await expect(place(webex, { script: [{ type: 'press', digits: '1x' }] })).rejects.toThrow(
    TypeError,
  );
});

test('a single RPC can be driven by hand', async () => {
  const { webex } = await connect();
  const requests = createRequestWriter({
    conversationId: 'c',
    organisationId: ORGANISATION,
  });
  const turn = webex.openTurn();
  turn.send(requests.event('SESSION_START', 'name', { deep: { list: [1, null] } }));
  expect(await turn.next()).toMatchObject({ response_type: 'CHUNK' });
  turn.halfClose();
  expect(turn.send(requests.digits('1'))).toBe(false);
  expect(await turn.next()).toMatchObject({ response_type: 'FINAL' });
  expect(await turn.next()).toBeUndefined();
  expect(await turn.status).toEqual({ code: 0, name: 'OK', details: 'OK' });
  expect(turn.messages).toHaveLength(2);

  const cancelled = webex.openTurn();
  cancelled.cancel();
  expect((await cancelled.status).name).toBe('CANCELLED');
});

test('[check 99] the catalogue is read and checked', async () => {
  const agent = { virtual_agent_id: 'a', virtual_agent_name: 'A', is_default: true };
  const { webex } = await connect({ agents: [agent, { ...agent, virtual_agent_name: '' }] });
  const listing = await webex.listVirtualAgents(ORGANISATION);
  expect(listing.agents[0]).toEqual({ id: 'a', name: 'A', isDefault: true, attributes: {} });
  expect(listing.violations.map(({ name }) => name)).toEqual([
    'unique-ids',
    'named-agents',
    'one-default',
  ]);
});
