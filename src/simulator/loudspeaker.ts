import { MULAW_SILENCE, TELEPHONE_BYTES_PER_MS } from '../audio/audio-format.ts';
import type { PlaybackState } from './contract.ts';

/** Plays prompts to the simulated caller, in the order in which they came, one frame a beat. */
export interface Loudspeaker {
  /** Queues sound: µ-law, 8000 Hz, mono. `false` when more than an hour would wait. */
  add(audio: Uint8Array, bargeIn: boolean): boolean;
  /** Fills `frame` with what is heard now, silence at the end or throughout; tells how many bytes are sound. */
  pull(frame: Uint8Array): number;
  /** Drops what was not played of prompts that may be interrupted; gives how much that was, in milliseconds. */
  cut(): number;
  state(): PlaybackState;
}

const MAX_WAITING_BYTES = 3_600_000 * TELEPHONE_BYTES_PER_MS;

interface Waiting {
  readonly audio: Uint8Array;
  readonly bargeIn: boolean;
}

/** Creates the loudspeaker of one call. */
export function createLoudspeaker(): Loudspeaker {
  let queue: Waiting[] = [];
  /** Bytes of the first prompt that were played. */
  let position = 0;
  let waitingBytes = 0;
  return {
    add(audio, bargeIn) {
      if (waitingBytes + audio.length > MAX_WAITING_BYTES) return false;
      if (audio.length > 0) queue.push({ audio, bargeIn });
      waitingBytes += audio.length;
      return true;
    },
    pull(frame) {
      let filled = 0;
      while (filled < frame.length) {
        const first = queue[0];
        if (first === undefined) break;
        const piece = first.audio.subarray(position, position + frame.length - filled);
        frame.set(piece, filled);
        filled += piece.length;
        position += piece.length;
        if (position === first.audio.length) {
          queue.shift();
          position = 0;
        }
      }
      frame.fill(MULAW_SILENCE, filled);
      waitingBytes -= filled;
      return filled;
    },
    cut() {
      const before = waitingBytes;
      if (queue[0]?.bargeIn === true) {
        waitingBytes += position;
        position = 0;
      }
      const dropped = queue.filter(({ bargeIn }) => bargeIn);
      queue = queue.filter(({ bargeIn }) => !bargeIn);
      for (const { audio } of dropped) waitingBytes -= audio.length;
      return (before - waitingBytes) / TELEPHONE_BYTES_PER_MS;
    },
    state() {
      const first = queue[0];
      if (first === undefined) return 'idle';
      return first.bargeIn ? 'interruptible' : 'uninterruptible';
    },
  };
}
