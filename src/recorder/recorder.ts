import { createHmac, randomBytes } from 'node:crypto';

import type { Agent } from '../conversation/agent.ts';
import type { CallObserver } from '../conversation/call-observer.ts';
import type { TurnMessage } from '../conversation/caller-input.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { OpenConverter } from '../conversation/sound-stream.ts';
import type { SpeechSynthesiser } from '../conversation/speech-synthesiser.ts';
import type { Clock, Timer } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { BotCall } from '../handlers/bot-handler.ts';
import type { TurnTap } from '../protocols/voice-virtual-agent/service.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { logEvent } from '../telemetry/log-events.ts';
import { readBuildVersion } from './build-version.ts';
import { type CallRecording, createCallRecording } from './call-recording.ts';
import { type RecordingFile, createRecordingFile } from './recording-file.ts';
import { RECORDING_FORMAT, RECORDING_VERSION } from './recording-format.ts';
import { createInFolder, recordingNameOf } from './recordings-folder.ts';
import { redactAgent } from './redact.ts';
import { tapBot } from './tap-bot.ts';
import { type Hearing, tapEar } from './tap-ear.ts';

/** Which calls are recorded, and how much of them. */
export interface RecorderOptions {
  /** Absolute path; it is made when it is needed. */
  readonly folder: string;
  /** UUIDs in lower case, or everybody. */
  readonly organisations: 'any' | ReadonlySet<string>;
  /** Of the calls, 0 to 1. */
  readonly share: number;
  /** Most bytes of one call's file. */
  readonly maxBytes: number;
  /** Most files in the folder, at least 1: the oldest go. No more calls are recorded at once, nor than 100. */
  readonly maxCalls: number;
}

/** What a recorder works with. */
export interface RecorderDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly synthesiser: SpeechSynthesiser;
}

/**
 * Takes down whole calls: messages, decisions and times, nothing of what is said. Calls never wait for it, and whatever goes
 * wrong in it ends a recording, never a call.
 */
export interface Recorder {
  readonly tapTurn: TurnTap;
  tapEar(conversation: Conversation, hearing: Hearing): Hearing;
  tapAgent(agent: Agent, openConverter: OpenConverter): Agent;
  readonly observe: CallObserver;
  /** Ends every recording; resolves when they are on the disk. */
  close(): Promise<void>;
}

/** Each has a file open. */
const MAX_AT_ONCE = 100;
/** A call's last RPCs end after the call. */
const LINGER_MS = 5_000;
/** A call that is gone for so long goes on in another process, where it is not recorded. */
const AWAY_MS = 60_000;

interface RecordedCall {
  readonly key: string;
  readonly name: string;
  readonly recording: CallRecording;
  readonly file: RecordingFile;
  /** The answer that the bot was asked for last. */
  turn: number;
  hasFailed: boolean;
  linger: Timer | undefined;
}

/** An RPC, from before it is known to which call it belongs. */
interface TappedRpc {
  readonly key: string;
  readonly message: TurnMessage;
  attach(call: RecordedCall): void;
}

