import { afterEach, describe, expect, it } from 'vitest';

import { openDeafClient } from '../support/deaf-client.ts';
import { startGrpcRig } from '../support/grpc-rig.ts';

/** Receive window of the client's stream: what it is sent though nobody reads it. */
const CLIENT_WINDOW_BYTES = 65_535;
/** Half a minute of µ-law: what a stream may hold, besides the message that filled it. */
const MAX_HELD_BYTES = 256 * 1024;

let close: () => Promise<void>;
afterEach(() => close());

/**
 * Has a bot write without end, as fast as it is let, for a client that never reads.
 *
 * @returns How many bytes the writer took until the stream was given up.
 */
async function flood(messageBytes: number): Promise<number> {
  let written = 0;
  let over = (): void => undefined;
  const isOver = new Promise<void>((resolve) => (over = resolve));
  const rig = await startGrpcRig({
    limits: { writeStallTimeoutMs: 200 },
    bidi: (_context, responses) => {
      const end = new AbortController();
      return {
        async message() {
          while (!end.signal.aborted) {
            written += messageBytes;
            if (!responses.write(Buffer.alloc(messageBytes))) await responses.ready();
          }
        },
        halfClose: () => undefined,
        closed() {
          end.abort();
          over();
        },
      };
    },
  });
  close = rig.close;
  const session = openDeafClient(rig.server.port);
  await isOver;
  session.destroy();
  expect(rig.log.lines.map(({ fields }) => fields['code'])).toEqual(['ERR_TRANSPORT_SLOW_READER']);
  return written;
}

describe('a client that never reads', () => {
  it.each([1_600, 8_000, 16_384])(
    '[check 90] has a bounded amount held for it while its bot speaks without end, in chunks of %i bytes',
    async (messageBytes) => {
      const written = await flood(messageBytes);
      expect(written).toBeGreaterThan(CLIENT_WINDOW_BYTES / 2);
      expect(written).toBeLessThanOrEqual(CLIENT_WINDOW_BYTES + MAX_HELD_BYTES + messageBytes);
    },
  );
});
