import { AUDIO_CODECS } from './audio-codec.ts';
import { type AudioFormat, TELEPHONE_FORMAT } from './audio-format.ts';

/** The lower tone of each row of the keypad, from the top. */
export const ROW_HZ = [697, 770, 852, 941] as const;
/** The higher tone of each column, from the left. */
export const COLUMN_HZ = [1209, 1336, 1477, 1633] as const;
/** The keys, row by row. */
export const KEYPAD = '123A456B789C*0#D';
/** Of full scale, for each of the two tones: -8 dB each, so that their sum does not clip. */
const DTMF_LEVEL = 0.4;
const SINE_LEVEL = 0.5;

/**
 * The two frequencies of a key, in hertz.
 *
 * @throws {TypeError} When `digit` is none of `0-9 A-D * #`.
 * @see ITU-T Q.23
 */
export function dtmfFrequencies(digit: string): readonly [rowHz: number, columnHz: number] {
  const index = digit.length === 1 ? KEYPAD.indexOf(digit) : -1;
  const rowHz = ROW_HZ[index >> 2];
  const columnHz = COLUMN_HZ[index & 3];
  if (rowHz === undefined || columnHz === undefined)
    throw new TypeError('a digit must be one of 0-9 A-D * #');
  return [rowHz, columnHz];
}

/**
 * The sound of a key.
 *
 * @throws {TypeError} When `digit` is none of `0-9 A-D * #`.
 */
export function dtmfTone(
  digit: string,
  ms: number,
  format: AudioFormat = TELEPHONE_FORMAT,
): Uint8Array {
  const [rowHz, columnHz] = dtmfFrequencies(digit);
  return render(ms, format, (angle) => {
    return DTMF_LEVEL * (Math.sin(angle * rowHz) + Math.sin(angle * columnHz));
  });
}

/** A pure tone; `level` is the peak as a part of full scale, 0 to 1. */
export function sine(
  hz: number,
  ms: number,
  format: AudioFormat = TELEPHONE_FORMAT,
  level = SINE_LEVEL,
): Uint8Array {
  return render(ms, format, (angle) => level * Math.sin(angle * hz));
}

/** Silence. */
export function silence(ms: number, format: AudioFormat = TELEPHONE_FORMAT): Uint8Array {
  const codec = AUDIO_CODECS[format.encoding];
  return new Uint8Array(toSamples(ms, format) * codec.bytesPerSample).fill(codec.silence);
}

/** Encodes `wave`, a function of 2π × seconds with values from -1 to 1. */
function render(ms: number, format: AudioFormat, wave: (angle: number) => number): Uint8Array {
  const step = (2 * Math.PI) / format.sampleRateHz;
  const pcm = Int16Array.from({ length: toSamples(ms, format) }, (_, index) =>
    Math.round(32_767 * wave(step * index)),
  );
  return AUDIO_CODECS[format.encoding].encode(pcm);
}

function toSamples(ms: number, format: AudioFormat): number {
  return Math.round((ms * format.sampleRateHz) / 1000);
}