/** Creates a recorder. Nothing touches the disk before the first call. */
export function createRecorder(options: RecorderOptions, deps: RecorderDeps): Recorder {
  const { clock, logger } = deps;
  const build = readBuildVersion();
  // Pseudonyms of one process can be compared with each other, and turned back by nobody.
  const secret = randomBytes(32);
  const pseudonymOf = (text: string): string =>
    createHmac('sha256', secret).update(text).digest('hex').slice(0, 10);
  const maxAtOnce = Math.min(MAX_AT_ONCE, options.maxCalls);
  const calls = new Map<string, RecordedCall>();
  const callsOfBots = new WeakMap<BotCall, RecordedCall>();
  const inUse = new Set<string>();
  const closing = new Set<Promise<void>>();
  /** The RPC whose first message is being taken: the call that starts meanwhile is its. */
  let entering: TappedRpc | undefined;

  const finish = (call: RecordedCall): void => {
    call.linger?.cancel();
    if (calls.get(call.key) === call) calls.delete(call.key);
    const closeFile = async (): Promise<void> => {
      await call.file.close();
      inUse.delete(call.name);
      closing.delete(closed);
    };
    const closed = closeFile();
    closing.add(closed);
  };
  const fail = (call: RecordedCall, error: unknown): void => {
    if (call.hasFailed) return;
    call.hasFailed = true;
    logEvent(logger, 'recorder.failed', describeError(error));
    finish(call);
  };
  /** Whatever goes wrong here is no business of the call. */
  const safely = (
    call: RecordedCall | undefined,
    note: (recording: CallRecording) => void,
  ): void => {
    if (call === undefined || call.hasFailed) return;
    try {
      note(call.recording);
    } catch (error) {
      fail(call, error);
    }
  };
  const isWanted = ({ agent, call }: Conversation, pseudonym: string): boolean =>
    agent.relay === undefined &&
    inUse.size < maxAtOnce &&
    (options.organisations === 'any' || options.organisations.has(call.organisationId)) &&
    Number.parseInt(pseudonym.slice(0, 8), 16) / 2 ** 32 < options.share;
  const start = (conversation: Conversation): RecordedCall | undefined => {
    const { key, agent, call } = conversation;
    const before = calls.get(key);
    if (before !== undefined) finish(before);
    const pseudonym = pseudonymOf(`${key} ${conversation.startedAtMs}`);
    if (!isWanted(conversation, pseudonym)) return undefined;
    const startedAt = new Date(conversation.startedAtMs).toISOString();
    const name = recordingNameOf(startedAt, pseudonym);
    if (inUse.has(name)) return undefined;
    inUse.add(name);
    const file = createRecordingFile(
      {
        format: RECORDING_FORMAT,
        version: RECORDING_VERSION,
        build,
        startedAt,
        call: pseudonym,
        organisation: pseudonymOf(call.organisationId),
        agent: redactAgent(agent),
      },
      {
        maxBytes: options.maxBytes,
        open: () => createInFolder(options.folder, name, { maxFiles: options.maxCalls, inUse }),
        onError: (error) => fail(recorded, error),
      },
    );
    const recorded: RecordedCall = {
      key,
      name,
      file,
      recording: createCallRecording(conversation, { clock, write: file.add }),
      turn: 0,
      hasFailed: false,
      linger: undefined,
    };
    calls.set(key, recorded);
    callsOfBots.set(call, recorded);
    logEvent(logger, 'recorder.started', {
      conversation: call.conversationId,
      organisation: call.organisationId,
      file: name,
    });
    return recorded;
  };

  return {
    tapTurn(principal, sink, open) {
      let call: RecordedCall | undefined;
      let rpc = 0;
      let isOver = false;
      const attach = (found: RecordedCall, message: TurnMessage): void => {
        call = found;
        safely(call, (recording) => {
          rpc = recording.openRpc(message.allowPartialResponses);
          recording.messageCame(rpc, message);
        });
      };
      const end = (failure?: { readonly error: unknown }): void => {
        if (isOver) return;
        isOver = true;
        safely(call, (recording) => recording.ended(rpc, failure));
      };
      const turn = open({
        write(output) {
          const hasRoom = sink.write(output);
          safely(call, (recording) => recording.wrote(rpc, output, !hasRoom));
          return hasRoom;
        },
        async ready() {
          const fullAtMs = clock.now();
          await sink.ready();
          safely(call, (recording) => recording.hadRoom(rpc, clock.now() - fullAtMs));
        },
        complete() {
          end();
          sink.complete();
        },
        fail(error) {
          end({ error });
          sink.fail(error);
        },
      });
      const came = (message: TurnMessage): void => {
        if (call !== undefined)
          return safely(call, (recording) => recording.messageCame(rpc, message));
        const key = `${principal.organisationId} ${message.conversationId}`;
        const found = calls.get(key);
        if (found !== undefined) return attach(found, message);
        entering = { key, message, attach: (started) => attach(started, message) };
        return undefined;
      };
      return {
        message(message) {
          came(message);
          let failure: { readonly error: unknown } | undefined;
          try {
            turn.message(message);
          } catch (error) {
            failure = { error };
            throw error;
          } finally {
            entering = undefined;
            safely(call, (recording) => recording.messageTaken(failure?.error));
            if (failure !== undefined) end(failure);
          }
        },
        halfClose() {
          safely(call, (recording) => recording.halfClosed(rpc));
          turn.halfClose();
        },
        cancelled() {
          safely(call, (recording) => recording.closed(rpc));
          isOver = true;
          turn.cancelled();
        },
      };
    },
    tapEar(conversation, hearing) {
      const call = callsOfBots.get(conversation.call);
      return call === undefined ? hearing : tapEar(hearing, (note) => safely(call, note));
    },
    tapAgent: (agent, openConverter) =>
      agent.relay !== undefined
        ? agent
        : {
            ...agent,
            bot: tapBot(agent.bot, {
              synthesiser: deps.synthesiser,
              openConverter,
              find(call) {
                const found = callsOfBots.get(call);
                return found === undefined || found.hasFailed ? undefined : found;
              },
              onError: (error) => logEvent(logger, 'recorder.failed', describeError(error)),
            }),
          },
    observe(conversation, moment) {
      let call = callsOfBots.get(conversation.call);
      if (moment.type === 'call-started') {
        call = start(conversation);
        if (call !== undefined && entering?.key === conversation.key) entering.attach(call);
      }
      if (call === undefined) return;
      if (moment.type === 'call-returned') return call.linger?.cancel();
      if (moment.type === 'call-left') {
        const left = call;
        call.linger = clock.setTimer(AWAY_MS, () => {
          callsOfBots.delete(conversation.call);
          finish(left);
        });
        return undefined;
      }
      if (moment.type === 'asked') call.turn = moment.turn;
      safely(call, (recording) => recording.moment(moment));
      if (moment.type === 'call-ended' && !call.hasFailed) {
        const ended = call;
        call.linger = clock.setTimer(LINGER_MS, () => finish(ended));
      }
    },
    async close() {
      for (const call of calls.values()) finish(call);
      await Promise.all(closing);
    },
  };
}
