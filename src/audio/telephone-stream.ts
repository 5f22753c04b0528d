import { GatewayError } from '../core/gateway-error.ts';
import { AUDIO_CODECS } from './audio-codec.ts';
import { type AudioFormat, TELEPHONE_RATE_HZ } from './audio-format.ts';
import { encodeMulaw } from './mulaw.ts';
import type { Resampler, ResamplerEngine } from './resample.ts';
import { readWavHeading } from './wav.ts';

/** Converts one stream of sound, in pieces of any size, to what Webex plays: µ-law, 8000 Hz, mono, no header. */
export interface TelephoneStream {
  /**
   * Takes the next bytes, cut wherever they were, and returns what can be said of the output so far. A resampled stream
   * comes some milliseconds late; `flush` brings the rest.
   *
   * @returns Empty after `flush` or `close`; shares the memory of `bytes` when they are telephone audio already.
   * @throws {GatewayError} `ERR_AUDIO_WAV` when the stream begins as a WAV file and is none that can be read.
   */
  push(bytes: Uint8Array): Uint8Array;
  /**
   * Ends the stream and returns its last milliseconds. Half a sample at the end is dropped.
   *
   * @throws {GatewayError} `ERR_AUDIO_WAV` when a WAV stream ends within its heading.
   */
  flush(): Uint8Array;
  /** Frees the stream; may be called again. */
  close(): void;
}

/** What a stream is made of when it brings no header of its own. */
export interface TelephoneStreamFormat extends AudioFormat {
  /** 1 or 2; default 1. Two are mixed to one. */
  readonly channels?: number;
}

/** Silence pushed behind the sound so that the resampler gives its last milliseconds. */
const TAIL_MS = 100;
const RIFF = Buffer.from('RIFF', 'latin1');
/** Programs that write to a pipe claim this and more, or nothing, for they do not know the length. */
const UNKNOWN_LENGTH = 0x7fff_0000;
const MAX_HEADING_BYTES = 64 * 1024;
/** A data chunk begins this early at the earliest; before, there is nothing to read. */
const MIN_HEADING_BYTES = 44;
const NOTHING = new Uint8Array(0);

/**
 * Creates a stream. Its state goes on from piece to piece, so that borders do not click.
 *
 * A stream that begins with `RIFF` is a WAV file, whatever `format` says; what follows its samples is left out.
 *
 * @param format Of raw sound; 4000 to 48000 Hz.
 * @throws {TypeError} When the rate is outside its bounds.
 */
export function createTelephoneStream(
  format: TelephoneStreamFormat,
  deps: { readonly resampler: ResamplerEngine },
): TelephoneStream {
  let isClosed = false;
  let samples = createSampleStream(format, deps.resampler);
  /** Bytes that are not understood yet: the heading, or `undefined` once the samples have begun. */
  let heading: Uint8Array | undefined = NOTHING;
  let dataBytes = Infinity;

  function convert(bytes: Uint8Array): Uint8Array {
    const part = bytes.length > dataBytes ? bytes.subarray(0, dataBytes) : bytes;
    dataBytes -= part.length;
    return samples.push(part);
  }

  function begin(bytes: Uint8Array): Uint8Array {
    const known = join(heading ?? NOTHING, bytes);
    heading = known;
    const begins = RIFF.subarray(0, Math.min(RIFF.length, known.length));
    if (begins.equals(known.subarray(0, begins.length))) {
      if (known.length < MIN_HEADING_BYTES) return NOTHING;
      const wav = readWavHeading(known);
      if (wav === undefined) {
        if (known.length > MAX_HEADING_BYTES)
          throw new GatewayError('ERR_AUDIO_WAV', 'the heading of the WAV stream is too long');
        return NOTHING;
      }
      samples.close();
      samples = createSampleStream({ ...wav.format, channels: wav.channels }, deps.resampler);
      const isKnown = wav.dataBytes !== 0 && wav.dataBytes < UNKNOWN_LENGTH;
      dataBytes = isKnown ? wav.dataBytes : Infinity;
      heading = undefined;
      return convert(known.subarray(wav.dataAt));
    }
    heading = undefined;
    return convert(known);
  }

  function close(): void {
    isClosed = true;
    heading = undefined;
    samples.close();
  }

  return {
    push(bytes) {
      if (isClosed) return NOTHING;
      return heading === undefined ? convert(bytes) : begin(bytes);
    },
    flush() {
      if (isClosed) return NOTHING;
      const unread = heading ?? NOTHING;
      try {
        if (unread.length >= RIFF.length)
          throw new GatewayError('ERR_AUDIO_WAV', 'the WAV stream ends before its sound begins');
        // Shorter than a heading: raw sound that happens to begin with an R.
        return join(samples.push(unread), samples.flush());
      } finally {
        close();
      }
    },
    close,
  };
}

/** The same for bytes that are samples and nothing else. */
function createSampleStream(format: TelephoneStreamFormat, engine: ResamplerEngine) {
  const { encoding, sampleRateHz, channels = 1 } = format;
  const codec = AUDIO_CODECS[encoding];
  const blockBytes = codec.bytesPerSample * channels;
  const isTelephone = encoding === 'mulaw' && sampleRateHz === TELEPHONE_RATE_HZ && channels === 1;
  const resampler: Resampler | undefined =
    sampleRateHz === TELEPHONE_RATE_HZ ? undefined : engine.open(sampleRateHz, TELEPHONE_RATE_HZ);
  /** The first bytes of a sample whose others are to come. */
  let carry = NOTHING;
  let taken = 0;
  let given = 0;

  function convert(pcm: Int16Array): Uint8Array {
    const out = encodeMulaw(resampler === undefined ? pcm : resampler.process(pcm));
    given += out.length;
    return out;
  }

  return {
    push(bytes: Uint8Array): Uint8Array {
      if (isTelephone || bytes.length === 0) return bytes;
      const whole = carry.length === 0 ? bytes : join(carry, bytes);
      const blocks = Math.floor(whole.length / blockBytes);
      carry = whole.slice(blocks * blockBytes);
      const pcm = new Int16Array(blocks * channels);
      codec.decode(whole, pcm, 0, 0, blocks * blockBytes);
      taken += blocks;
      return convert(toMono(pcm, channels));
    },
    flush(): Uint8Array {
      if (resampler === undefined) return NOTHING;
      const missing = Math.round((taken * TELEPHONE_RATE_HZ) / sampleRateHz) - given;
      return convert(new Int16Array(Math.ceil((sampleRateHz * TAIL_MS) / 1000))).subarray(
        0,
        Math.max(0, missing),
      );
    },
    close: () => resampler?.close(),
  };
}

function toMono(samples: Int16Array, channels: number): Int16Array {
  if (channels === 1) return samples;
  const mono = new Int16Array(samples.length / channels);
  for (let frame = 0; frame < mono.length; frame++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++)
      sum += samples[frame * channels + channel] ?? 0;
    mono[frame] = Math.round(sum / channels);
  }
  return mono;
}

function join(head: Uint8Array, tail: Uint8Array): Uint8Array {
  if (head.length === 0) return tail;
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}
