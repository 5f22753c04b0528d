import { AUDIO_CODECS } from '../audio/audio-codec.ts';
import {
  type AudioFormat,
  FRAME_MS,
  FRAME_SAMPLES,
  MULAW_SILENCE,
  TELEPHONE_RATE_HZ,
} from '../audio/audio-format.ts';
import { decodeMulaw } from '../audio/mulaw.ts';
import { loadResampler } from '../audio/resample.ts';

/** What the caller says in one frame of 20 ms. */
export interface SpokenFrame {
  /** In the caller's format, as sent. */
  readonly wire: Uint8Array;
  /** µ-law, 8000 Hz, 160 bytes, as recorded. */
  readonly heard: Uint8Array;
}

/** The simulated caller's voice: silence, unless something is being said. */
export interface Microphone {
  /** Says `audio`: µ-law, 8000 Hz, mono; after what is being said already. */
  say(audio: Uint8Array): void;
  next(): SpokenFrame;
  /** A frame of silence, as sent. */
  readonly silence: Uint8Array;
  isSpeaking(): boolean;
}

/** Half an hour. */
const MAX_WAITING_FRAMES = 90_000;

/** Creates the microphone of one call, for calls that send `format`. */
export async function createMicrophone(format: AudioFormat): Promise<Microphone> {
  const encode = await createEncoder(format);
  const silence = toFrame(new Uint8Array(FRAME_SAMPLES).fill(MULAW_SILENCE), encode);
  let frames: SpokenFrame[] = [];
  let at = 0;
  return {
    say(audio) {
      const count = Math.ceil(audio.length / FRAME_SAMPLES);
      if (frames.length - at + count > MAX_WAITING_FRAMES)
        throw new TypeError('a caller does not speak for half an hour');
      const padded = new Uint8Array(count * FRAME_SAMPLES).fill(MULAW_SILENCE);
      padded.set(audio);
      const wire = encode(padded);
      const wireBytes = wire.length / count;
      const spoken = Array.from({ length: count }, (_, index) => ({
        wire: wire.subarray(index * wireBytes, (index + 1) * wireBytes),
        heard: padded.subarray(index * FRAME_SAMPLES, (index + 1) * FRAME_SAMPLES),
      }));
      frames = [...frames.slice(at), ...spoken];
      at = 0;
    },
    next() {
      const frame = frames[at];
      if (frame === undefined) return silence;
      at += 1;
      return frame;
    },
    silence: silence.wire,
    isSpeaking: () => at < frames.length,
  };
}

type Encoder = (mulaw: Uint8Array) => Uint8Array;

function toFrame(heard: Uint8Array, encode: Encoder): SpokenFrame {
  return { wire: encode(heard), heard };
}

/** Creates the conversion of whole frames from telephone audio to `format`. */
async function createEncoder({ encoding, sampleRateHz }: AudioFormat): Promise<Encoder> {
  if (encoding === 'mulaw' && sampleRateHz === TELEPHONE_RATE_HZ) return (mulaw) => mulaw;
  const codec = AUDIO_CODECS[encoding];
  if (sampleRateHz === TELEPHONE_RATE_HZ) return (mulaw) => codec.encode(toPcm(mulaw, 0));
  const resampler = await loadResampler();
  return (mulaw) => {
    const stream = resampler.open(TELEPHONE_RATE_HZ, sampleRateHz);
    try {
      // Two frames of silence push the last samples out.
      const pcm = stream.process(toPcm(mulaw, 2 * FRAME_SAMPLES));
      const samples = (mulaw.length / FRAME_SAMPLES) * ((sampleRateHz * FRAME_MS) / 1000);
      return codec.encode(pcm.slice(0, samples));
    } finally {
      stream.close();
    }
  };
}

function toPcm(mulaw: Uint8Array, silentSamples: number): Int16Array {
  const pcm = new Int16Array(mulaw.length + silentSamples);
  decodeMulaw(mulaw, pcm);
  return pcm;
}
