import type { ServerResponse } from 'node:http';

import { runInBackground } from '../core/background.ts';
import { type Clock, every } from '../core/clock.ts';

/** What a feed sends, and to whom. */
export interface FeedDeps {
  readonly clock: Clock;
  /** The state as JSON in one line. */
  readonly read: () => Promise<string>;
  readonly onError: (error: unknown) => void;
}

/** Sends the state to everybody who watches, once a second, as server-sent events. */
export interface Feed {
  /**
   * Begins to send; ends when the peer goes, when `isWelcome` says no, on `close`, or after five minutes with the event
   * `again`: whoever still looks comes back, and who does not read gives up the place.
   *
   * @param headers What the answer is to carry besides its type.
   * @returns `false`, and nothing was sent, when as many watch as may.
   */
  open(
    response: ServerResponse,
    headers: Readonly<Record<string, number | string | string[] | undefined>>,
    isWelcome: () => boolean,
  ): boolean;
  readonly size: () => number;
  close(): void;
}

/** People who watch at once. */
const MAX_WATCHERS = 16;
const INTERVAL_MS = 1_000;
/** After which a browser that lost us comes back. */
const RETRY_MS = 2_000;
/** A peer that takes nothing for this long is cut off. */
const STALL_MS = 30_000;
/** The system's own buffers take hours of states for a peer that does not read; a place is not held for that long. */
const WATCH_MS = 300_000;

interface Watcher {
  readonly isWelcome: () => boolean;
  readonly untilMs: number;
  stalledSinceMs: number | undefined;
}

/**
 * Creates a feed that nobody watches: it then costs nothing.
 *
 * The state is made once for all. A peer that has not taken the last one is not sent the next, so that each holds one state
 * at most however slowly it reads.
 */
export function createFeed({ clock, read, onError }: FeedDeps): Feed {
  const watchers = new Map<ServerResponse, Watcher>();
  let ticking: { readonly close: () => void } | undefined;
  let isReading = false;

  const leave = (response: ServerResponse): void => {
    watchers.delete(response);
    if (watchers.size > 0) return;
    ticking?.close();
    ticking = undefined;
  };
  const send = (response: ServerResponse, watcher: Watcher, message: string): void => {
    if (!watcher.isWelcome()) {
      response.end();
      return leave(response);
    }
    if (response.writableLength === 0) {
      watcher.stalledSinceMs = undefined;
      if (clock.now() < watcher.untilMs) {
        response.write(message);
        return undefined;
      }
      response.end(`${message}event: again\ndata:\n\n`);
      return leave(response);
    }
    watcher.stalledSinceMs ??= clock.now();
    if (clock.now() - watcher.stalledSinceMs < STALL_MS) return undefined;
    response.destroy();
    return leave(response);
  };
  const tick = (): void => {
    if (isReading) return;
    isReading = true;
    runInBackground(async () => {
      try {
        const message = `retry: ${RETRY_MS}\ndata: ${await read()}\n\n`;
        for (const [response, watcher] of watchers) send(response, watcher, message);
      } finally {
        isReading = false;
      }
    }, onError);
  };

  return {
    open(response, headers, isWelcome) {
      if (watchers.size >= MAX_WATCHERS) return false;
      response.writeHead(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8' });
      response.on('close', () => leave(response));
      response.on('error', () => leave(response));
      const untilMs = clock.now() + WATCH_MS;
      watchers.set(response, { isWelcome, untilMs, stalledSinceMs: undefined });
      ticking ??= every(clock, INTERVAL_MS, tick);
      tick();
      return true;
    },
    size: () => watchers.size,
    close() {
      for (const response of watchers.keys()) response.destroy();
      watchers.clear();
      ticking?.close();
      ticking = undefined;
    },
  };
}
