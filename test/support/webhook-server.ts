import { once } from 'node:events';
import { type IncomingHttpHeaders, type ServerResponse, createServer } from 'node:http';

/** A request as it came. */
interface WebhookRequest {
  readonly method: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A webhook that answers as the test says. */
export interface WebhookServer {
  readonly url: string;
  readonly requests: readonly WebhookRequest[];
  /** From now on. */
  answer(respond: (request: WebhookRequest, response: ServerResponse) => void): void;
  /** Resolves when a request has come in, or has already. */
  untilAsked(): Promise<void>;
  /** Resolves when a client has given up on its answer. */
  untilGivenUp(): Promise<void>;
  close(): Promise<void>;
}

/** @param port A port that was used before, to come back on it. */
export async function startWebhookServer(port = 0): Promise<WebhookServer> {
  let respond = (_request: WebhookRequest, response: ServerResponse): void =>
    void response.writeHead(204).end();
  const requests: WebhookRequest[] = [];
  const asked = deferred();
  const givenUp = deferred();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, headers } = request;
      const received = { method, headers, body: Buffer.concat(chunks).toString('utf8') };
      requests.push(received);
      asked.resolve();
      respond(received, response);
    });
    response.on('close', () => {
      if (!response.writableFinished) givenUp.resolve();
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no TCP port');
  return {
    url: `http://127.0.0.1:${address.port}/calls`,
    requests,
    answer(next) {
      respond = next;
    },
    untilAsked: async () => asked.promise,
    untilGivenUp: async () => givenUp.promise,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve: () => resolve() };
}
