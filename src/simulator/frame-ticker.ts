import { FRAME_MS } from '../audio/audio-format.ts';

/** Beats once a frame for every call of the process that plays at one speed. */
interface FrameTicker {
  /**
   * Calls `tick` every 20 ms divided by the speed, until the returned function is called. Late beats are made up for,
   * so that the mean rate is true.
   *
   * @param tick Tells whether it got on; at infinite speed one that did not is called again a little later.
   */
  join(tick: () => boolean): () => void;
}

/** Gives the ticker of a speed; 1 is real time, `Infinity` as fast as possible. */
export type FrameTickers = (speed: number) => FrameTicker;

/** What a ticker gets the time from. */
export interface TickSource {
  /** Milliseconds that never run backwards. */
  now(): number;
  /** Calls `action` once, after `delayMs`, or as soon as others had their turn when it is 0. */
  after(delayMs: number, action: () => void): void;
}

/** The machine's time; its timers keep the process alive as long as a call is on. */
const machineTime: TickSource = {
  now: () => performance.now(),
  after(delayMs, action) {
    if (delayMs === 0) setImmediate(action);
    else setTimeout(action, delayMs);
  },
};

/** Most slots that a frame is divided into, so that hundreds of calls do not all send at the same moment. */
const MAX_SLOTS = 10;
const MIN_SLOT_MS = 2;
/** A process that slept longer than this does not make up for it. */
const MAX_LAG_FRAMES = 50;
const MAX_SPEEDS = 64;

/** Creates tickers, one a speed. */
export function createFrameTickers(source: TickSource = machineTime): FrameTickers {
  const tickers = new Map<number, FrameTicker>();
  return (speed) => {
    const known = tickers.get(speed);
    if (known !== undefined) return known;
    if (!(speed > 0) || tickers.size === MAX_SPEEDS) throw new TypeError('no such speed');
    const ticker = speed === Infinity ? createFreeTicker(source) : createPacedTicker(speed, source);
    tickers.set(speed, ticker);
    return ticker;
  };
}

function createPacedTicker(speed: number, source: TickSource): FrameTicker {
  const frameMs = FRAME_MS / speed;
  const slotCount = Math.max(1, Math.min(MAX_SLOTS, Math.floor(frameMs / MIN_SLOT_MS)));
  const slotMs = frameMs / slotCount;
  const slots = Array.from({ length: slotCount }, () => new Set<() => boolean>());
  let originMs = 0;
  let beat = 0;
  let isRunning = false;

  const schedule = (): void => {
    source.after(Math.max(1, originMs + beat * slotMs - source.now()), wake);
  };
  const wake = (): void => {
    if (slots.every((slot) => slot.size === 0)) {
      isRunning = false;
      return;
    }
    const due = Math.floor((source.now() - originMs) / slotMs);
    beat = Math.max(beat, due - MAX_LAG_FRAMES * slotCount);
    for (; beat <= due; beat++) for (const tick of slots[beat % slotCount] ?? []) tick();
    schedule();
  };
  return {
    join(tick) {
      const slot = slots.reduce((emptiest, other) =>
        other.size < emptiest.size ? other : emptiest,
      );
      slot.add(tick);
      if (!isRunning) {
        isRunning = true;
        originMs = source.now();
        beat = 1;
        schedule();
      }
      return () => void slot.delete(tick);
    },
  };
}

function createFreeTicker(source: TickSource): FrameTicker {
  const ticks = new Set<() => boolean>();
  let isRunning = false;
  const wake = (): void => {
    if (ticks.size === 0) {
      isRunning = false;
      return;
    }
    let gotOn = false;
    for (const tick of ticks) gotOn = tick() || gotOn;
    source.after(gotOn ? 0 : 1, wake);
  };
  return {
    join(tick) {
      ticks.add(tick);
      if (!isRunning) {
        isRunning = true;
        source.after(0, wake);
      }
      return () => void ticks.delete(tick);
    },
  };
}
