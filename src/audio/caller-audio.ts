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
  return new FrameCutter(deps.resampler);
}

/** What 16000 Hz needs besides: 20 ms of samples before the resampler. */
interface Wide {
  readonly block: Int16Array;
  readonly resampler: Resampler;
}

/** One a call and fifty packets a second: a class takes an eighth of the memory that closures would. */
class FrameCutter implements CallerAudio {
  readonly #engine: ResamplerEngine;
  #format: AudioFormat = TELEPHONE_FORMAT;
  #isClosed = false;
  /** First byte of a LINEAR16 sample whose second one is to come, or -1. */
  #carry = -1;
  readonly #frame = new Int16Array(FRAME_SAMPLES);
  #frameFilled = 0;
  #wide: Wide | undefined;
  #wideFilled = 0;

  constructor(engine: ResamplerEngine) {
    this.#engine = engine;
  }

  push(
    packet: Uint8Array,
    encoding: AudioEncoding | undefined,
    sampleRateHz: number,
    onFrame: FrameListener,
  ): void {
    if (this.#isClosed) return;
    this.#declare(
      encoding ?? this.#format.encoding,
      sampleRateHz === 0 ? this.#format.sampleRateHz : sampleRateHz,
    );
    const codec = AUDIO_CODECS[this.#format.encoding];
    const { bytesPerSample } = codec;
    const wide = this.#wide;
    const block = wide?.block ?? this.#frame;
    let from = 0;
    if (this.#carry >= 0 && packet.length > 0) {
      const filled = wide === undefined ? this.#frameFilled : this.#wideFilled;
      block[filled] = toSample(this.#carry, packet[0] ?? 0);
      this.#carry = -1;
      from = 1;
      this.#advance(1, onFrame);
    }
    while (packet.length - from >= bytesPerSample) {
      const filled = wide === undefined ? this.#frameFilled : this.#wideFilled;
      const available = Math.floor((packet.length - from) / bytesPerSample);
      const count = Math.min(block.length - filled, available);
      const to = from + count * bytesPerSample;
      codec.decode(packet, block, filled, from, to);
      from = to;
      this.#advance(count, onFrame);
    }
    if (from < packet.length) this.#carry = packet[from] ?? -1;
  }

  #declare(encoding: AudioEncoding, sampleRateHz: number): void {
    if (encoding === this.#format.encoding && sampleRateHz === this.#format.sampleRateHz) return;
    if (sampleRateHz !== TELEPHONE_RATE_HZ && sampleRateHz !== WIDE_RATE_HZ)
      throw new GatewayError('ERR_PROTOCOL_AUDIO_FORMAT', 'the sample rate must be 8000 or 16000');
    // Samples already decoded stay good; half a sample and the other rate's partial block do not.
    this.#carry = -1;
    if (sampleRateHz !== this.#format.sampleRateHz) this.#closeWide();
    if (sampleRateHz === WIDE_RATE_HZ)
      this.#wide ??= {
        block: new Int16Array(FRAME_SAMPLES * 2),
        resampler: this.#engine.open(WIDE_RATE_HZ, TELEPHONE_RATE_HZ),
      };
    this.#format = { encoding, sampleRateHz };
  }

  #closeWide(): void {
    this.#wide?.resampler.close();
    this.#wide = undefined;
    this.#wideFilled = 0;
  }

  /** Counts `count` new samples in the block being filled and hands it on when it is full. */
  #advance(count: number, onFrame: FrameListener): void {
    const wide = this.#wide;
    if (wide === undefined) return this.#advanceFrame(count, onFrame);
    this.#wideFilled += count;
    if (this.#wideFilled < wide.block.length) return;
    this.#wideFilled = 0;
    const narrow = wide.resampler.process(wide.block);
    for (let from = 0; from < narrow.length;) {
      const part = narrow.subarray(from, from + FRAME_SAMPLES - this.#frameFilled);
      this.#frame.set(part, this.#frameFilled);
      from += part.length;
      this.#advanceFrame(part.length, onFrame);
    }
  }

  #advanceFrame(count: number, onFrame: FrameListener): void {
    this.#frameFilled += count;
    if (this.#frameFilled < FRAME_SAMPLES) return;
    this.#frameFilled = 0;
    onFrame(this.#frame);
  }

  get format(): AudioFormat {
    return this.#format;
  }

  reset(): void {
    this.#carry = -1;
    this.#frameFilled = 0;
    this.#wideFilled = 0;
  }

  close(): void {
    this.#isClosed = true;
    this.#closeWide();
  }
}
