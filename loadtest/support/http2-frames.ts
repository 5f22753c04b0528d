/** Types of frames. RFC 9113 section 6. */
export const FRAME = {
  data: 0x0,
  headers: 0x1,
  resetStream: 0x3,
  settings: 0x4,
  ping: 0x6,
  goAway: 0x7,
  windowUpdate: 0x8,
} as const;
/** Of DATA and HEADERS: nothing follows on this stream. */
export const END_STREAM = 0x1;
/** Of SETTINGS and PING: an answer. */
export const ACK = 0x1;
/** Of HEADERS: the whole block is here. */
export const END_HEADERS = 0x4;
/** What precedes the payload of every frame. */
export const FRAME_HEAD_BYTES = 9;

/** Writes a frame. RFC 9113 section 4.1. */
export function encodeFrame(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array,
): Buffer {
  const frame = Buffer.alloc(FRAME_HEAD_BYTES + payload.length);
  frame.writeUIntBE(payload.length, 0, 3);
  frame[3] = type;
  frame[4] = flags;
  frame.writeUInt32BE(streamId, 5);
  frame.set(payload, FRAME_HEAD_BYTES);
  return frame;
}

/** A frame as it arrives. */
export interface IncomingFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  /** Of the payload. */
  readonly length: number;
  /** Empty for DATA, whose bytes nobody looks at; else valid during the call only. */
  readonly payload: Buffer;
}

const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Creates the function that is given the bytes of a connection as they come, and says what frames they are. DATA is told when it begins.
 *
 * @param onDataBytes Given the bytes of DATA in the pieces in which they come, valid during the call only; absent: nobody looks at them.
 */
export function createFrameReader(
  onFrame: (frame: IncomingFrame) => void,
  onDataBytes?: (streamId: number, piece: Buffer) => void,
): (chunk: Buffer) => void {
  let rest = NOTHING;
  let dataToSkip = 0;
  let dataStreamId = 0;
  return (chunk) => {
    let bytes = chunk;
    if (rest.length > 0) bytes = Buffer.concat([rest, chunk]);
    rest = NOTHING;
    let at = Math.min(dataToSkip, bytes.length);
    if (at > 0) onDataBytes?.(dataStreamId, bytes.subarray(0, at));
    dataToSkip -= at;
    while (at < bytes.length) {
      const begin = at + FRAME_HEAD_BYTES;
      if (begin > bytes.length) break;
      const length = bytes.readUIntBE(at, 3);
      const type = bytes.readUInt8(at + 3);
      const isData = type === FRAME.data;
      if (!isData && begin + length > bytes.length) break;
      onFrame({
        type,
        flags: bytes.readUInt8(at + 4),
        streamId: bytes.readUInt32BE(at + 5) & 0x7fffffff,
        length,
        payload: isData ? NOTHING : bytes.subarray(begin, begin + length),
      });
      at = Math.min(begin + length, bytes.length);
      dataToSkip = begin + length - at;
      if (!isData) continue;
      dataStreamId = bytes.readUInt32BE(begin - 4) & 0x7fffffff;
      if (at > begin) onDataBytes?.(dataStreamId, bytes.subarray(begin, at));
    }
    if (at < bytes.length) rest = bytes.subarray(at);
  };
}

/** Four bytes, the high one first. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
