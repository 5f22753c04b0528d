import { EventEmitter, once } from 'node:events';
import { type ServerResponse, createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

import { describe, expect, it, vi } from 'vitest';

import { createFeed } from '../../src/admin/dashboard-feed.ts';
import { createFakeClock } from '../support/fake-clock.ts';

/** A peer that takes what is written only when it is told to. */
class Peer extends EventEmitter {
  readonly messages: string[] = [];
  writableLength = 0;
  isOver = false;
  status = 0;

  writeHead(status: number): void {
    this.status = status;
  }

  write(text: string): void {
    this.messages.push(text);
  }

  end(text?: string): void {
    if (text !== undefined) this.messages.push(text);
    this.isOver = true;
    this.emit('close');
  }

  destroy(): void {
    this.end();
  }
}

async function start() {
  const clock = createFakeClock();
  let reads = 0;
  const errors: unknown[] = [];
  let fault: Error | undefined;
  const feed = createFeed({
    clock,
    async read() {
      reads += 1;
      if (fault !== undefined) throw fault;
      return `{"read":${reads}}`;
    },
    onError: (error) => void errors.push(error),
  });
  const open = async (isWelcome = () => true) => {
    const peer = new Peer();
    const isOpen = feed.open(peer as unknown as ServerResponse, {}, isWelcome);
    await Promise.resolve();
    return { peer, isOpen };
  };
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second += 1) {
      clock.advance(1_000);
      for (let step = 0; step < 5; step += 1) await Promise.resolve();
    }
  };
  await pass(0);
  return {
    clock,
    feed,
    open,
    pass,
    errors,
    reads: () => reads,
    fail: (error: Error | undefined) => {
      fault = error;
    },
  };
}

const states = ({ messages }: Peer) => messages.filter((text) => text.includes('data: '));

describe('the feed of the page', () => {
  it('costs nothing while nobody watches', async () => {
    const { clock, open, pass, reads, feed } = await start();
    await pass(5);
    expect([reads(), clock.pending()]).toEqual([0, 0]);
    const { peer } = await open();
    await pass(2);
    expect(clock.pending()).toBe(1);
    peer.end();
    expect([feed.size(), clock.pending()]).toEqual([0, 0]);
  });

  it('makes one state a second for all who watch, the first at once', async () => {
    const { open, pass, reads } = await start();
    const [one, other] = [(await open()).peer, (await open()).peer];
    await pass(0);
    expect(states(other)).toHaveLength(1);
    const before = reads();
    await pass(3);
    expect(reads() - before).toBe(3);
    expect(states(one).slice(-3)).toEqual(states(other).slice(-3));
    expect(states(one).at(-1)).toMatch(/^retry: 2000\ndata: \{"read":\d+\}\n\n$/u);
  });

  it('sends nothing more to a peer that has not taken the last state, and goes on when it has', async () => {
    const { open, pass } = await start();
    const { peer: slow } = await open();
    const { peer: quick } = await open();
    await pass(1);
    slow.writableLength = 100;
    const held = states(slow).length;
    await pass(20);
    expect(states(slow)).toHaveLength(held);
    expect(states(quick).length).toBeGreaterThan(20);
    slow.writableLength = 0;
    await pass(1);
    expect(states(slow)).toHaveLength(held + 1);
  });

  it('cuts off a peer that takes nothing for half a minute', async () => {
    const { open, pass, feed } = await start();
    const { peer } = await open();
    peer.writableLength = 100;
    await pass(29);
    expect(peer.isOver).toBe(false);
    await pass(3);
    expect(peer.isOver).toBe(true);
    expect(feed.size()).toBe(0);
  });

  it('gives a place for five minutes, and has whoever still looks come back', async () => {
    const { open, pass, feed } = await start();
    const { peer } = await open();
    await pass(299);
    expect(peer.isOver).toBe(false);
    await pass(2);
    expect([peer.isOver, feed.size()]).toEqual([true, 0]);
    expect(peer.messages.at(-1)).toMatch(/^retry: 2000\ndata: \{.+\}\n\nevent: again\ndata:\n\n$/u);
    expect((await open()).isOpen).toBe(true);
    feed.close();
  });

  it('ends for who is no longer welcome', async () => {
    const { open, pass } = await start();
    let isWelcome = true;
    const { peer } = await open(() => isWelcome);
    await pass(1);
    isWelcome = false;
    const held = peer.messages.length;
    await pass(1);
    expect([peer.isOver, peer.messages.length]).toEqual([true, held]);
  });

  it('lets sixteen watch, and all go when it is closed', async () => {
    const { open, feed, clock } = await start();
    const peers = [];
    for (let index = 0; index < 16; index += 1) peers.push(await open());
    expect(peers.every(({ isOpen }) => isOpen)).toBe(true);
    const { isOpen, peer } = await open();
    expect([isOpen, peer.status]).toEqual([false, 0]);
    feed.close();
    expect([peers.every((one) => one.peer.isOver), clock.pending()]).toEqual([true, 0]);
  });

  it('reports a state that cannot be read, and goes on', async () => {
    const { open, pass, errors, fail } = await start();
    const { peer } = await open();
    await pass(1);
    fail(new Error('as told'));
    await pass(1);
    expect(errors).toHaveLength(1);
    fail(undefined);
    const held = states(peer).length;
    await pass(1);
    expect(states(peer)).toHaveLength(held + 1);
  });
});

describe('a connection whose peer does not read', () => {
  it('has one state waiting at most once the system takes no more, and is cut off', async () => {
    const clock = createFakeClock();
    const state = 'x'.repeat(1024 * 1024);
    const feed = createFeed({ clock, read: async () => state, onError: () => undefined });
    let response: ServerResponse | undefined;
    const server = createServer((_request, sent) => {
      response = sent;
      feed.open(sent, {}, () => true);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    socket.pause();
    await vi.waitFor(() => expect(feed.size()).toBe(1));
    let mostWaiting = 0;
    await vi.waitFor(
      () => {
        clock.advance(1_000);
        mostWaiting = Math.max(mostWaiting, response?.writableLength ?? 0);
        expect(feed.size()).toBe(0);
      },
      { timeout: 10_000, interval: 2 },
    );
    expect(mostWaiting).toBeGreaterThan(0);
    expect(mostWaiting).toBeLessThan(1.1 * state.length);
    socket.destroy();
    server.close();
  });
});
