/** How caller audio is coded on the wire. */
export type AudioEncoding = 'linear16' | 'mulaw' | 'alaw';

/** An encoding and its rate; always mono. LINEAR16 is little-endian. */
export interface AudioFormat {
  readonly encoding: AudioEncoding;
  readonly sampleRateHz: number;
}

/** What Webex plays and what it really sends: µ-law, 8000 Hz, mono, 1 byte a sample, 8 bytes a millisecond. */
export const TELEPHONE_FORMAT: AudioFormat = { encoding: 'mulaw', sampleRateHz: 8000 };

/** Bytes of one millisecond of telephone audio. */
export const TELEPHONE_BYTES_PER_MS = 8;

/** Silence in µ-law. */
export const MULAW_SILENCE = 0xff;

/** Silence in A-law. */
export const ALAW_SILENCE = 0xd5;

/** Rate of everything behind the door of the audio room: PCM16 of the caller, prompts, recordings. */
export const TELEPHONE_RATE_HZ = 8000;

/** The frame that voice activity, endpointing and recording work on. */
export const FRAME_MS = 20;

/** Samples of one frame at 8000 Hz; as many bytes in µ-law. */
export const FRAME_SAMPLES = 160;

/** Lowest and highest rate of sound that is converted, in hertz. */
export const MIN_SAMPLE_RATE_HZ = 4000;
export const MAX_SAMPLE_RATE_HZ = 48_000;
