import { createAgentCatalogue, type Agent } from '../../src/conversation/agent.ts';
import type { CallMoment, CallObserver } from '../../src/conversation/call-observer.ts';
import type { CallerInput, TurnMessage } from '../../src/conversation/caller-input.ts';
import {
  createConversationDirectory,
  type DirectoryOptions,
} from '../../src/conversation/directory.ts';
import { Ear, type KeyDetector } from '../../src/conversation/ear.ts';
import type { Principal } from '../../src/conversation/principal.ts';
import { Turn, type TurnDeps } from '../../src/conversation/turn.ts';
import type { TurnOutput } from '../../src/conversation/turn-output.ts';
import { TELEPHONE_FORMAT } from '../../src/audio/audio-format.ts';
import { createTelephoneStream } from '../../src/audio/telephone-stream.ts';
import { countCalls } from '../../src/conversation/count-calls.ts';
import { createEndpointer } from '../../src/audio/endpointer.ts';
import { createSpeechCollector } from '../../src/audio/speech-collector.ts';
import { createCallerAudio } from '../../src/audio/caller-audio.ts';
import { loadResampler } from '../../src/audio/resample.ts';
import type { BotHandler } from '../../src/handlers/bot-handler.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createFakeClock } from './fake-clock.ts';
import { createScriptedRecogniser } from './scripted-recogniser.ts';
import { createLogRecorder } from './log-recorder.ts';

const ORGANISATION = '7a8b9c0d-1111-4222-8333-444455556666';
const CONVERSATION = 'c0ffee00-0000-4000-8000-000000000001';

export const PRINCIPAL: Principal = {
  organisationId: ORGANISATION,
  issuer: 'https://issuer.test/idb',
  audience: 'aud',
  subject: 'sub',
  dataSourceUrl: 'https://voice.example.com:443',
  schemaId: '5397013b-7920-4ffc-807c-e8a3e0a18f43',
  tokenId: 'nonce',
  expiresAtMs: Number.MAX_SAFE_INTEGER,
};

/** What a turn did with its RPC. */
export interface RecordedRpc {
  readonly turn: Turn;
  readonly written: TurnOutput[];
  /** How it ended: `ok`, an error, or `undefined` while it is open. */
  readonly end: () => 'ok' | Error | undefined;
  /** How often `complete` or `fail` was called. */
  readonly ends: () => number;
  send(input: CallerInput, overrides?: Partial<TurnMessage>): void;
  /** Resolves when the RPC has ended. */
  readonly ended: Promise<void>;
  /** Makes `write` report a full writer until `drain` is called. */
  stall(): void;
  drain(): void;
}

export interface RigOptions {
  readonly bot: BotHandler;
  readonly agent?: Partial<Agent>;
  readonly agents?: readonly Agent[];
  readonly directory?: Partial<DirectoryOptions>;
  readonly requireOrganisation?: boolean;
  readonly keys?: () => KeyDetector;
  /** What a recogniser understands, utterance by utterance. */
  readonly recogniser?: readonly string[];
}

/**
 * The conversation room with a fake world around it: a fake clock, an ear that takes loud frames for speech, a
 * synthesiser that makes 20 ms of sound a character.
 */
