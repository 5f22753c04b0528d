import { createCompanding } from './companding.ts';

/** Every second bit is inverted on the line. */
const LINE_MASK = 0x55;
const POSITIVE = 0x80;

const LAW = createCompanding(decodeCode, encodeSample);

/** Decodes A-law to PCM16. @see ITU-T G.711, table 1 */
export const decodeAlaw = LAW.decode;

/** Encodes PCM16 to A-law. @see ITU-T G.711, table 1 */
export const encodeAlaw = LAW.encode;

function decodeCode(code: number): number {
  const bits = code ^ LINE_MASK;
  const segment = (bits >> 4) & 0x07;
  const step = ((bits & 0x0f) << 4) + 8;
  const magnitude = segment === 0 ? step : (step + 256) << (segment - 1);
  return (bits & POSITIVE) === 0 ? -magnitude : magnitude;
}

function encodeSample(sample: number): number {
  const magnitude = Math.min(Math.abs(sample), 32_767);
  const segment = Math.max(0, 24 - Math.clz32(magnitude));
  const bits = (segment << 4) | ((magnitude >> (segment === 0 ? 4 : segment + 3)) & 0x0f);
  return (sample < 0 ? bits : bits | POSITIVE) ^ LINE_MASK;
}
