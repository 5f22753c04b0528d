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
