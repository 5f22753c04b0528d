import { type Channel, createChannel } from '../../src/cluster/channel.ts';

/** The two ends of a channel, whose messages are copied as between processes, and arrive later, in order. */
export function createChannelPair(): { readonly primary: Channel; readonly worker: Channel } {
  const listeners: ((message: unknown) => void)[][] = [[], []];
  const end = (own: number, other: number): Channel =>
    createChannel({
      send(message) {
        const copy: unknown = structuredClone(message);
        setImmediate(() => {
          for (const listener of listeners[other] ?? []) listener(copy);
        });
      },
      onMessage: (listener) => void listeners[own]?.push(listener),
    });
  return { primary: end(0, 1), worker: end(1, 0) };
}
