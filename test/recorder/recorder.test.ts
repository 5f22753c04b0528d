import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import { type Agent, createAgentCatalogue } from '../../src/conversation/agent.ts';
import type { CallerInput } from '../../src/conversation/caller-input.ts';
import { createConversationDirectory } from '../../src/conversation/directory.ts';
import { Turn, type TurnDeps } from '../../src/conversation/turn.ts';
import { GatewayError } from '../../src/core/gateway-error.ts';
import { type VirtualClock, createVirtualClock, settled } from '../../src/core/virtual-clock.ts';
import type { BotHandler } from '../../src/handlers/bot-handler.ts';
import type { TurnInput } from '../../src/protocols/voice-virtual-agent/service.ts';
import { compareCalls, isDifferent } from '../../src/recorder/compare-calls.ts';
import { readRecording } from '../../src/recorder/read-recording.ts';
import { type RecorderOptions, createRecorder } from '../../src/recorder/recorder.ts';
import type { Recording } from '../../src/recorder/recording-format.ts';
import { replayCall, watchedOf } from '../../src/recorder/replay-call.ts';
import { createScriptedEars } from '../../src/recorder/scripted-ear.ts';
import { openRecorder } from '../../src/gateway/open-recorder.ts';
import { createClosers } from '../../src/core/closers.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { MINIMAL_CONFIG } from '../support/config-text.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { PRINCIPAL, SESSION_START } from '../support/call-rig.ts';
import { createLogRecorder } from '../support/log-recorder.ts';

const AGENT: Omit<Agent, 'bot'> = {
  id: 'front-desk',
  name: 'Front desk',
  isDefault: true,
  organisations: 'any',
  attributes: {},
  bargeIn: { by: 'either', protectMs: 0, onsetMs: 0, minSpeechMs: 300 },
  recogniser: undefined,
  inBandDigits: false,
  playback: 'chunk',
  listen: { mode: 'voice-and-digits', digits: { maxLength: 4 } },
  endpointing: {
    onsetMs: 100,
    completeTimeoutMs: 400,
    incompleteTimeoutMs: 400,
    maxSpeechMs: 10_000,
  },
  endOfInput: 'at-silence',
  apology: new Uint8Array(4_000),
  patience: {
    answerTimeoutMs: 5_000,
    firstAudioTimeoutMs: 60_000,
    filler: { audio: new Uint8Array(2_000), afterMs: 1_000, times: 2 },
  },
  fallback: { attempts: 2, action: 'transfer', farewell: new Uint8Array(4_800) },
};

/** A bot whose answers take time: `after` milliseconds before each thing. */
const slowBot = (clock: VirtualClock): BotHandler => ({
  name: 'slow',
  async *answer(_call, input) {
    const pause = (ms: number): Promise<void> =>
      new Promise((resolve) => void clock.setTimer(ms, resolve));
    await pause(40);
    if (input.type === 'start') yield { type: 'audio', audio: new Uint8Array(24_000) };
    if (input.type === 'speech') {
      yield {
        type: 'listen',
        settings: { mode: 'voice-and-digits', digits: { maxLength: 8 }, sensitive: true },
      };
      yield { type: 'say', text: 'twelve chars' };
    }
    if (input.type === 'digits') await pause(1_500);
    if (input.type === 'digits' && input.sensitive) yield { type: 'say', text: input.digits };
    if (input.type === 'digits' && !input.sensitive) throw new Error(input.digits);
    if (input.type === 'no-input') await new Promise(() => undefined);
  },
});

