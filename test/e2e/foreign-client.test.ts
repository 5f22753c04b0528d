import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type GatewayRig, ORGANISATION, startGatewayRig } from '../support/gateway-rig.ts';
import { findTool } from '../support/tools.ts';

const run = promisify(execFile);
const grpcurl = findTool('grpcurl');
const SERVICE = 'com.cisco.wcc.ccai.media.v1.VoiceVirtualAgent';

// A client that shares no line with ours: grpcurl, in Go, from the proto files alone.
describe('grpcurl', () => {
  let rig: GatewayRig;
  beforeAll(async () => {
    rig = await startGatewayRig();
  });
  afterAll(() => rig.close());

  const call = async (method: string, body: object, token?: string) => {
    const args = [
      '-plaintext',
      '-import-path',
      'proto/voice-virtual-agent',
      '-proto',
      'voicevirtualagent.proto',
      ...(token === undefined ? [] : ['-H', `authorization: Bearer ${token}`]),
      '-d',
      JSON.stringify(body),
      `127.0.0.1:${rig.gateway.grpcPort}`,
      `${SERVICE}/${method}`,
    ];
    try {
      return { text: (await run(grpcurl ?? '', args)).stdout, code: 'OK' };
    } catch (error) {
      const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
      return { text, code: /Code: (\w+)/u.exec(text)?.[1] };
    }
  };
  const start = {
    conversation_id: 'from-go',
    customer_org_id: ORGANISATION,
    event_input: { event_type: 'SESSION_START' },
  };

  it('[check 1] calls both RPCs with a token', async () => {
    const list = await call('ListVirtualAgents', { customer_org_id: ORGANISATION }, rig.token());
    expect(list.text).toContain('"virtualAgentId": "front-desk"');
    const turn = await call('ProcessCallerInput', start, rig.token());
    expect(turn.code).toBe('OK');
    expect(turn.text).toContain('"responseType": "CHUNK"');
    expect(turn.text).toContain('"inputMode": "INPUT_VOICE_DTMF"');
  });

  it('[check 13] is refused by both without one', async () => {
    for (const [method, body] of [
      ['ListVirtualAgents', { customer_org_id: ORGANISATION }],
      ['ProcessCallerInput', start],
    ] as const) {
      const { code, text } = await call(method, body);
      expect([code, text]).toEqual([
        'Unauthenticated',
        expect.stringContaining('ERR_AUTH_MISSING'),
      ]);
    }
  });
});
