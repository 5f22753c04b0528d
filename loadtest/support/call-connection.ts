import { readGrpcStatus } from './grpc-status.ts';
import {
  ACK,
  END_HEADERS,
  END_STREAM,
  FRAME,
  FRAME_HEAD_BYTES,
  type IncomingFrame,
  createFrameReader,
  uint32,
} from './http2-frames.ts';
import { type Http2Request, WINDOW_BYTES, connectHttp2Socket } from './http2-socket.ts';
import { Tally } from './tally.ts';

/** Who wants to know what comes on an RPC. */
export interface CallStreamListener {
  /** One message, without its five bytes of length; valid during the call only. */
  answered(message: Buffer): void;
  /** Called once, last, with the gRPC status as it is written, or `reset`, or `connection`. */
  ended(status: string): void;
}

/** One connection that carries the RPCs of many calls, and is cheap enough for a thousand of them. */
export interface CallConnection {
  /** Opens an RPC. */
  open(listener: CallStreamListener): number;
  /** Sends a message that has its five bytes of length; its bytes are copied. */
  send(streamId: number, message: Uint8Array): void;
  halfClose(streamId: number): void;
  /** Lets what was sent since the last time leave. */
  flush(): void;
  /** How long messages waited because the server's windows were full. */
  readonly heldMs: Tally;
  /** Messages that wait for it now. */
  readonly held: () => number;
  /** Messages that were thrown away since too many waited. */
  readonly dropped: () => number;
  close(): void;
}

interface Stream {
  readonly listener: CallStreamListener;
  window: number;
  /** The beginning of a message whose end is to come. */
  rest: Buffer;
  hasHalfClosed: boolean;
}

interface Held {
  readonly streamId: number;
  readonly message: Uint8Array;
  readonly sinceMs: number;
}

const DEFAULT_WINDOW_BYTES = 65_535;
const SLAB_BYTES = 256 * 1024;
/** What 300 calls say in ten seconds. */
const MAX_HELD = 150_000;
const MESSAGE_HEAD_BYTES = 5;
const INITIAL_WINDOW_SIZE = 4;
const NOTHING: Buffer = Buffer.alloc(0);
/** Stands among the held messages for the half-close behind them. */
const END = new Uint8Array(0);

/**
 * Opens a connection that speaks HTTP/2 frame by frame. It honours the server's windows, of each stream and of the connection, as a
 * full client does: what does not fit waits, in order.
 */
