/** One law of G.711, as tables. */
export interface Companding {
  /**
   * Decodes bytes `start` to `end` to PCM16, one sample a byte, without allocating.
   *
   * @param out Receives the samples from index `outOffset` on.
   * @throws {RangeError} When `out` has no room for them.
   */
  decode(
    bytes: Uint8Array,
    out: Int16Array,
    outOffset?: number,
    start?: number,
    end?: number,
  ): void;
  /**
   * Encodes PCM16, one byte a sample. A value between two codes goes to the nearer one, from the exact middle to the one
   * farther from zero.
   *
   * @param out Receives the bytes from index `outOffset` on; a new array when left out.
   * @returns `out`.
   * @throws {RangeError} When `out` has no room for them.
   */
  encode(pcm: Int16Array, out?: Uint8Array, outOffset?: number): Uint8Array;
}

/**
 * Makes the tables of a law from its two formulas.
 *
 * @param decodeCode The sample that a code, 0 to 255, stands for.
 * @param encodeSample The code of a PCM16 sample.
 */
export function createCompanding(
  decodeCode: (code: number) => number,
  encodeSample: (sample: number) => number,
): Companding {
  const decoded = Int16Array.from({ length: 256 }, (_, code) => decodeCode(code));
  // By the sample's 16 bits, so that an index is never out of bounds.
  const encoded = Uint8Array.from({ length: 65_536 }, (_, bits) =>
    encodeSample((bits << 16) >> 16),
  );
  return {
    decode(bytes, out, outOffset = 0, start = 0, end = bytes.length) {
      if (outOffset + end - start > out.length) throw new RangeError('no room for the samples');
      let from = start;
      let to = outOffset;
      // Four at a time take half as long: this runs for every packet of every caller.
      for (; from + 4 <= end; from += 4, to += 4) {
        out[to] = decoded[bytes[from] ?? 0] ?? 0;
        out[to + 1] = decoded[bytes[from + 1] ?? 0] ?? 0;
        out[to + 2] = decoded[bytes[from + 2] ?? 0] ?? 0;
        out[to + 3] = decoded[bytes[from + 3] ?? 0] ?? 0;
      }
      for (; from < end; from++, to++) out[to] = decoded[bytes[from] ?? 0] ?? 0;
    },
    encode(pcm, out = new Uint8Array(pcm.length), outOffset = 0) {
      if (outOffset + pcm.length > out.length) throw new RangeError('no room for the bytes');
      const end = pcm.length;
      let from = 0;
      let to = outOffset;
      for (; from + 4 <= end; from += 4, to += 4) {
        out[to] = encoded[(pcm[from] ?? 0) & 0xffff] ?? 0;
        out[to + 1] = encoded[(pcm[from + 1] ?? 0) & 0xffff] ?? 0;
        out[to + 2] = encoded[(pcm[from + 2] ?? 0) & 0xffff] ?? 0;
        out[to + 3] = encoded[(pcm[from + 3] ?? 0) & 0xffff] ?? 0;
      }
      for (; from < end; from++, to++) out[to] = encoded[(pcm[from] ?? 0) & 0xffff] ?? 0;
      return out;
    },
  };
}
