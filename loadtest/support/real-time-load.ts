import { FRAME_MS } from '../../src/audio/audio-format.ts';
import { loadVoiceVirtualAgent } from '../../src/protocols/voice-virtual-agent/wire.ts';
import { type CallConnection, openCallConnection } from './call-connection.ts';
import type { GatewayChild } from './gateway-child.ts';
import { CallFigures, RealTimeCall, toSpokenWords } from './real-time-call.ts';
import { Tally } from './tally.ts';
import type { Utterance } from './utterances.ts';

/** Many callers in real time. */
export interface RealTimeLoad {
  readonly calls: number;
  /** What the callers measured. */
  readonly figures: CallFigures;
  /** How late frames left this process, against their own pace: none of it is the gateway's fault. */
  readonly latenessMs: Tally;
  /** How long frames waited for the gateway's windows: the 99th percentile of those that did, on the worst connection, in milliseconds. */
  readonly heldMs: () => number;
  /** Frames that wait for them now. */
  readonly held: () => number;
  /** Callers who have begun and neither hung up nor failed. */
  readonly callsOn: () => number;
  /** Frames of sound sent so far. */
  readonly frames: () => number;
  /** Lets the calls from one number to another, which it leaves out, ring within `spreadMs`, evenly. */
  start(from: number, to: number, spreadMs: number): void;
  hangUp(from: number, to: number): void;
  /** Begins to count anew. */
  reset(): void;
  /** Hangs up nothing: cuts the connections. */
  close(): void;
}

/** What a load is made of. */
export interface RealTimeLoadOptions extends Pick<GatewayChild, 'target' | 'token'> {
  readonly calls: number;
  readonly connections: number;
  /** Who signed the certificate of what stands before the gateway, in PEM; absent: no TLS. */
  readonly ca?: string;
  readonly utterances: readonly Utterance[];
  readonly agentId: string;
}

/** Frames that leave together at most, however late the process is. */
const MAX_BATCH = 256;
/** A process that slept longer does not make up for it. */
const MAX_LAG_FRAMES = 50;

/** Connects, and lets the time begin; each call has its own moment within the 20 ms, evenly spread over all. */
export async function startRealTimeLoad(options: RealTimeLoadOptions): Promise<RealTimeLoad> {
  const { ProcessCallerInput: method } = loadVoiceVirtualAgent();
  const words = options.utterances.map(toSpokenWords);
  const figures = new CallFigures();
  const latenessMs = new Tally();
  const connections: readonly CallConnection[] = await Promise.all(
    Array.from({ length: options.connections }, () =>
      openCallConnection(options.target, {
        path: method.path,
        token: options.token,
        ca: options.ca,
      }),
    ),
  );
  const calls = Array.from({ length: options.calls }, (_, index) => {
    const connection = connections[index % connections.length];
    const said = words[index % words.length];
    if (connection === undefined || said === undefined) throw new TypeError('nobody to call');
    return new RealTimeCall({ connection, figures, words: said, agentId: options.agentId });
  });
  const stepMs = FRAME_MS / calls.length;
  const originMs = performance.now();
  let step = 0;
  let frames = 0;
  let isClosed = false;

  /** Lets a call speak at each step, until all that is due has left. */
  const beat = (): void => {
    if (isClosed) return;
    const due = Math.floor((performance.now() - originMs) / stepMs);
    step = Math.max(step, due - MAX_LAG_FRAMES * calls.length);
    while (step <= due) {
      const begin = step;
      const end = Math.min(due + 1, step + MAX_BATCH);
      let sent = 0;
      for (; step < end; step += 1)
        if (calls[step % calls.length]?.tick(originMs + step * stepMs) === true) sent += 1;
      for (const connection of connections) connection.flush();
      if (sent === 0) continue;
      frames += sent;
      const now = performance.now();
      // Each call has its steps, whether it speaks or not.
      for (let past = begin; past < end; past += 1) latenessMs.note(now - originMs - past * stepMs);
    }
    setTimeout(beat, 1);
  };
  beat();
  return {
    calls: calls.length,
    figures,
    latenessMs,
    heldMs: () => Math.max(...connections.map(({ heldMs }) => heldMs.percentile(0.99) || 0)),
    held: () => connections.reduce((sum, connection) => sum + connection.held(), 0),
    callsOn: () => calls.filter(({ isOn }) => isOn).length,
    frames: () => frames,
    start(from, to, spreadMs) {
      const now = performance.now();
      for (let index = from; index < to; index += 1)
        calls[index]?.startAt(now + ((index - from) * spreadMs) / (to - from));
    },
    hangUp(from, to) {
      for (let index = from; index < to; index += 1) calls[index]?.hangUp();
      for (const connection of connections) connection.flush();
    },
    reset() {
      figures.reset();
      latenessMs.reset();
      for (const { heldMs } of connections) heldMs.reset();
    },
    close() {
      isClosed = true;
      for (const connection of connections) connection.close();
    },
  };
}
