import { createCompanding } from './companding.ts';

/** Moves the segments of the curve to powers of two. */
const BIAS = 132;
/** The largest magnitude that the bias leaves within 15 bits. */
const CLIP = 32_635;

const LAW = createCompanding(decodeCode, encodeSample);

/** Decodes µ-law to PCM16. @see ITU-T G.711, table 2 */
export const decodeMulaw = LAW.decode;

/** Encodes PCM16 to µ-law. @see ITU-T G.711, table 2 */
export const encodeMulaw = LAW.encode;

function decodeCode(code: number): number {
  const bits = ~code & 0xff;
  const magnitude = ((((bits & 0x0f) << 3) + BIAS) << ((bits >> 4) & 0x07)) - BIAS;
  return (bits & 0x80) === 0 ? magnitude : -magnitude;
}

function encodeSample(sample: number): number {
  const magnitude = Math.min(Math.abs(sample), CLIP) + BIAS;
  const segment = 24 - Math.clz32(magnitude);
  const bits = (segment << 4) | ((magnitude >> (segment + 3)) & 0x0f);
  return ~(sample < 0 ? bits | 0x80 : bits) & 0xff;
}