/** A call on a clock that is moved, with a recorder around it. */
async function createRig(
  options: Partial<RecorderOptions> = {},
  agentChanges: Partial<Agent> = {},
) {
  const folder = await mkdtemp(join(tmpdir(), 'byova-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const clock = createVirtualClock(1_700_000_000_000);
  const { logger, lines } = createLogRecorder();
  const synthesiser = {
    async synthesise(text: string) {
      return new Uint8Array(text.length * 160);
    },
    close: async () => undefined,
  };
  const openConverter = (): never => {
    throw new TypeError('no format is used');
  };
  const recorder = createRecorder(
    { folder, organisations: 'any', share: 1, maxBytes: 1_000_000, maxCalls: 10, ...options },
    { clock, logger, synthesiser },
  );
  const agent = recorder.tapAgent(
    { ...AGENT, bot: slowBot(clock), ...agentChanges },
    openConverter,
  );
  const metrics = createMetrics();
  const directory = createConversationDirectory(
    {
      maxConversations: 10,
      maxPerOrganisation: 10,
      organisationLimits: {},
      idleTimeoutMs: 600_000,
      unknown: 'create',
    },
    {
      clock,
      logger,
      metrics,
      observe: recorder.observe,
      catalogue: () => createAgentCatalogue([agent]),
    },
  );
  const ears = createScriptedEars();
  const deps: TurnDeps = {
    clock,
    logger,
    metrics,
    directory,
    observe: recorder.observe,
    synthesiser,
    openConverter,
    endConversation: directory.end,
    requireOrganisation: true,
    openEar(conversation) {
      const plain = ears.openEar(conversation);
      const { detector } = recorder.tapEar(conversation, {
        detector: { isSpeech: () => isLoud, reset: () => undefined, close: () => undefined },
        keys: undefined,
      });
      // The frame that the plain ear hears is what the tapped detector says of it.
      const hear = plain.hear.bind(plain);
      plain.hear = (input, listener, guardMs) => {
        ears.packet(detector.isSpeech(new Int16Array(160)) ? 's' : '.');
        hear(input, listener, guardMs);
      };
      return plain;
    },
  };
  let isLoud = false;
  let isFirst = true;
  const openRpc = (conversationId = 'call-1'): TurnInput & { send(input: CallerInput): void } => {
    const sink = {
      // The very first message finds a writer that is full.
      write: () => (isFirst ? (isFirst = false) : true),
      ready: () => new Promise<void>((resolve) => void clock.setTimer(30, resolve)),
      complete: () => undefined,
      fail: () => undefined,
    };
    const turn = recorder.tapTurn(PRINCIPAL, sink, (tapped) => new Turn(deps, PRINCIPAL, tapped));
    return {
      message: (message) => turn.message(message),
      halfClose: () => turn.halfClose(),
      cancelled: () => turn.cancelled(),
      send: (input) =>
        turn.message({
          conversationId,
          organisationId: PRINCIPAL.organisationId,
          agentId: '',
          allowPartialResponses: false,
          vendorConfig: '',
          input,
        }),
    };
  };
  const pass = async (ms: number): Promise<void> => {
    await settled();
    await clock.runTo(clock.now() + ms);
  };
  return {
    folder,
    lines,
    directory,
    openRpc,
    pass,
    async hear(rpc: ReturnType<typeof openRpc>, kind: 'speech' | 'silence', ms: number) {
      isLoud = kind === 'speech';
      for (let sent = 0; sent < ms; sent += 20) {
        rpc.send({
          type: 'audio',
          audio: new Uint8Array(160),
          encoding: undefined,
          sampleRateHz: 0,
          languageCode: '',
        });
        await pass(20);
      }
    },
    /** Ends everything and reads what there is. */
    async recordings(): Promise<readonly Recording[]> {
      directory.close();
      await recorder.close();
      const names = (await readdir(folder)).sort();
      return Promise.all(
        names.map(async (name) => readRecording(await readFile(join(folder, name), 'utf8'))),
      );
    },
  };
}

async function differencesIn(recording: Recording, toleranceMs = 0): Promise<unknown[]> {
  const lanes = compareCalls(
    watchedOf(recording.entries),
    await replayCall(recording),
    toleranceMs,
  );
  return lanes.flatMap(({ name, pairs }) =>
    pairs.filter(isDifferent).map((pair) => ({ name, ...pair })),
  );
}

/** Barge-in, a confidential number, a bot that throws, one that hangs, and the ladder to its end. */
async function playCall({ openRpc, hear, pass }: Awaited<ReturnType<typeof createRig>>) {
  const start = openRpc();
  start.send(SESSION_START);
  start.halfClose();
  await pass(500);
  start.cancelled();
  const speech = openRpc();
  await hear(speech, 'silence', 400);
  await hear(speech, 'speech', 600);
  await hear(speech, 'silence', 800);
  speech.halfClose();
  speech.cancelled();
  const secret = openRpc();
  await hear(secret, 'silence', 200);
  secret.send({ type: 'start-of-digits' });
  secret.cancelled();
  const keys = openRpc();
  for (const digit of '4711') {
    keys.send({ type: 'digits', digits: digit });
    await pass(100);
  }
  await pass(6_000);
  keys.cancelled();
  const plain = openRpc();
  plain.send({ type: 'digits', digits: '12*3' });
  await pass(3_000);
  plain.cancelled();
  const silent = openRpc();
  silent.send({ type: 'no-input' });
  await pass(8_000);
  silent.cancelled();
}

describe('recorder', () => {
  it('is not there unless the configuration has one', () => {
    const config = parseConfig(MINIMAL_CONFIG, { env: {}, baseDir: '/', fileName: 'test.yaml' });
    const clock = createVirtualClock(0);
    const { logger } = createLogRecorder();
    const synthesiser = { synthesise: async () => new Uint8Array(0), close: async () => undefined };
    expect(openRecorder(config, { clock, logger, synthesiser }, createClosers())).toBeUndefined();
  });

  it('records a call that today’s build repeats to the millisecond', async () => {
    const rig = await createRig();
    await playCall(rig);
    const [recording, ...others] = await rig.recordings();
    expect(others).toEqual([]);
    if (recording === undefined) throw new Error('nothing was recorded');
    const kinds = watchedOf(recording.entries).flatMap((entry) =>
      entry.type === 'moment' ? [entry.moment.type] : [],
    );
    expect(kinds).toEqual(
      expect.arrayContaining(['interrupted', 'filler', 'bot-failed', 'speech-ended', 'call-ended']),
    );
    expect(await differencesIn(recording)).toEqual([]);
  });

  it('records that a bot refused before it could be read', async () => {
    const refusing: BotHandler = {
      name: 'refusing',
      answer: () => ({
        [Symbol.asyncIterator]() {
          throw new GatewayError('ERR_HANDLER_BUSY', 'no');
        },
      }),
    };
    const rig = await createRig({}, { bot: refusing });
    const rpc = rig.openRpc();
    rpc.send(SESSION_START);
    await rig.pass(500);
    rpc.cancelled();
    const [recording] = await rig.recordings();
    if (recording === undefined) throw new Error('nothing was recorded');
    expect(JSON.stringify(recording.entries)).toContain('"code":"ERR_HANDLER_BUSY"');
    expect(await differencesIn(recording)).toEqual([]);
  });

  it('notices when the engine waits less, gives up sooner, or is set otherwise', async () => {
    const rig = await createRig();
    await playCall(rig);
    const [recording] = await rig.recordings();
    if (recording === undefined) throw new Error('nothing was recorded');
    const { header, entries } = recording;
    const { agent } = header;
    for (const changed of [
      { ...agent, endpointing: { ...agent.endpointing, completeTimeoutMs: 260 } },
      { ...agent, patience: { ...agent.patience, answerTimeoutMs: 900 } },
      { ...agent, fallback: { ...agent.fallback, attempts: 1 } },
      { ...agent, bargeIn: { ...agent.bargeIn, by: 'none' as const } },
    ])
      expect(
        await differencesIn({ header: { ...header, agent: changed }, entries }, 60),
      ).not.toEqual([]);
  });

  it('leaves of confidential input neither keys, nor how many, nor what was heard', async () => {
    const rig = await createRig({}, { listen: { mode: 'voice-and-digits', sensitive: true } });
    const rpc = rig.openRpc();
    await rig.hear(rpc, 'silence', 200);
    await rig.hear(rpc, 'speech', 400);
    await rig.hear(rpc, 'silence', 200);
    await rig.hear(rpc, 'speech', 200);
    await rig.hear(rpc, 'silence', 1_000);
    rpc.cancelled();
    const keys = rig.openRpc();
    for (const digit of '47114711') keys.send({ type: 'digits', digits: digit });
    keys.send({ type: 'digits', digits: '' });
    await rig.pass(100);
    const [recording] = await rig.recordings();
    const text = JSON.stringify(recording);
    const packets = recording?.entries.flatMap((entry) =>
      entry.type === 'audio' ? entry.packets : [],
    );
    expect(packets?.join(' ')).toMatch(/_/u);
    expect(packets?.join(' ').replace(/20|x\d+/gu, '')).toMatch(/^[\d _<>?]+$/u);
    expect(text).not.toMatch(/"digits":"|speechMs/u);
    expect(text.match(/"type":"in"/gu)).toHaveLength(1);
  });

  it('records the organisations and the share that it is told to, and no more at once than it may', async () => {
    const shares = await Promise.all(
      [{ share: 0 }, { organisations: new Set(['another']) }, { maxCalls: 2 }].map(
        async (options) => {
          const rig = await createRig(options);
          for (const id of ['a', 'b', 'c']) {
            rig.openRpc(id).send(SESSION_START);
            await rig.pass(100);
          }
          return (await rig.recordings()).length;
        },
      ),
    );
    expect(shares).toEqual([0, 0, 2]);
  });

  it('ends a recording for itself when something in it goes wrong, and the call goes on', async () => {
    const rig = await createRig({ folder: join(import.meta.filename, 'nowhere') });
    await playCall(rig);
    await expect(rig.recordings()).resolves.toEqual([]);
    const failed = rig.lines.filter(({ fields }) => fields['event'] === 'recorder.failed');
    expect(failed).toHaveLength(1);
  });
});

describe('a call that leaves the process', () => {
  it('is recorded on when it returns, and no more when it stays away', async () => {
    const { directory, openRpc, pass, recordings } = await createRig();
    const held = () =>
      directory.find(PRINCIPAL, {
        conversationId: 'call-1',
        organisationId: PRINCIPAL.organisationId,
        agentId: '',
        allowPartialResponses: false,
        vendorConfig: '',
        input: SESSION_START,
      });
    const visit = async (input: CallerInput): Promise<void> => {
      const rpc = openRpc();
      rpc.send(input);
      await pass(4_000);
    };
    await visit(SESSION_START);
    const conversation = held();
    if (conversation === undefined) throw new Error('the call is not held');
    directory.handOver(conversation);
    await pass(59_000);
    directory.takeBack(conversation);
    await visit({ type: 'digits', digits: '1234' });
    directory.handOver(conversation);
    await pass(60_000);
    directory.takeBack(conversation);
    await visit({ type: 'digits', digits: '5678' });
    const [recording] = await recordings();
    const asked = recording?.entries.filter(
      (entry) => entry.type === 'moment' && entry.moment.type === 'asked',
    );
    expect(asked).toHaveLength(2);
  });
});
