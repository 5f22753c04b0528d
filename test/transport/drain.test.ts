import { status as Status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';

import { createFakeClock } from '../support/fake-clock.ts';
import { type GrpcRigOptions, startGrpcRig } from '../support/grpc-rig.ts';
import { checkHealth, watchHealth } from '../support/health-client.ts';

const VOICE = 'com.cisco.wcc.ccai.media.v1.VoiceVirtualAgent';
let close: (() => unknown)[] = [];
afterEach(async () => {
  for (const action of close.toReversed()) await action();
  close = [];
});
async function start(options: GrpcRigOptions = {}) {
  const rig = await startGrpcRig({
    bidi: (_context, responses) => ({
      message: () => void responses.write(Buffer.alloc(0)),
      halfClose: () => responses.complete(),
      closed: () => undefined,
    }),
    ...options,
  });
  close.push(rig.close);
  rig.server.setHealth('SERVING');
  return rig;
}

describe('the health services', () => {
  for (const dialect of ['standard', 'cisco'] as const)
    it(`[check 102] [check 45] answer Check and Watch without a token (${dialect})`, async () => {
      const { server } = await start();
      for (const service of ['', VOICE]) {
        expect(await checkHealth(dialect, server.port, service)).toBe('SERVING');
        const watch = watchHealth(dialect, server.port, service);
        close.push(watch.close);
        await expect.poll(() => watch.heard).toEqual(['SERVING']);
        server.setHealth('NOT_SERVING');
        await expect.poll(() => watch.heard).toEqual(['SERVING', 'NOT_SERVING']);
        expect(await checkHealth(dialect, server.port, service)).toBe('NOT_SERVING');
        server.setHealth('SERVING');
      }
      expect(await checkHealth(dialect, server.port, 'no.such.Service')).toBe(Status.NOT_FOUND);
      const unknown = watchHealth(dialect, server.port, 'no.such.Service');
      close.push(unknown.close);
      const expected = dialect === 'standard' ? 'SERVICE_UNKNOWN' : 'UNKNOWN';
      await expect.poll(() => unknown.heard).toEqual([expected]);
    });
});

describe('draining', () => {
  it('ends whoever watches, a service that is not here as well', async () => {
    const { server } = await start();
    const watch = watchHealth('standard', server.port, 'no.such.Service');
    close.push(watch.close);
    await expect.poll(() => watch.heard.length).toBe(1);
    void server.drain(60_000);
    expect(await watch.ended).toBe(Status.OK);
  });

  it('[check 104] says NOT_SERVING, lets running turns finish, and refuses new RPCs', async () => {
    const rig = await start();
    const { port } = rig.server;
    const watch = watchHealth('standard', port, VOICE);
    const running = rig.openStream();
    running.stream.write({ conversation_id: 'c' });
    await expect.poll(() => [running.messages.length, watch.heard.length]).toEqual([1, 1]);

    rig.setDraining();
    let hasDrained = false;
    const drained = rig.server.drain(60_000).then(() => void (hasDrained = true));

    expect(await watch.ended).toBe(Status.OK);
    watch.close();
    expect(watch.heard).toEqual(['SERVING', 'NOT_SERVING']);
    expect(await checkHealth('standard', port, '')).toBe('NOT_SERVING');
    expect(await checkHealth('cisco', port, VOICE)).toBe('NOT_SERVING');
    // The client was sent elsewhere, and comes back over a new connection.
    const { code, details } = await rig.openStream().status;
    expect([code, details]).toEqual([
      Status.UNAVAILABLE,
      'ERR_TRANSPORT_DRAINING: the gateway is shutting down',
    ]);

    running.stream.write({ conversation_id: 'c' });
    await expect.poll(() => running.messages.length).toBe(2);
    expect(hasDrained).toBe(false);
    running.stream.end();
    expect((await running.status).code).toBe(Status.OK);
    await drained;
    expect(await checkHealth('standard', port, '')).toBe(Status.UNAVAILABLE);
  });

  it('cuts what is still open when its time is up', async () => {
    const clock = createFakeClock();
    const rig = await start({ clock });
    const open = rig.openStream();
    open.stream.write({ conversation_id: 'c' });
    await expect.poll(() => open.messages.length).toBe(1);
    const drained = rig.server.drain(30_000);
    clock.advance(29_999);
    open.stream.write({ conversation_id: 'c' });
    await expect.poll(() => open.messages.length).toBe(2);
    clock.advance(1);
    await drained;
    expect((await open.status).code).not.toBe(Status.OK);
  });

  it('is over at once when nobody is connected', async () => {
    const rig = await start({ clock: createFakeClock() });
    await rig.server.drain(30_000);
    expect(await checkHealth('standard', rig.server.port, '')).toBe(Status.UNAVAILABLE);
  });
});
