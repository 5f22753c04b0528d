import type { PlainHistogram } from './plain-histogram.ts';

const TELEPHONE_BYTES_PER_SECOND = 8_000;

/** Sound that came and went. Plain numbers, since they change with every packet of every call; read when scraped. */
export class SoundTally {
  callerBytes = 0;
  callerSeconds = 0;
  promptBytes = 0;
  /** Of callers, for bots and recognisers that read slowly. */
  waitingBytes = 0;
  /** Of utterances that were longer than is passed on. */
  droppedBytes = 0;
  readonly delay: PlainHistogram;

  constructor(delay: PlainHistogram) {
    this.delay = delay;
  }

  /** Prompts are µ-law, 8000 Hz, mono. */
  get promptSeconds(): number {
    return this.promptBytes / TELEPHONE_BYTES_PER_SECOND;
  }
}

/** A caller who pauses for longer sends no late packets: time begins anew. */
const PAUSE_MS = 2_000;
/** Of a delay that stays, so much is taken for granted with each packet: all of it after a second or two. */
const FORGIVENESS = 0.02;

/**
 * How late the packets of one RPC come, measured against the one that came earliest. A packet is due when its last sample has been
 * spoken, so that packets of other sizes, and several at once, are not late.
 */
export class ArrivalPace {
  /** When the sound so far would have been spoken, had all come as the earliest. */
  #spokenMs: number | undefined;

  /**
   * Takes the next packet.
   *
   * @param nowMs When it came.
   * @param lengthMs How much sound it holds.
   * @returns By how much it is late, in milliseconds, at least 0.
   */
  arrived(nowMs: number, lengthMs: number): number {
    const lateMs = this.#spokenMs === undefined ? 0 : nowMs - this.#spokenMs - lengthMs;
    if (lateMs <= 0 || lateMs > PAUSE_MS) {
      this.#spokenMs = nowMs;
      return 0;
    }
    this.#spokenMs = nowMs - lateMs * (1 - FORGIVENESS);
    return lateMs;
  }
}
