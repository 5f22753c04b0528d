import { readGrpcStatus } from './grpc-status.ts';
import {
  ACK,
  END_HEADERS,
  END_STREAM,
  FRAME,
  FRAME_HEAD_BYTES,
  type IncomingFrame,
  createFrameReader,
  encodeFrame,
  uint32,
} from './http2-frames.ts';
import { type Http2Request, WINDOW_BYTES, connectHttp2Socket } from './http2-socket.ts';
import { type RequestHeaders, encodeRequestHeaders } from './request-headers.ts';

/** What became of an RPC. */
interface RpcResult {
  /** `no-status`: the server ended it with another status than 0, or without; `reset`: it broke off; `connection`: all broke off. */
  readonly outcome: 'ok' | 'no-status' | 'reset' | 'connection';
  /** From sending the request to the first bytes of the answer; `NaN` without any. */
  readonly firstAnswerMs: number;
  /** Of the messages of the answer, with their five bytes of length each. */
  readonly answerBytes: number;
}

/** One connection that sends the same request again and again. */
export interface RpcConnection {
  /**
   * @param message With its five bytes of length.
   * @param token Of another caller than the connection's.
   */
  call(message: Uint8Array, onResult: (result: RpcResult) => void, token?: string): void;
  close(): void;
}

interface Rpc {
  readonly sentAtMs: number;
  readonly onResult: (result: RpcResult) => void;
  firstAnswerMs: number;
  answerBytes: number;
}

/**
 * Opens a connection that speaks just enough HTTP/2, frame by frame, to be far cheaper than any server: it reads the lengths of
 * frames, and of headers only whether the status is 0.
 *
 * Requests must be small: it never waits for the server's windows.
 */
export async function openRpcConnection(
  target: string,
  request: Http2Request,
): Promise<RpcConnection> {
  const { socket, headers } = await connectHttp2Socket(target, request);
  const running = new Map<number, Rpc>();
  let nextStreamId = 1;
  let unreportedBytes = 0;

  const finish = (streamId: number, outcome: RpcResult['outcome']): void => {
    const rpc = running.get(streamId);
    if (rpc === undefined) return;
    running.delete(streamId);
    const { firstAnswerMs, answerBytes } = rpc;
    rpc.onResult({ outcome, firstAnswerMs, answerBytes });
  };
  const onData = (rpc: Rpc | undefined, length: number): void => {
    unreportedBytes += length;
    if (unreportedBytes > WINDOW_BYTES / 2) {
      socket.write(encodeFrame(FRAME.windowUpdate, 0, 0, uint32(unreportedBytes)));
      unreportedBytes = 0;
    }
    if (rpc === undefined) return;
    if (rpc.answerBytes === 0) rpc.firstAnswerMs = performance.now() - rpc.sentAtMs;
    rpc.answerBytes += length;
  };
  const read = createFrameReader(({ type, flags, streamId, length, payload }: IncomingFrame) => {
    if (type === FRAME.data) onData(running.get(streamId), length);
    else if (type === FRAME.settings && (flags & ACK) === 0)
      socket.write(encodeFrame(FRAME.settings, ACK, 0, Buffer.alloc(0)));
    else if (type === FRAME.ping && (flags & ACK) === 0)
      socket.write(encodeFrame(FRAME.ping, ACK, 0, payload));
    else if (type === FRAME.resetStream) finish(streamId, 'reset');
    if ((type === FRAME.headers || type === FRAME.data) && (flags & END_STREAM) !== 0)
      finish(streamId, readGrpcStatus(payload) === '0' ? 'ok' : 'no-status');
  });
  socket.on('data', (chunk) => {
    // What the answers in a chunk set off leaves together.
    socket.cork();
    read(chunk);
    socket.uncork();
  });
  socket.on('close', () => {
    for (const streamId of running.keys()) finish(streamId, 'connection');
  });

  const toHeadFrames = (blocks: RequestHeaders): readonly Buffer[] =>
    [blocks.first, blocks.later].map((block) => encodeFrame(FRAME.headers, END_HEADERS, 0, block));
  const headersOf = (token: string): RequestHeaders =>
    encodeRequestHeaders({ authority: target, path: request.path, token });
  const headFrames = toHeadFrames(headers);
  return {
    call(message, onResult, token) {
      const streamId = nextStreamId;
      const [first, later] = token === undefined ? headFrames : toHeadFrames(headersOf(token));
      const head = streamId === 1 ? first : later;
      if (head === undefined) throw new TypeError('no headers');
      nextStreamId += 2;
      const bytes = Buffer.allocUnsafe(head.length + FRAME_HEAD_BYTES + message.length);
      bytes.set(head);
      bytes.writeUInt32BE(streamId, 5);
      bytes.writeUIntBE(message.length, head.length, 3);
      bytes[head.length + 3] = FRAME.data;
      bytes[head.length + 4] = END_STREAM;
      bytes.writeUInt32BE(streamId, head.length + 5);
      bytes.set(message, head.length + FRAME_HEAD_BYTES);
      running.set(streamId, {
        sentAtMs: performance.now(),
        onResult,
        firstAnswerMs: Number.NaN,
        answerBytes: 0,
      });
      if (socket.destroyed) finish(streamId, 'connection');
      else socket.write(bytes);
    },
    close() {
      socket.destroy();
    },
  };
}
