import { type CostFigures, costDifference, frameCosts, idleCpu, microsOf } from './cost-figures.ts';
import type { Cost } from './cost-rounds.ts';
import { fitLine } from './linear-fit.ts';

/** What a balancer uses, in microseconds of CPU time. */
interface BalancerUnit {
  readonly name: string;
  readonly turnMicros: number;
  readonly frameMicros: number;
}

/** Prices that a model calculates with, each from a measurement. */
export interface UnitCosts {
  /** CPU time of a process for a turn with a prompt of so many bytes, in microseconds. */
  turnMicros(promptBytes: number): number;
  /** More for a turn of another kind of bot than `script`, by kind; less is less than 0. */
  readonly botMicros: Readonly<Record<string, number>>;
  /** For the begin and the end of a call together. */
  readonly callMicros: number;
  /** More for the first RPC with a token. */
  readonly tokenMicros: number;
  /** More for a connection with TLS. */
  readonly handshakeMicros: number;
  /** More for a frame over TLS. */
  readonly tlsFrameMicros: number;
  /** More for a turn whose call is shared through Redis. */
  readonly sharedTurnMicros: number;
  /** Share of a core that a process takes for frames of sound, at so many a second; never less for more. */
  frameCpu(framesPerSecond: number): number;
  /** The most calls in real time of one process whose frames were in time; absent when nobody tried. */
  readonly mostCalls?: number;
  /** What a process that is at work holds beside its calls, its young generation included. */
  readonly processBytes: number;
  /** More for each call that talks. */
  readonly callBytes: number;
  /** CPU time of Redis: for the two questions of a turn, for another one, and for a heartbeat. */
  readonly redisTurnMicros: number;
  readonly redisQuestionMicros: number;
  readonly redisBeatMicros: number;
  readonly redisQuestionsPerTurn: number;
  /** What Redis holds for a call, and for one that has ended. */
  readonly redisCallBytes: number;
  readonly redisEndedBytes: number;
  readonly balancers: readonly BalancerUnit[];
}

/** What calls in real time took of a core, without their turns, at a number of frames a second. */
interface FramePoint {
  readonly framesPerSecond: number;
  readonly cpu: number;
}

/** Figures of other runs, which count where they go beyond those of `loadtest:costs`. */
export interface MoreFigures {
  /** Of `loadtest:realtime`. */
  readonly realtime?: {
    readonly steps: readonly {
      readonly callsOn: number;
      readonly server: {
        readonly seconds: number;
        readonly cpu: number;
        readonly packets: number;
        readonly frameDelayP99Ms: number;
        readonly residentBytes: number;
      };
      readonly turnsMs: { readonly count: number };
    }[];
  };
  /** Of `loadtest:memory`. */
  readonly memory?: {
    readonly results: readonly { readonly kind: string; readonly heldBytes: number }[];
  };
}

const KEPT_DELAY_MS = 20;