export async function openCallConnection(
  target: string,
  request: Http2Request,
): Promise<CallConnection> {
  const { socket, headers } = await connectHttp2Socket(target, request);
  const streams = new Map<number, Stream>();
  const heldMs = new Tally();
  let held: Held[] = [];
  let dropped = 0;
  let nextStreamId = 1;
  let unreportedBytes = 0;
  let connectionWindow = DEFAULT_WINDOW_BYTES;
  let streamWindow = DEFAULT_WINDOW_BYTES;
  let slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  let begin = 0;
  let end = 0;

  const flush = (): void => {
    if (end > begin && !socket.destroyed) socket.write(slab.subarray(begin, end));
    begin = end;
  };
  /** Begins a frame; what has been written is never written over. */
  const beginFrame = (type: number, flags: number, streamId: number, length: number): void => {
    if (end + FRAME_HEAD_BYTES + length > slab.length) {
      flush();
      slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, FRAME_HEAD_BYTES + length));
      begin = 0;
      end = 0;
    }
    slab.writeUIntBE(length, end, 3);
    slab[end + 3] = type;
    slab[end + 4] = flags;
    slab.writeUInt32BE(streamId, end + 5);
    end += FRAME_HEAD_BYTES;
  };
  const append = (bytes: Uint8Array): void => {
    slab.set(bytes, end);
    end += bytes.length;
  };
  const sendNow = (stream: Stream, streamId: number, message: Uint8Array): boolean => {
    if (message.length > connectionWindow || message.length > stream.window) return false;
    connectionWindow -= message.length;
    stream.window -= message.length;
    beginFrame(FRAME.data, 0, streamId, message.length);
    append(message);
    return true;
  };
  const sendHeld = (): void => {
    const now = performance.now();
    let sent = 0;
    for (const { streamId, message, sinceMs } of held) {
      const stream = streams.get(streamId);
      if (message === END) {
        if (stream !== undefined) beginFrame(FRAME.data, END_STREAM, streamId, 0);
      } else if (stream !== undefined && !sendNow(stream, streamId, message)) break;
      sent += 1;
      heldMs.note(now - sinceMs);
    }
    if (sent > 0) held = held.slice(sent);
  };
  const finish = (streamId: number, status: string): void => {
    const stream = streams.get(streamId);
    if (stream === undefined) return;
    streams.delete(streamId);
    if (status !== 'connection' && status !== 'reset' && !stream.hasHalfClosed)
      beginFrame(FRAME.data, END_STREAM, streamId, 0);
    stream.listener.ended(status);
  };
  const halfClose = (streamId: number): void => {
    const stream = streams.get(streamId);
    if (stream === undefined || stream.hasHalfClosed) return;
    stream.hasHalfClosed = true;
    if (held.length > 0) held.push({ streamId, message: END, sinceMs: performance.now() });
    else beginFrame(FRAME.data, END_STREAM, streamId, 0);
  };
  const onSettings = (payload: Buffer): void => {
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      if (payload.readUInt16BE(at) !== INITIAL_WINDOW_SIZE) continue;
      const size = payload.readUInt32BE(at + 2);
      for (const stream of streams.values()) stream.window += size - streamWindow;
      streamWindow = size;
    }
  };
  const onWindowUpdate = (streamId: number, payload: Buffer): void => {
    const bytes = payload.readUInt32BE(0) & 0x7fffffff;
    const stream = streams.get(streamId);
    if (streamId === 0) connectionWindow += bytes;
    else if (stream !== undefined) stream.window += bytes;
    if (held.length > 0) sendHeld();
  };
  const onFrame = ({ type, flags, streamId, length, payload }: IncomingFrame): void => {
    if (type === FRAME.data) {
      unreportedBytes += length;
      if (unreportedBytes <= WINDOW_BYTES / 2) return;
      beginFrame(FRAME.windowUpdate, 0, 0, 4);
      append(uint32(unreportedBytes));
      unreportedBytes = 0;
    } else if (type === FRAME.settings && (flags & ACK) === 0) {
      onSettings(payload);
      beginFrame(FRAME.settings, ACK, 0, 0);
    } else if (type === FRAME.ping && (flags & ACK) === 0) {
      beginFrame(FRAME.ping, ACK, 0, payload.length);
      append(payload);
    } else if (type === FRAME.windowUpdate) onWindowUpdate(streamId, payload);
    else if (type === FRAME.resetStream) finish(streamId, 'reset');
    else if (type === FRAME.headers && (flags & END_STREAM) !== 0)
      finish(streamId, readGrpcStatus(payload));
  };
  const onDataBytes = (streamId: number, piece: Buffer): void => {
    const stream = streams.get(streamId);
    if (stream === undefined) return;
    const bytes = stream.rest.length === 0 ? piece : Buffer.concat([stream.rest, piece]);
    let at = 0;
    while (at + MESSAGE_HEAD_BYTES <= bytes.length) {
      const from = at + MESSAGE_HEAD_BYTES;
      const to = from + bytes.readUInt32BE(at + 1);
      if (to > bytes.length) break;
      stream.listener.answered(bytes.subarray(from, to));
      at = to;
    }
    // The piece is a view of what the socket read, which is no longer ours when this returns.
    stream.rest = at === bytes.length ? NOTHING : Buffer.from(bytes.subarray(at));
  };
  const read = createFrameReader(onFrame, onDataBytes);
  socket.on('data', (chunk) => {
    read(chunk);
    flush();
  });
  socket.on('close', () => {
    for (const streamId of streams.keys()) finish(streamId, 'connection');
  });
  return {
    open(listener) {
      const streamId = nextStreamId;
      nextStreamId += 2;
      const block = streamId === 1 ? headers.first : headers.later;
      streams.set(streamId, {
        listener,
        window: streamWindow,
        rest: NOTHING,
        hasHalfClosed: false,
      });
      beginFrame(FRAME.headers, END_HEADERS, streamId, block.length);
      append(block);
      if (socket.destroyed) queueMicrotask(() => finish(streamId, 'connection'));
      return streamId;
    },
    send(streamId, message) {
      const stream = streams.get(streamId);
      if (stream === undefined || stream.hasHalfClosed) return;
      if (held.length === 0 && sendNow(stream, streamId, message)) return;
      if (held.length >= MAX_HELD) dropped += 1;
      else held.push({ streamId, message: message.slice(), sinceMs: performance.now() });
    },
    halfClose,
    flush,
    heldMs,
    held: () => held.length,
    dropped: () => dropped,
    close: () => socket.destroy(),
  };
}
