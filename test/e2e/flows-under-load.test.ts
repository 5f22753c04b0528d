import { afterEach, describe, expect, it } from 'vitest';

import { type GatewayRig, startGatewayRig } from '../support/gateway-rig.ts';
import { type ManualCall, createManualCall } from '../support/manual-call.ts';

let rig: GatewayRig;
afterEach(() => rig.close());

/**
 * The longest time between two turns of the event loop that this process worked: what other programs take of the processor
 * is not its fault. The callers live in this process too.
 */
function watchEventLoop() {
  let longestMs = 0;
  let before = process.cpuUsage();
  const timer = setInterval(() => {
    const { user, system } = process.cpuUsage(before);
    before = process.cpuUsage();
    longestMs = Math.max(longestMs, (user + system) / 1_000);
  }, 1);
  return { longestMs: () => longestMs, close: () => clearInterval(timer) };
}

describe('a gateway under load', () => {
  it('[check 105] refuses a call beyond its limit at once, and the calls that it has go on', async () => {
    rig = await startGatewayRig({ config: { conversation: { maxConversations: 2 } } });
    const webex = rig.webex();
    const [first, second, third] = ['one', 'two', 'three'].map((id) => createManualCall(id));
    const codes = async (calls: readonly (ManualCall | undefined)[]) =>
      Promise.all(calls.map(async (call) => (await call?.start(webex))?.name));
    expect(await codes([first, second])).toEqual(['OK', 'OK']);
    const before = performance.now();
    expect(await codes([third])).toEqual(['RESOURCE_EXHAUSTED']);
    expect(performance.now() - before).toBeLessThan(1_000);
    expect((await first?.press(webex, '2'))?.name).toBe('OK');
    expect([first?.violations, second?.violations]).toEqual([[], []]);
  });

  it('[check 106] keeps a call whose connection is lost, and goes on over the next one', async () => {
    rig = await startGatewayRig();
    const call = createManualCall('moved');
    const lost = rig.webex();
    await call.start(lost);
    const listening = lost.openTurn();
    listening.send({ conversation_id: 'moved', customer_org_id: '' });
    lost.close();
    await listening.status;
    const next = rig.webex();
    expect((await call.press(next, '2')).name).toBe('OK');
    expect(call.violations).toEqual([]);
    expect(rig.log.events().filter((event) => event === 'call.started')).toHaveLength(1);
    expect(rig.log.events()).not.toContain('call.ended');
  });

  it('[check 107] names the tracking id of an RPC together with its call', async () => {
    rig = await startGatewayRig();
    await createManualCall('tracked').start(rig.webex({ trackingId: 'WEBEX_42' }));
    const lines = rig.log.lines.map(({ fields }) => fields);
    expect(lines).toContainEqual(
      expect.objectContaining({ trackingId: 'WEBEX_42', conversation: 'tracked' }),
    );
  });

  it('[check 108] counts in as many series for many calls as for one', async () => {
    rig = await startGatewayRig();
    const webex = rig.webex();
    const seriesOf = async (): Promise<readonly string[]> =>
      (await rig.metric(''))
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => line.replace(/ [^ ]*$/u, ''))
        // What the process itself does: the kinds of its handles come and go.
        .filter((line) => line.startsWith('byova_') && !line.startsWith('byova_nodejs_'));
    const play = async (id: string): Promise<void> => {
      const call = createManualCall(id);
      await call.start(webex);
      await call.press(webex, '2');
    };
    await play('call-of-one');
    const before = await seriesOf();
    await Promise.all(Array.from({ length: 20 }, (_, index) => play(`call-of-many-${index}`)));
    const after = await seriesOf();
    expect(before.length).toBeGreaterThan(20);
    expect(after).toEqual(before);
    expect(after.join('\n')).not.toContain('call-of-');
  });

  it(
    '[check 109] serves 100 calls of 2 RPCs, and its event loop never stands still for 100 ms',
    { retry: 2 },
    async () => {
      rig = await startGatewayRig();
      const webex = rig.webex();
      const play = async (id: string) => {
        const call = createManualCall(id);
        const statuses = [await call.start(webex), await call.press(webex, '2')];
        return { statuses, violations: call.violations };
      };
      await play('warm');
      const work = watchEventLoop();
      const calls = [];
      for (let index = 0; index < 100; index += 1) {
        calls.push(play(`call-${index}`));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const results = await Promise.all(calls);
      work.close();
      expect(results.flatMap(({ violations }) => violations)).toEqual([]);
      expect(
        results.flatMap(({ statuses }) => statuses).filter(({ name }) => name === 'OK'),
      ).toHaveLength(200);
      expect(await rig.metric('byova_conversations ')).toBe('byova_conversations 101');
      expect(work.longestMs()).toBeLessThan(100);
    },
  );
});
