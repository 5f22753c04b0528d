import type { Clock, Timer } from '../core/clock.ts';
import { TELEPHONE_BYTES_PER_MS } from '../audio/audio-format.ts';

/** What a caller hears while the bot thinks. */
export interface Filler {
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

/** What happens when it runs out. */
export interface PatienceListener {
  timedOut(): void;
  /** The caller should hear something meanwhile. */
  fill(filler: Filler): void;
}

/**
 * Watches over one answer: that something comes, and that the caller hears something meanwhile. It runs a single timer, and
 * none for a bot that never has anybody wait. One object an answer, hence a class.
 */
export class Patience {
  readonly #settings: PatienceSettings;
  readonly #clock: Clock;
  readonly #listener: PatienceListener;
  #timer: Timer | undefined;
  #timerDueMs = Infinity;
  #pieceDueMs = Infinity;
  #firstAudioDueMs = Infinity;
  #fillerDueMs = Infinity;
  #fillersLeft: number;
  #hasBegun = false;
  #isWaiting = false;

  constructor(settings: PatienceSettings, clock: Clock, listener: PatienceListener) {
    this.#settings = settings;
    this.#clock = clock;
    this.#listener = listener;
    this.#fillersLeft = settings.filler?.times ?? 0;
  }

  /** The caller has finished and waits from now on; before that, nobody is late. */
  begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const { firstAudioTimeoutMs, filler } = this.#settings;
    const now = this.#clock.now();
    this.#firstAudioDueMs = now + firstAudioTimeoutMs;
    if (filler !== undefined) this.#fillerDueMs = now + filler.afterMs;
    this.#expectPiece();
  }

  /** The bot was asked for its next piece, and takes its time. */
  waitForPiece(): void {
    this.#isWaiting = true;
    this.#expectPiece();
    this.watch();
  }

  /** The bot gave a piece, which is being spoken. */
  gotPiece(): void {
    this.#isWaiting = false;
    this.#pieceDueMs = Infinity;
  }

  /** The caller hears the bot. */
  heard(): void {
    this.#firstAudioDueMs = Infinity;
    this.#fillerDueMs = Infinity;
  }

  /** Somebody is about to wait; a timer that is early looks again when it fires, so that many pieces need no new one each. */
  watch(): void {
    const dueMs = Math.min(this.#pieceDueMs, this.#firstAudioDueMs, this.#fillerDueMs);
    if (dueMs >= this.#timerDueMs || dueMs === Infinity) return;
    this.#timer?.cancel();
    this.#timerDueMs = dueMs;
    this.#timer = this.#clock.setTimer(Math.max(dueMs - this.#clock.now(), 0), () => this.#look());
  }

  close(): void {
    this.#timer?.cancel();
    this.#timerDueMs = -Infinity;
  }

  #look(): void {
    // A clock that was set back meanwhile must not make anybody wait twice.
    const now = Math.max(this.#clock.now(), this.#timerDueMs);
    const { filler } = this.#settings;
    this.#timerDueMs = Infinity;
    if (now >= this.#pieceDueMs || now >= this.#firstAudioDueMs) return this.#listener.timedOut();
    if (now >= this.#fillerDueMs && filler !== undefined) {
      this.#fillersLeft -= 1;
      const lengthMs = filler.audio.length / TELEPHONE_BYTES_PER_MS;
      this.#fillerDueMs = this.#fillersLeft > 0 ? now + lengthMs + filler.afterMs : Infinity;
      this.#listener.fill(filler);
    }
    return this.watch();
  }

  #expectPiece(): void {
    this.#pieceDueMs =
      this.#hasBegun && this.#isWaiting
        ? this.#clock.now() + this.#settings.answerTimeoutMs
        : Infinity;
  }
}