/** Makes prices of measurements. */
export function toUnitCosts(figures: CostFigures, more: MoreFigures = {}): UnitCosts {
  const { turns, bots, tls, talk, balancers, redis, promptBytes } = figures;
  const prompt = fitLine(
    turns.flatMap(({ id, answerBytes, micros }) =>
      id.startsWith('turn-') && answerBytes !== undefined ? [[answerBytes, micros] as const] : [],
    ),
  );
  const perByte = Math.max(0, prompt.slope);
  const middle = microsOf(turns, 'turn-32-kb');
  const turnMicros = (bytes: number): number => middle + (bytes - promptBytes) * perByte;
  const script = microsOf(bots, 'bot-script');
  const claim = microsOf(redis?.questions ?? [], 'claim');
  const held = fitLine(talk.map(({ calls, heldBytes }) => [calls, heldBytes]));
  const memory = more.memory?.results.find(({ kind }) => kind === 'audio')?.heldBytes;
  const callBytes = Math.max(0, memory ?? held.slope);
  const resident = [
    ...talk.map(({ calls, residentBytes: bytes }) => ({ calls, bytes })),
    ...keptSteps(more).map(({ callsOn, server }) => ({
      calls: callsOn,
      bytes: server.residentBytes,
    })),
  ];
  const points = [
    { framesPerSecond: 0, cpu: idleCpu(talk) },
    ...talkPoints(figures, middle),
    ...realTimePoints(more, middle),
  ];
  const kept = keptSteps(more).map(({ callsOn }) => callsOn);
  return {
    turnMicros,
    botMicros: Object.fromEntries(
      bots.map(({ id, micros }) => [id.replace('bot-', ''), micros - script]),
    ),
    callMicros: microsOf(turns, 'call'),
    tokenMicros: extraMicros(turns, 'call-new-token', 'call'),
    handshakeMicros: extraMicros(tls, 'connection-tls-ecdsa', 'connection-plaintext'),
    tlsFrameMicros: extraMicros(tls, 'frame-tls-ecdsa', 'frame-plaintext'),
    sharedTurnMicros: extraMicros(redis?.turns ?? [], 'turn-shared', 'turn-alone'),
    frameCpu: createFrameCpu(points),
    ...(kept.length === 0 ? {} : { mostCalls: Math.max(...kept) }),
    processBytes: Math.max(...resident.map(({ calls, bytes }) => bytes - calls * callBytes)),
    callBytes,
    redisTurnMicros: redis?.microsPerTurn ?? Number.NaN,
    redisQuestionMicros: claim,
    redisBeatMicros: microsOf(redis?.questions ?? [], 'beat'),
    redisQuestionsPerTurn: redis?.commandsPerTurn['evalsha'] ?? Number.NaN,
    redisCallBytes: redis?.conversationBytes ?? Number.NaN,
    redisEndedBytes: (redis?.conversationBytes ?? Number.NaN) - (redis?.recordBytes ?? 0),
    balancers,
  };
}

/** A difference that came out below nothing was too small to be told. */
function extraMicros(costs: readonly Cost[], id: string, baseId: string): number {
  return Math.max(0, costDifference(costs, id, baseId).micros);
}

function talkPoints({ talk }: CostFigures, turnMicros: number): readonly FramePoint[] {
  const costs = frameCosts(talk, turnMicros);
  const idle = idleCpu(talk);
  return talk.flatMap(({ calls, frames, seconds }) => {
    const cost = costs.find((one) => one.calls === calls);
    if (cost === undefined) return [];
    const framesPerSecond = frames / seconds;
    return { framesPerSecond, cpu: idle + (framesPerSecond * cost.aloneMicros) / 1e6 };
  });
}

function realTimePoints(more: MoreFigures, turnMicros: number): readonly FramePoint[] {
  return keptSteps(more).map(({ server, turnsMs }) => ({
    framesPerSecond: server.packets / server.seconds,
    cpu: server.cpu - (turnsMs.count * turnMicros) / 1e6 / server.seconds,
  }));
}

/** Those whose frames were in time. */
function keptSteps({ realtime }: MoreFigures) {
  return (realtime?.steps ?? []).filter(({ server }) => server.frameDelayP99Ms < KEPT_DELAY_MS);
}

/**
 * Straight lines between what was measured, and beyond it what a frame cost there; a point above a later one was disturbed, and is
 * left out.
 */
function createFrameCpu(points: readonly FramePoint[]): (framesPerSecond: number) => number {
  const sorted = points.toSorted((a, b) => a.framesPerSecond - b.framesPerSecond);
  const kept = sorted.filter(({ cpu }, index) =>
    sorted.slice(index + 1).every((later) => later.cpu >= cpu),
  );
  return (framesPerSecond) => {
    const next = kept.findIndex((point) => point.framesPerSecond >= framesPerSecond);
    const [low, high] = [kept[next - 1], kept[next]];
    if (high !== undefined && low === undefined) return high.cpu;
    if (high !== undefined && low !== undefined) {
      const part =
        (framesPerSecond - low.framesPerSecond) / (high.framesPerSecond - low.framesPerSecond);
      return low.cpu + part * (high.cpu - low.cpu);
    }
    const last = kept.at(-1);
    if (last === undefined || last.framesPerSecond === 0) return Number.NaN;
    return (last.cpu * framesPerSecond) / last.framesPerSecond;
  };
}
