import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { Server, type ServerDuplexStream, ServerCredentials, type status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

/** A message as proto-loader reads it: names in camel case, enumerations as names. */
export type Message = Readonly<Record<string, unknown>>;

/** One stream as the stand-in sees it. */
export interface DialogflowConversation {
  readonly received: readonly Message[];
  /** Sound that came, whole. */
  readonly audio: () => Buffer;
  send(response: Message): void;
  /** The last part of an answer, and the end of the stream. */
  finish(queryResult: Message, outputAudio?: Uint8Array): void;
  fail(code: status, message: string): void;
  /** Resolves when the client has sent as many messages. */
  untilReceived(count: number): Promise<void>;
  /** Resolves when the client has ended its side in order. */
  readonly ended: Promise<void>;
  readonly cancelled: Promise<void>;
}

/** A stand-in for Dialogflow CX: plaintext gRPC with the vendor's own protos. */
export interface DialogflowServer {
  /** `host:port`. */
  readonly endpoint: string;
  readonly conversations: readonly DialogflowConversation[];
  /** From now on: called at the first message of each stream. */
  answer(respond: (conversation: DialogflowConversation) => void | Promise<void>): void;
  close(): Promise<void>;
}

const requireHere = createRequire(import.meta.url);
const sdkFile = requireHere.resolve('@google-cloud/dialogflow-cx');
const gaxFile = createRequire(sdkFile).resolve('google-gax');
/** The service as the SDK's package declares it. */
const definition = loadSync('google/cloud/dialogflow/cx/v3/session.proto', {
  includeDirs: [join(dirname(sdkFile), '../protos'), join(dirname(gaxFile), '../protos')],
  longs: String,
  enums: String,
  oneofs: true,
});

export async function startDialogflowServer(): Promise<DialogflowServer> {
  let respond: (conversation: DialogflowConversation) => void | Promise<void> = () => undefined;
  const conversations: DialogflowConversation[] = [];
  const server = new Server();
  const service = definition['google.cloud.dialogflow.cx.v3.Sessions'];
  if (service === undefined || 'format' in service) throw new TypeError('no service');
  server.addService(service, {
    StreamingDetectIntent: (call: ServerDuplexStream<Message, Message>) => {
      const conversation = serveCall(call, () => {
        conversations.push(conversation);
        void respond(conversation);
      });
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    endpoint: `127.0.0.1:${port}`,
    conversations,
    answer(next) {
      respond = next;
    },
    close: async () => server.forceShutdown(),
  };
}

function serveCall(
  call: ServerDuplexStream<Message, Message>,
  onFirst: () => void,
): DialogflowConversation {
  const received: Message[] = [];
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  call.on('data', (message: Message) => {
    received.push(message);
    if (received.length === 1) onFirst();
    for (const { count, resolve } of waiting) if (received.length >= count) resolve();
  });
  call.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => void call.on('end', resolve));
  const cancelled = new Promise<void>((resolve) => void call.on('cancelled', resolve));
  return {
    received,
    audio: () => Buffer.concat(received.map(soundOf)),
    send: (response) => void call.write(response),
    finish(queryResult, outputAudio) {
      call.write({
        detectIntentResponse: {
          responseType: 'FINAL',
          queryResult,
          ...(outputAudio && { outputAudio }),
        },
      });
      call.end();
    },
    fail: (code, details) => void call.emit('error', { code, details }),
    async untilReceived(count) {
      if (received.length >= count) return;
      await new Promise<void>((resolve) => void waiting.push({ count, resolve }));
    },
    ended,
    cancelled,
  };
}

function soundOf(message: Message): Uint8Array {
  const input = message['queryInput'] as { readonly audio?: { readonly audio?: Uint8Array } };
  return input.audio?.audio ?? new Uint8Array(0);
}
