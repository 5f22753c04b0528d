/**
 * Decodes little-endian LINEAR16 bytes `start` to `end` to PCM16, at any alignment, without allocating. An odd byte at
 * the end is left out.
 *
 * @param out Receives the samples from index `outOffset` on.
 * @throws {RangeError} When `out` has no room for them.
 */
export function decodeLinear16(
  bytes: Uint8Array,
  out: Int16Array,
  outOffset = 0,
  start = 0,
  end = bytes.length,
): void {
  if (outOffset + ((end - start) >> 1) > out.length)
    throw new RangeError('no room for the samples');
  for (let from = start, to = outOffset; from + 1 < end; from += 2, to++)
    out[to] = toSample(bytes[from] ?? 0, bytes[from + 1] ?? 0);
}

/**
 * Encodes PCM16 to little-endian LINEAR16, two bytes a sample.
 *
 * @param out Receives the bytes from index `outOffset` on; a new array when left out.
 * @returns `out`.
 * @throws {RangeError} When `out` has no room for them.
 */
export function encodeLinear16(
  pcm: Int16Array,
  out: Uint8Array = new Uint8Array(pcm.length * 2),
  outOffset = 0,
): Uint8Array {
  if (outOffset + pcm.length * 2 > out.length) throw new RangeError('no room for the bytes');
  for (let from = 0, to = outOffset; from < pcm.length; from++, to += 2) {
    const sample = pcm[from] ?? 0;
    out[to] = sample & 0xff;
    out[to + 1] = (sample >> 8) & 0xff;
  }
  return out;
}

/** Joins the two bytes of a sample. */
export function toSample(low: number, high: number): number {
  return ((low | (high << 8)) << 16) >> 16;
}
