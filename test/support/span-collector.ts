import { once } from 'node:events';
import { type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { vi } from 'vitest';

/** A backend of traces that speaks OTLP over HTTP, in JSON, and can be out of order. */
export interface SpanCollector {
  /** The same in every life. */
  readonly port: number;
  /** How many it has taken. */
  readonly spans: () => number;
  /** All that it was sent, as it came. */
  readonly told: () => string;
  /** Requests that it has taken whole and does not answer. */
  readonly hanging: () => number;
  /** Takes what comes and answers nothing from now on. */
  hang(): void;
  /** Cuts all connections and refuses new ones. */
  kill(): Promise<void>;
  /** Answers again, on the same port; what hung is cut. */
  start(): Promise<void>;
  /** Waits until nothing has come for two exports of a batch processor. */
  quiet(): Promise<void>;
  close(): Promise<void>;
}

/** Exports are five seconds apart unless there is a whole batch. */
const QUIET_MS = 2_000;
const SPAN = /"spanId":/gu;

/** Starts one that works. */
export async function startSpanCollector(): Promise<SpanCollector> {
  const hanging = new Set<ServerResponse>();
  let isHanging = false;
  let told = '';
  let spans = 0;
  let lastAtMs = 0;
  let server: Server | undefined;

  const listen = async (port: number): Promise<number> => {
    server = createServer((request, response) => {
      request.setEncoding('utf8');
      let body = '';
      request.on('data', (text: string) => (body += text));
      request.on('end', () => {
        told += JSON.stringify(request.headers) + body;
        if (isHanging) {
          hanging.add(response);
          response.on('close', () => hanging.delete(response));
          return;
        }
        spans += body.match(SPAN)?.length ?? 0;
        lastAtMs = Date.now();
        response.setHeader('content-type', 'application/json').end('{}');
      });
    }).listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const kill = async (): Promise<void> => {
    const ended = server;
    server = undefined;
    if (ended === undefined) return;
    ended.close();
    ended.closeAllConnections();
    await once(ended, 'close');
  };
  const port = await listen(0);
  return {
    port,
    spans: () => spans,
    told: () => told,
    hanging: () => hanging.size,
    hang: () => void (isHanging = true),
    kill,
    async start() {
      isHanging = false;
      for (const response of hanging) response.destroy();
      if (server === undefined) await listen(port);
    },
    quiet: () =>
      vi.waitFor(
        () => {
          if (Date.now() - lastAtMs < QUIET_MS) throw new Error('still comes');
        },
        { timeout: 60_000, interval: 200 },
      ),
    close: kill,
  };
}
