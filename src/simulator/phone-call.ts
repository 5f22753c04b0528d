import { FRAME_MS } from '../audio/audio-format.ts';
import { createAudioTrack } from './audio-track.ts';
import type { CallEvent, CallHappening, CallOutcome, TurnLatency } from './call-event.ts';
import { createCallLeg } from './call-leg.ts';
import { type CallOptions, compileCallOptions } from './call-options.ts';
import { createCallTurns } from './call-turns.ts';
import type { ContractViolation } from './contract-rules.ts';
import { createContractChecker } from './contract.ts';
import type { FrameTickers } from './frame-ticker.ts';
import { createLoudspeaker } from './loudspeaker.ts';
import { createMicrophone } from './microphone.ts';
import type { CallRecording } from './recording.ts';
import type { RpcStatus } from './rpc-status.ts';
import { runScript } from './run-script.ts';
import type { TurnListener, TurnStream } from './turn-stream.ts';
import { createRequestWriter } from './wire-message.ts';

/** What a call is placed over. */
export interface PhoneLine {
  readonly openStream: (listener: TurnListener) => TurnStream;
  readonly tickers: FrameTickers;
}

/** What became of a call. */
export interface CallResult {
  readonly conversationId: string;
  readonly outcome: CallOutcome;
  /** Set when the outcome is `failed`; with the status when an RPC's status was the reason. */
  readonly failure: { readonly reason: string; readonly status: RpcStatus | undefined } | undefined;
  /** RPCs opened. */
  readonly turns: number;
  /** What happened, in order; at most the first 20,000 events. */
  readonly events: readonly CallEvent[];
  readonly violations: readonly ContractViolation[];
  readonly latencies: readonly TurnLatency[];
  /** What was played to the caller, without the pauses: µ-law, 8000 Hz, mono. Empty when nothing is kept. */
  readonly heard: Uint8Array;
  /** Both sides on one timeline. Empty when nothing is kept. */
  readonly recording: CallRecording;
  /** In milliseconds of the caller's time. */
  readonly durationMs: number;
}

const MAX_EVENTS = 20_000;
/** A gateway that ends each RPC at once would else be called again fifty times a second. */
const MAX_TURNS = 2000;

/**
 * Plays Webex for one call, from SESSION_START to its end.
 *
 * Never rejects for what the gateway does: a call that goes wrong has the outcome `failed`. It always ends: the length of
 * the call, of each wait for an answer, and the number of messages are limited.
 *
 * @throws {TypeError} When an option is out of range. What `onEvent` or the token's source throws comes out as well.
 */
export async function placeCall(line: PhoneLine, callOptions: CallOptions): Promise<CallResult> {
  const options = compileCallOptions(callOptions);
  const { speed } = options;
  const ticker = line.tickers(speed);
  const microphone = await createMicrophone(options.format);
  const speaker = createLoudspeaker();
  const tracks = { caller: createAudioTrack(), bot: createAudioTrack(), heard: createAudioTrack() };
  const events: CallEvent[] = [];
  const waiters = createWaiters();
  const startedAt = performance.now();
  let ticks = 0;
  let failure: CallResult['failure'];

  const playedMs = (): number => ticks * FRAME_MS;
  const nowMs = (): number =>
    speed === Infinity ? playedMs() : (performance.now() - startedAt) * speed;
  const emit = (happening: CallHappening): void => {
    const event: CallEvent = { ...happening, atMs: nowMs() };
    if (events.length < MAX_EVENTS) events.push(event);
    options.onEvent(event);
  };
  const fail = (reason: string, status?: RpcStatus): void => {
    if (failure !== undefined) return;
    failure = { reason, status };
    emit({ type: 'call-failed', reason });
  };
  let fault: { readonly error: unknown } | undefined;
  /** Events and beats come from elsewhere: what is thrown in them must come out of the call, not out of the process. */
  const guard = (step: () => void): void => {
    try {
      step();
    } catch (error) {
      fault ??= { error };
      failure ??= { reason: 'the simulator failed', status: undefined };
    }
    waiters.check();
  };

  const checker = createContractChecker({
    playback: () => speaker.state(),
    onViolation: (violation) => emit({ type: 'contract-broken', violation }),
  });
  const turns = createCallTurns({
    openStream: (listener) =>
      line.openStream({
        received: (response) => guard(() => listener.received(response)),
        closed: (status) => guard(() => listener.closed(status)),
      }),
    checker,
    emit,
    nowMs,
    onAnswer: (turn, response) => leg.answered(turn, response),
    onClosed(turn, status) {
      leg.closed(turn);
      if (status.code !== 0 && !turn.wasCancelled())
        fail(`turn ${turn.turn} ended with ${status.name}`, status);
    },
  });
  const leg = createCallLeg({
    options,
    turns,
    requests: createRequestWriter(options),
    speaker,
    microphone,
    tracks: options.record ? tracks : undefined,
    emit,
    nowMs,
    fail,
  });

  let lastBeatAt = startedAt;
  const leave = ticker.join(() => {
    const now = performance.now();
    const isStuck = speed === Infinity && leg.isStuck();
    guard(() => {
      if (nowMs() > options.maxCallMs) fail('the call took too long');
      if (turns.count() > MAX_TURNS) fail('the call took too many turns');
      if (turns.isOverdue(options.completionTimeoutMs)) fail('an RPC was not completed in time');
      if (isStuck) {
        if (now - lastBeatAt > options.completionTimeoutMs) fail('the gateway does not read');
        return;
      }
      lastBeatAt = now;
      ticks += 1;
      leg.tick();
    });
    return !isStuck;
  });
  const hasEnded = (): boolean => failure !== undefined || leg.ending() !== undefined;
  const until = async (test: () => boolean): Promise<boolean> => {
    await waiters.until(() => hasEnded() || test());
    return !hasEnded();
  };
  try {
    leg.start(options.sessionName, options.sessionParameters);
    await runScript({ leg, microphone, playedMs, until }, options.script);
    const isQuiet = (): boolean => leg.ending() === 'hung-up' || speaker.state() === 'idle';
    await waiters.until(() => failure !== undefined || (!turns.hasOpen() && isQuiet()));
  } finally {
    leave();
    checker.finish();
    turns.cancelAll();
  }
  if (fault !== undefined) throw fault.error;
  const outcome = failure === undefined ? (leg.ending() ?? 'hung-up') : 'failed';
  emit({ type: 'call-ended', outcome });
  return {
    conversationId: options.conversationId,
    outcome,
    failure,
    turns: turns.count(),
    events,
    violations: checker.violations,
    latencies: turns.latencies,
    heard: tracks.heard.toBytes(),
    recording: { caller: tracks.caller.toBytes(), bot: tracks.bot.toBytes() },
    durationMs: nowMs(),
  };
}

interface Waiters {
  /** Resolves at the first `check` at which `test` holds, or at once. */
  until(test: () => boolean): Promise<void>;
  check(): void;
}

/** One promise for each thing that is waited for, instead of one for each frame. */
function createWaiters(): Waiters {
  const waiting = new Map<() => boolean, () => void>();
  return {
    until: (test) =>
      new Promise((resolve) => {
        if (test()) resolve();
        else waiting.set(test, resolve);
      }),
    check() {
      for (const [test, resolve] of waiting)
        if (test()) {
          waiting.delete(test);
          resolve();
        }
    },
  };
}
