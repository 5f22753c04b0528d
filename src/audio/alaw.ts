/** Every second bit is inverted on the line. */
const LINE_MASK = 0x55;
const POSITIVE = 0x80;

const DECODED = Int16Array.from({ length: 256 }, (_, code) => decodeCode(code));
const ENCODED = Uint8Array.from({ length: 65_536 }, (_, index) => encodeSample(index - 32_768));

/**
 * Decodes A-law bytes `start` to `end` to PCM16, one sample a byte, without allocating.
 *
 * @param out Receives the samples from index `outOffset` on.
 * @throws {RangeError} When `out` has no room for them.
 * @see ITU-T G.711, table 1
 */
export function decodeAlaw(
  bytes: Uint8Array,
  out: Int16Array,
  outOffset = 0,
  start = 0,
  end = bytes.length,
): void {
  if (outOffset + end - start > out.length) throw new RangeError('no room for the samples');
  for (let from = start, to = outOffset; from < end; from++, to++)
    out[to] = DECODED[bytes[from] ?? 0] ?? 0;
}

/**
 * Encodes PCM16 to A-law, one byte a sample. A value between two codes goes to the nearer one, from the exact middle to
 * the one farther from zero.
 *
 * @param out Receives the bytes from index `outOffset` on; a new array when left out.
 * @returns `out`.
 * @throws {RangeError} When `out` has no room for them.
 * @see ITU-T G.711, table 1
 */
export function encodeAlaw(
  pcm: Int16Array,
  out: Uint8Array = new Uint8Array(pcm.length),
  outOffset = 0,
): Uint8Array {
  if (outOffset + pcm.length > out.length) throw new RangeError('no room for the bytes');
  for (let from = 0, to = outOffset; from < pcm.length; from++, to++)
    out[to] = ENCODED[(pcm[from] ?? 0) + 32_768] ?? 0;
  return out;
}

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
