/**
 * `grpc-status` as header blocks name it, without a table: in Huffman's code, which is shorter and so what most write, and letter by
 * letter, as HAProxy does. Length and text of the value follow.
 */
const NAMES = [Buffer.from('9acac8b21234da8f', 'hex'), Buffer.from('grpc-status', 'latin1')];
/** A zero in Huffman's code, with its length. */
const CODED_ZERO = Buffer.from('8107', 'hex');

/** Reads the status of an RPC out of its trailers, such as `0`; `unknown` when they do not say it in a way that is known here. */
export function readGrpcStatus(block: Buffer): string {
  for (const name of NAMES) {
    const at = block.indexOf(name);
    if (at < 0) continue;
    const from = at + name.length;
    if (block.subarray(from, from + CODED_ZERO.length).equals(CODED_ZERO)) return '0';
    const length = block[from] ?? 0;
    return block.toString('latin1', from + 1, from + 1 + length);
  }
  return 'unknown';
}