export async function createCallRig(options: RigOptions) {
  const clock = createFakeClock();
  const log = createLogRecorder();
  const metrics = createMetrics();
  const resampler = await loadResampler();
  const phrases = new Map<string, Uint8Array>();
  const agent: Agent = {
    id: 'front-desk',
    name: 'Front desk',
    isDefault: true,
    organisations: 'any',
    attributes: {},
    bot: options.bot,
    bargeIn: { by: 'either', protectMs: 0, onsetMs: 0, minSpeechMs: 0 },
    recogniser:
      options.recogniser &&
      createScriptedRecogniser(
        options.recogniser.map((text) => ({ type: 'says', text })),
        { clock },
      ),
    inBandDigits: false,
    playback: 'chunk',
    listen: { mode: 'voice-and-digits', digits: {}, speech: {}, sensitive: false },
    endpointing: {
      onsetMs: 100,
      completeTimeoutMs: 400,
      incompleteTimeoutMs: 400,
      maxSpeechMs: 10_000,
    },
    endOfInput: 'at-silence',
    apology: new Uint8Array(4_000).fill(0x55),
    patience: { answerTimeoutMs: 30_000, firstAudioTimeoutMs: 60_000, filler: undefined },
    fallback: { attempts: 100, action: 'listen', farewell: new Uint8Array(4_800).fill(0x56) },
    ...options.agent,
  };
  const moments: CallMoment[] = [];
  const count = countCalls(metrics);
  const observe: CallObserver = (conversation, moment) => {
    moments.push(moment);
    count(conversation, moment);
  };
  const catalogue = createAgentCatalogue(options.agents ?? [agent]);
  const directory = createConversationDirectory(
    {
      maxConversations: 100,
      maxPerOrganisation: 100,
      organisationLimits: {},
      idleTimeoutMs: 600_000,
      unknown: 'create',
      ...options.directory,
    },
    { clock, logger: log.logger, metrics, observe, catalogue: () => catalogue },
  );
  const deps: TurnDeps = {
    clock,
    logger: log.logger,
    metrics,
    directory,
    requireOrganisation: options.requireOrganisation ?? true,
    endConversation: directory.end,
    observe,
    openConverter: (format) =>
      createTelephoneStream(format === 'wav' ? TELEPHONE_FORMAT : format, { resampler }),
    synthesiser: {
      async synthesise(text) {
        const known = phrases.get(text) ?? new Uint8Array(text.length * 160).fill(0x42);
        phrases.set(text, known);
        return known;
      },
      close: async () => undefined,
    },
    openEar: ({ bot, agent: { endpointing, recogniser } }) =>
      new Ear({
        callerAudio: createCallerAudio({ resampler }),
        detector: {
          isSpeech: (pcm) => (pcm[0] ?? 0) > 1_000,
          reset: () => undefined,
          close: () => undefined,
        },
        endpointer: createEndpointer(endpointing),
        keys: options.keys?.(),
        maxStreamBytes: 80_000,
        collector:
          bot.hears !== undefined || recogniser !== undefined
            ? createSpeechCollector({ preRollMs: 200, maxMs: endpointing.maxSpeechMs })
            : undefined,
      }),
  };

  const open = (principal = PRINCIPAL): RecordedRpc => {
    const written: TurnOutput[] = [];
    let end: 'ok' | Error | undefined;
    let ends = 0;
    let isFull = false;
    let wake: (() => void)[] = [];
    let resolveEnded: () => void;
    const ended = new Promise<void>((resolve) => {
      resolveEnded = resolve;
    });
    const finish = (how: 'ok' | Error): void => {
      ends += 1;
      end ??= how;
      // One turn of the loop later, when the conversation has settled.
      setImmediate(resolveEnded);
    };
    const turn = new Turn(deps, principal, {
      write(output) {
        if (end !== undefined) throw new Error('written after the end');
        written.push(output);
        return !isFull;
      },
      ready: () => (isFull ? new Promise((resolve) => wake.push(resolve)) : Promise.resolve()),
      complete: () => finish('ok'),
      fail: (error) => finish(error instanceof Error ? error : new Error(String(error))),
    });
    return {
      turn,
      written,
      end: () => end,
      ends: () => ends,
      ended,
      send: (input, overrides = {}) =>
        turn.message({
          conversationId: CONVERSATION,
          organisationId: principal.organisationId,
          agentId: '',
          allowPartialResponses: false,
          vendorConfig: '',
          input,
          ...overrides,
        }),
      stall: () => void (isFull = true),
      drain() {
        isFull = false;
        const woken = wake;
        wake = [];
        for (const resolve of woken) resolve();
      },
    };
  };
  return { clock, log, metrics, directory, agent, moments, open };
}

export const SESSION_START: CallerInput = { type: 'session-start', name: '', parameters: {} };

/** Frames of caller audio: µ-law, 8000 Hz, 20 ms each. */
export function frames(kind: 'speech' | 'silence', ms: number): CallerInput[] {
  return Array.from({ length: ms / 20 }, () => ({
    type: 'audio' as const,
    audio: new Uint8Array(160).fill(kind === 'speech' ? 0x90 : 0xff),
    encoding: undefined,
    sampleRateHz: 0,
    languageCode: '',
  }));
}
