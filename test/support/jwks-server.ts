import { once } from 'node:events';
import { type RequestListener, createServer } from 'node:http';

/** A key server that answers as the test says. */
export interface JwksServer {
  readonly url: string;
  readonly requests: () => number;
  /** From now on. */
  answer(listener: RequestListener): void;
  /** From now on: 200 with this set. */
  publish(keys: readonly unknown[], headers?: Readonly<Record<string, string>>): void;
  close(): Promise<void>;
}

export async function startJwksServer(): Promise<JwksServer> {
  let listener: RequestListener = (_request, response) => void response.writeHead(404).end();
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    listener(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no TCP port');
  return {
    url: `http://127.0.0.1:${address.port}/keys`,
    requests: () => requests,
    answer(next) {
      listener = next;
    },
    publish(keys, headers = {}) {
      listener = (_request, response) =>
        void response.writeHead(200, headers).end(JSON.stringify({ keys }));
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
