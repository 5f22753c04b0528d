import type { Clock, Timer } from '../core/clock.ts';
import { TELEPHONE_BYTES_PER_MS } from '../audio/audio-format.ts';

/** What a caller hears while the bot thinks. */
interface Filler {
  /** µ-law, 8000 Hz, mono. */
  readonly audio: Uint8Array;
  /** Silence before the first one, and between two, in milliseconds. */
  readonly afterMs: number;
  /** Most of them in one answer. */
  readonly times: number;
}

/** How long a caller is left waiting. */
export interface PatienceSettings {
  /** Longest wait for the next piece of an answer, in milliseconds. */
  readonly answerTimeoutMs: number;
  /** Longest wait for the first sound of an answer, fillers not counted, in milliseconds. */
  readonly firstAudioTimeoutMs: number;
  /** `undefined`: silence. */
  readonly filler: Filler | undefined;
}

/** Watches over one answer: that something comes, and that the caller hears something meanwhile. */
export interface Patience {
  /** The caller has finished and waits from now on; before that, nobody is late. */
  begin(): void;
  /** The bot is asked for its next piece. */
  waitForPiece(): void;
  /** The bot gave a piece, which is being spoken. */
  gotPiece(): void;
  /** The caller hears the bot. */
  heard(): void;
  close(): void;
}

/** What happens when it runs out. */
export interface PatienceDeps {
  readonly clock: Clock;
  readonly onTimeout: () => void;
  readonly onFiller: (filler: Filler) => void;
}

/** Creates the watch over one answer; it runs a single timer. */
export function createPatience(settings: PatienceSettings, deps: PatienceDeps): Patience {
  const { clock } = deps;
  let timer: Timer | undefined;
  let pieceDueMs = Infinity;
  let firstAudioDueMs = Infinity;
  let fillerDueMs = Infinity;
  let fillersLeft = settings.filler?.times ?? 0;
  let hasBegun = false;
  let isWaiting = false;
  let timerDueMs = Infinity;

  const nextDueMs = (): number => Math.min(pieceDueMs, firstAudioDueMs, fillerDueMs);
  /** A timer that is early looks again when it fires: an answer in many pieces needs no new timer for each. */
  const arm = (): void => {
    const dueMs = nextDueMs();
    if (dueMs >= timerDueMs || dueMs === Infinity) return;
    timer?.cancel();
    timerDueMs = dueMs;
    timer = clock.setTimer(Math.max(dueMs - clock.now(), 0), look);
  };
  const look = (): void => {
    // A clock that was set back meanwhile must not make anybody wait twice.
    const now = Math.max(clock.now(), timerDueMs);
    timerDueMs = Infinity;
    if (now >= pieceDueMs || now >= firstAudioDueMs) return deps.onTimeout();
    if (now >= fillerDueMs && settings.filler !== undefined) {
      const { filler } = settings;
      fillersLeft -= 1;
      const lengthMs = filler.audio.length / TELEPHONE_BYTES_PER_MS;
      fillerDueMs = fillersLeft > 0 ? now + lengthMs + filler.afterMs : Infinity;
      deps.onFiller(filler);
    }
    return arm();
  };
  const expectPiece = (): void => {
    pieceDueMs = hasBegun && isWaiting ? clock.now() + settings.answerTimeoutMs : Infinity;
    arm();
  };
  return {
    begin() {
      if (hasBegun) return;
      hasBegun = true;
      const now = clock.now();
      firstAudioDueMs = now + settings.firstAudioTimeoutMs;
      if (settings.filler !== undefined) fillerDueMs = now + settings.filler.afterMs;
      expectPiece();
    },
    waitForPiece() {
      isWaiting = true;
      expectPiece();
    },
    gotPiece() {
      isWaiting = false;
      pieceDueMs = Infinity;
    },
    heard() {
      firstAudioDueMs = Infinity;
      fillerDueMs = Infinity;
    },
    close() {
      timer?.cancel();
      timerDueMs = -Infinity;
    },
  };
}
