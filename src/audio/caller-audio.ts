import { GatewayError } from '../core/gateway-error.ts';
import { AUDIO_CODECS } from './audio-codec.ts';
import {
  type AudioEncoding,
  type AudioFormat,
  FRAME_SAMPLES,
  TELEPHONE_FORMAT,
  TELEPHONE_RATE_HZ,
} from './audio-format.ts';
import { toSample } from './linear16.ts';
import type { Resampler, ResamplerEngine } from './resample.ts';

/** Receives a frame of the caller: PCM16, 8000 Hz, mono, 20 ms = 160 samples; only valid during the call. */
type FrameListener = (pcm: Int16Array) => void;

/** Makes even frames of one caller's packets, whatever their format and size. One object a call, across its turns. */
export interface CallerAudio {
  /**
   * Takes the next packet, of any size; an empty one only declares the format.
   *
   * Nothing is allocated for µ-law, A-law and LINEAR16 at 8000 Hz. After `close` packets are ignored.
   *
   * @param encoding `undefined`: as declared last, µ-law at first.
   * @param sampleRateHz 8000 or 16000; 0: as declared last, 8000 at first.
   * @throws {GatewayError} `ERR_PROTOCOL_AUDIO_FORMAT` for another rate; the packet then changed nothing.
   */
  push(
    packet: Uint8Array,
    encoding: AudioEncoding | undefined,
    sampleRateHz: number,
    onFrame: FrameListener,
  ): void;
  /** What was declared last. */
  readonly format: AudioFormat;
  /** Drops the partial frame, as between two turns; the format and the resampler's state stay. */
  reset(): void;
  /** Frees the resampler; may be called again. */
  close(): void;
}

const WIDE_RATE_HZ = 16_000;

/**
 * Creates the way in for one caller's audio. Packets at 16000 Hz come out up to 25 ms later than they went in: the
 * resampler works on 20 ms at a time and looks 5 ms ahead.
 *
 * @see protocol.md section 2.4: a message may leave out what an earlier one declared
 */
export function createCallerAudio(deps: { readonly resampler: ResamplerEngine }): CallerAudio {
  let format: AudioFormat = TELEPHONE_FORMAT;
  let isClosed = false;
  /** First byte of a LINEAR16 sample whose second one is to come, or -1. */
  let carry = -1;
  const frame = new Int16Array(FRAME_SAMPLES);
  let frameFilled = 0;
  /** What 16000 Hz needs besides: 20 ms of samples before the resampler. */
  let wide: { readonly block: Int16Array; readonly resampler: Resampler } | undefined;
  let wideFilled = 0;

  function declare(encoding: AudioEncoding, sampleRateHz: number): void {
    if (encoding === format.encoding && sampleRateHz === format.sampleRateHz) return;
    if (sampleRateHz !== TELEPHONE_RATE_HZ && sampleRateHz !== WIDE_RATE_HZ)
      throw new GatewayError('ERR_PROTOCOL_AUDIO_FORMAT', 'the sample rate must be 8000 or 16000');
    // Samples already decoded stay good; half a sample and the other rate's partial block do not.
    carry = -1;
    if (sampleRateHz !== format.sampleRateHz) closeWide();
    if (sampleRateHz === WIDE_RATE_HZ)
      wide ??= {
        block: new Int16Array(FRAME_SAMPLES * 2),
        resampler: deps.resampler.open(WIDE_RATE_HZ, TELEPHONE_RATE_HZ),
      };
    format = { encoding, sampleRateHz };
  }

  function closeWide(): void {
    wide?.resampler.close();
    wide = undefined;
    wideFilled = 0;
  }

  /** Counts `count` new samples in the block being filled and hands it on when it is full. */
  function advance(count: number, onFrame: FrameListener): void {
    if (wide === undefined) return advanceFrame(count, onFrame);
    wideFilled += count;
    if (wideFilled < wide.block.length) return;
    wideFilled = 0;
    const narrow = wide.resampler.process(wide.block);
    for (let from = 0; from < narrow.length;) {
      const part = narrow.subarray(from, from + FRAME_SAMPLES - frameFilled);
      frame.set(part, frameFilled);
      from += part.length;
      advanceFrame(part.length, onFrame);
    }
  }

  function advanceFrame(count: number, onFrame: FrameListener): void {
    frameFilled += count;
    if (frameFilled < FRAME_SAMPLES) return;
    frameFilled = 0;
    onFrame(frame);
  }

  return {
    push(packet, encoding, sampleRateHz, onFrame) {
      if (isClosed) return;
      declare(encoding ?? format.encoding, sampleRateHz === 0 ? format.sampleRateHz : sampleRateHz);
      const codec = AUDIO_CODECS[format.encoding];
      let from = 0;
      if (carry >= 0 && packet.length > 0) {
        const sample = toSample(carry, packet[0] ?? 0);
        if (wide === undefined) frame[frameFilled] = sample;
        else wide.block[wideFilled] = sample;
        carry = -1;
        from = 1;
        advance(1, onFrame);
      }
      while (packet.length - from >= codec.bytesPerSample) {
        const block = wide?.block ?? frame;
        const filled = wide === undefined ? frameFilled : wideFilled;
        const available = Math.floor((packet.length - from) / codec.bytesPerSample);
        const count = Math.min(block.length - filled, available);
        const to = from + count * codec.bytesPerSample;
        codec.decode(packet, block, filled, from, to);
        from = to;
        advance(count, onFrame);
      }
      if (from < packet.length) carry = packet[from] ?? -1;
    },
    get format() {
      return format;
    },
    reset() {
      carry = -1;
      frameFilled = 0;
      wideFilled = 0;
    },
    close() {
      isClosed = true;
      closeWide();
    },
  };
}
