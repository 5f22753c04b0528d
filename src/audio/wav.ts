import { GatewayError } from '../core/gateway-error.ts';
import { AUDIO_CODECS } from './audio-codec.ts';
import {
  type AudioEncoding,
  type AudioFormat,
  MAX_SAMPLE_RATE_HZ,
  MIN_SAMPLE_RATE_HZ,
} from './audio-format.ts';

/** What a WAV file holds; with two channels the samples of left and right alternate. */
export interface WavAudio {
  readonly format: AudioFormat;
  /** 1 or 2. */
  readonly channels: number;
  /** Whole sample frames only. */
  readonly data: Uint8Array;
}

/** Larger files are no prompts: two hours of telephone audio, six minutes of stereo at 48000 Hz. */
const MAX_WAV_BYTES = 64 * 1024 * 1024;

const TAG_EXTENSIBLE = 0xfffe;
const TAGS: Readonly<Record<AudioEncoding, number>> = { linear16: 1, alaw: 6, mulaw: 7 };
const ENCODINGS: Readonly<Record<number, AudioEncoding>> = { 1: 'linear16', 6: 'alaw', 7: 'mulaw' };
/** What follows the two bytes of the tag in the GUID of an extensible format. */
const GUID_TAIL = '000000001000800000aa00389b71';

/**
 * Puts a RIFF header before raw audio: 44 bytes for LINEAR16, 58 for µ-law and A-law, whose `fact` chunk tells the
 * number of sample frames. A data chunk of odd size gets its pad byte.
 *
 * @param channels 1 or 2; samples of two channels alternate.
 */
export function encodeWav(audio: Uint8Array, format: AudioFormat, channels = 1): Uint8Array {
  const { bytesPerSample } = AUDIO_CODECS[format.encoding];
  const blockBytes = bytesPerSample * channels;
  const companded = format.encoding !== 'linear16';
  const headerBytes = companded ? 58 : 44;
  const bytes = new Uint8Array(headerBytes + audio.length + (audio.length & 1));
  const view = new DataView(bytes.buffer);
  writeChunk(view, 0, 'RIFF', bytes.length - 8);
  writeText(view, 8, 'WAVE');
  writeChunk(view, 12, 'fmt ', companded ? 18 : 16);
  view.setUint16(20, TAGS[format.encoding], true);
  view.setUint16(22, channels, true);
  view.setUint32(24, format.sampleRateHz, true);
  view.setUint32(28, format.sampleRateHz * blockBytes, true);
  view.setUint16(32, blockBytes, true);
  view.setUint16(34, bytesPerSample * 8, true);
  if (companded) {
    writeChunk(view, 38, 'fact', 4);
    view.setUint32(46, Math.floor(audio.length / blockBytes), true);
  }
  writeChunk(view, headerBytes - 8, 'data', audio.length);
  bytes.set(audio, headerBytes);
  return bytes;
}

/**
 * Reads a WAV file: LINEAR16, µ-law or A-law, plain or as WAVE_FORMAT_EXTENSIBLE, 4000 to 48000 Hz, one or two channels.
 *
 * Chunks that it does not know are skipped. A data chunk that claims more than there is, as files written to a pipe do,
 * ends with the file.
 *
 * @returns `data` shares the memory of `bytes`.
 * @throws {GatewayError} `ERR_AUDIO_WAV` for anything else, and beyond 64 MB.
 */
export function decodeWav(bytes: Uint8Array): WavAudio {
  if (bytes.length > MAX_WAV_BYTES) throw wavError('the file is larger than 64 MB');
  const heading = readWavHeading(bytes);
  if (heading === undefined) throw wavError('there is no data chunk');
  const { format, channels, dataAt, dataBytes } = heading;
  const end = Math.min(dataAt + dataBytes, bytes.length);
  const blockBytes = AUDIO_CODECS[format.encoding].bytesPerSample * channels;
  return { format, channels, data: bytes.subarray(dataAt, end - ((end - dataAt) % blockBytes)) };
}

/** What stands before the samples of a WAV file. */
export interface WavHeading extends Omit<WavAudio, 'data'> {
  readonly dataAt: number;
  /** What the data chunk claims to hold. */
  readonly dataBytes: number;
}

/**
 * Reads the beginning of a WAV file.
 *
 * @returns `undefined` when `bytes` end before the samples begin.
 * @throws {GatewayError} `ERR_AUDIO_WAV` when it is none that {@link decodeWav} reads.
 */
export function readWavHeading(bytes: Uint8Array): WavHeading | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || readText(view, 0) !== 'RIFF' || readText(view, 8) !== 'WAVE')
    throw wavError('there is no RIFF header');
  let heading: Omit<WavAudio, 'data'> | undefined;
  for (let at = 12; at + 8 <= bytes.length;) {
    const start = at + 8;
    const size = view.getUint32(at + 4, true);
    const name = readText(view, at);
    if (name === 'fmt ') heading = readFormat(view, start, Math.min(start + size, bytes.length));
    if (name === 'data') {
      if (heading === undefined) throw wavError('the data come before their format');
      return { ...heading, dataAt: start, dataBytes: size };
    }
    at = start + size + (size & 1);
  }
  return undefined;
}

function readFormat(view: DataView, start: number, end: number): Omit<WavAudio, 'data'> {
  if (end - start < 16) throw wavError('the format chunk is too short');
  const encoding = ENCODINGS[readTag(view, start, end)];
  const channels = view.getUint16(start + 2, true);
  const sampleRateHz = view.getUint32(start + 4, true);
  const bits = view.getUint16(start + 14, true);
  if (encoding === undefined || bits !== AUDIO_CODECS[encoding].bytesPerSample * 8)
    throw wavError('the encoding is not 16-bit PCM, µ-law or A-law');
  if (channels !== 1 && channels !== 2) throw wavError('there are more than two channels');
  if (sampleRateHz < MIN_SAMPLE_RATE_HZ || sampleRateHz > MAX_SAMPLE_RATE_HZ)
    throw wavError('the sample rate is outside 4000 to 48000 Hz');
  return { format: { encoding, sampleRateHz }, channels };
}

function readTag(view: DataView, start: number, end: number): number {
  const tag = view.getUint16(start, true);
  if (tag !== TAG_EXTENSIBLE || end - start < 40) return tag;
  const tail = Buffer.from(view.buffer, view.byteOffset + start + 26, 14).toString('hex');
  return tail === GUID_TAIL ? view.getUint16(start + 24, true) : tag;
}

function writeChunk(view: DataView, at: number, name: string, size: number): void {
  writeText(view, at, name);
  view.setUint32(at + 4, size, true);
}

function writeText(view: DataView, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) view.setUint8(at + i, text.charCodeAt(i));
}

function readText(view: DataView, at: number): string {
  return Buffer.from(view.buffer, view.byteOffset + at, 4).toString('latin1');
}

function wavError(reason: string): GatewayError {
  return new GatewayError('ERR_AUDIO_WAV', `the WAV file cannot be read: ${reason}`);
}
