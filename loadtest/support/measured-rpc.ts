import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:http2';

import { loadVoiceVirtualAgent } from '../../src/protocols/voice-virtual-agent/wire.ts';
import { ORGANISATION } from './gateway-child.ts';

const MESSAGE_HEAD_BYTES = 5;

/** What is asked of every server, and how its answer is read. */
export interface MeasuredRpc {
  readonly path: string;
  /** A request with its five bytes of length; each turn is a call of its own. */
  nextMessage(): Uint8Array;
  /** What an answer says: bytes of sound in all of its messages, and agents. */
  read(answer: Buffer): { readonly audioBytes: number; readonly agents: number };
}

/** Asks for the agents of the organisation. */
export function createListRpc(): MeasuredRpc {
  const { ListVirtualAgents: method } = loadVoiceVirtualAgent();
  const message = encodeMessage(method.requestSerialize({ customer_org_id: ORGANISATION }));
  return {
    path: method.path,
    nextMessage: () => message,
    read: (answer) => ({
      audioBytes: 0,
      agents: decodeMessages(answer, method.responseDeserialize).reduce(
        (sum, { virtual_agents: agents }) => sum + agents.length,
        0,
      ),
    }),
  };
}

/** SESSION_START of a new conversation each time. */
export function createTurnRpc(): MeasuredRpc {
  const { ProcessCallerInput: method } = loadVoiceVirtualAgent();
  const placeholder = randomUUID();
  const message = encodeMessage(
    method.requestSerialize({
      conversation_id: placeholder,
      customer_org_id: ORGANISATION,
      event_input: { event_type: 'SESSION_START' },
    }),
  );
  const at = message.indexOf(placeholder);
  return {
    path: method.path,
    nextMessage() {
      const next = Buffer.from(message);
      next.write(randomUUID(), at, 'latin1');
      return next;
    },
    read: (answer) => ({
      audioBytes: decodeMessages(answer, method.responseDeserialize)
        .flatMap(({ prompts }) => prompts)
        .reduce((sum, { audio_content: audio }) => sum + audio.length, 0),
      agents: 0,
    }),
  };
}

/**
 * Asks once, with Node.js's own HTTP/2 client.
 *
 * @returns The bytes of the answer, all messages together.
 * @throws {Error} When the status is not 0.
 */
export async function askOnce(
  { path, nextMessage }: MeasuredRpc,
  { target, token }: { readonly target: string; readonly token: string },
): Promise<Buffer> {
  const session = connect(`http://${target}`);
  try {
    await once(session, 'connect');
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      authorization: token,
    });
    const chunks: Buffer[] = [];
    let status: unknown;
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('trailers', (trailers) => {
      status = trailers['grpc-status'];
    });
    const closed = once(stream, 'close');
    stream.end(nextMessage());
    await closed;
    if (status !== '0') throw new Error(`${path} ended with status ${String(status)}`);
    return Buffer.concat(chunks);
  } finally {
    session.close();
  }
}

/** A gRPC message: not compressed, its length, its bytes. */
export function encodeMessage(bytes: Uint8Array): Buffer {
  const message = Buffer.alloc(MESSAGE_HEAD_BYTES + bytes.length);
  message.writeUInt32BE(bytes.length, 1);
  message.set(bytes, MESSAGE_HEAD_BYTES);
  return message;
}

function decodeMessages<T>(bytes: Buffer, decode: (message: Buffer) => T): readonly T[] {
  const messages: T[] = [];
  for (let at = 0; at < bytes.length;) {
    const begin = at + MESSAGE_HEAD_BYTES;
    const end = begin + bytes.readUInt32BE(at + 1);
    messages.push(decode(bytes.subarray(begin, end)));
    at = end;
  }
  return messages;
}
