import { once } from 'node:events';
import { type Socket, connect, createServer } from 'node:net';

/** A wire that takes its time. */
export interface DelayProxy {
  readonly port: number;
  close(): Promise<void>;
}

/** What is on the wire at once in one direction; beyond it the sender is not read. Far more than a window at any speed here. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Starts a TCP proxy that hands on each byte `delayMs` after it came, either way. It delays and does not throttle: whatever comes in
 * the meantime is on its way as well.
 */
export async function startDelayProxy(target: {
  readonly port: number;
  readonly delayMs: number;
}): Promise<DelayProxy> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ host: '127.0.0.1', port: target.port, noDelay: true });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      delay(from, to, target.delayMs);
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no TCP port');
  return {
    port: address.port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function delay(from: Socket, to: Socket, delayMs: number): void {
  const line: { readonly dueMs: number; readonly chunk: Buffer | undefined }[] = [];
  let bytes = 0;
  let isWaiting = false;
  const deliver = (): void => {
    isWaiting = false;
    const now = performance.now();
    for (let next = line[0]; next !== undefined && next.dueMs <= now; next = line[0]) {
      line.shift();
      if (next.chunk === undefined) to.end();
      else to.write(next.chunk);
      bytes -= next.chunk?.length ?? 0;
    }
    if (bytes < MAX_BYTES) from.resume();
    wait();
  };
  const wait = (): void => {
    const [next] = line;
    if (next === undefined || isWaiting) return;
    isWaiting = true;
    setTimeout(deliver, Math.max(0, next.dueMs - performance.now()));
  };
  const take = (chunk: Buffer | undefined): void => {
    line.push({ dueMs: performance.now() + delayMs, chunk });
    bytes += chunk?.length ?? 0;
    if (bytes >= MAX_BYTES) from.pause();
    wait();
  };
  from.on('data', take);
  from.on('end', () => take(undefined));
}
