import { MULAW_SILENCE, TELEPHONE_BYTES_PER_MS } from '../../audio/audio-format.ts';
import type { ClientEvent } from './client-event.ts';

/** Sound goes out in events of 40 to 100 ms: an event a frame would be mostly JSON, and more would be late. */
const MIN_BATCH_BYTES = 40 * TELEPHONE_BYTES_PER_MS;
const MAX_BATCH_BYTES = 100 * TELEPHONE_BYTES_PER_MS;
/** The server refuses to commit less. */
const MIN_UTTERANCE_BYTES = 100 * TELEPHONE_BYTES_PER_MS;

/** What the caller says, on its way to the server. */
export interface Utterance {
  /** Resolves when all of it is sent; rejects with what its source threw. */
  readonly ended: Promise<void>;
  /** Whether there was no sound at all. */
  isEmpty(): boolean;
  /** Sends no more. */
  stop(): void;
}

/** Sends sound as it comes; what is too short to be committed is filled up with silence. */
export function sendUtterance(
  audio: AsyncIterable<Uint8Array>,
  send: (event: ClientEvent) => void,
): Utterance {
  let isStopped = false;
  let sentBytes = 0;
  let batch: Uint8Array = new Uint8Array(0);

  const sendBatch = (bytes: number): void => {
    if (bytes === 0) return;
    const sound = Buffer.from(batch.subarray(0, bytes));
    batch = batch.subarray(bytes);
    sentBytes += bytes;
    send({ type: 'input_audio_buffer.append', audio: sound.toString('base64') });
  };
  const run = async (): Promise<void> => {
    for await (const piece of audio) {
      if (isStopped) return;
      batch = batch.length === 0 ? piece : Buffer.concat([batch, piece]);
      while (batch.length >= MAX_BATCH_BYTES) sendBatch(MAX_BATCH_BYTES);
      if (batch.length >= MIN_BATCH_BYTES) sendBatch(batch.length);
    }
    if (isStopped) return;
    const bytes = sentBytes + batch.length;
    if (bytes > 0 && bytes < MIN_UTTERANCE_BYTES)
      batch = Buffer.concat([batch, Buffer.alloc(MIN_UTTERANCE_BYTES - bytes, MULAW_SILENCE)]);
    sendBatch(batch.length);
  };
  const ended = run();
  // Somebody who stopped listening to it must not make a failure of it.
  ended.catch(() => undefined);
  return {
    ended,
    isEmpty: () => sentBytes === 0,
    stop() {
      isStopped = true;
    },
  };
}
