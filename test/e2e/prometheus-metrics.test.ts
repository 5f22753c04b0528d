import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type GatewayRig, startGatewayRig } from '../support/gateway-rig.ts';
import { createManualCall } from '../support/manual-call.ts';
import { findTool } from '../support/tools.ts';

let rig: GatewayRig;
let metrics = '';
beforeAll(async () => {
  rig = await startGatewayRig();
  const webex = rig.webex();
  const call = createManualCall('measured');
  await call.start(webex);
  await call.press(webex, '2');
  await rig
    .webex({ token: rig.token({ audience: 'somebody-else' }) })
    .listVirtualAgents('x')
    .catch(() => undefined);
  metrics = await (await fetch(`http://127.0.0.1:${rig.gateway.adminPort}/metrics`)).text();
});
afterAll(() => rig.close());

/** What `promtool check metrics` says of a text. */
async function check(exposition: string) {
  const promtool = spawn(findTool('promtool') ?? 'promtool', ['check', 'metrics'], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  promtool.stdin.end(exposition);
  const [said, [code]] = await Promise.all([
    text(promtool.stderr),
    once(promtool, 'exit') as Promise<[number]>,
  ]);
  return { code, said: said.split('\n').filter((line) => line !== '') };
}

describe('the metrics of a gateway that has answered a call', () => {
  it('are what promtool wants of them: parsed, and nothing to complain about', async () => {
    expect(metrics).toContain('byova_first_audio_seconds_count{bot="script"} 2');
    expect(await check(metrics)).toEqual({ code: 0, said: [] });
  });

  it('are read by a promtool that does complain', async () => {
    const { code, said } = await check('# TYPE calls_total gauge\ncalls_total 1\n');
    expect(code).not.toBe(0);
    expect(said.join()).toContain('calls_total');
  });
});
