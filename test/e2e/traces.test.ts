import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type GatewayRig, ORGANISATION, startGatewayRig } from '../support/gateway-rig.ts';
import { createManualCall } from '../support/manual-call.ts';
import { type RecordedSpan, recordSpans } from '../support/span-recorder.ts';
import { startWebhookServer } from '../support/webhook-server.ts';

let rig: GatewayRig;
afterEach(() => rig.close());

describe('a traced call', () => {
  let spans: readonly RecordedSpan[];
  let stop: () => void;
  beforeEach(() => {
    const recorder = recordSpans();
    spans = recorder.recorded;
    stop = recorder.stop;
  });
  afterEach(() => stop());

  it('is a span with a span a turn, which tell how it went', async () => {
    rig = await startGatewayRig();
    const webex = rig.webex({ trackingId: 'WEBEX_45' });
    const call = createManualCall('traced');
    await call.start(webex);
    await call.press(webex, '2');
    await rig.gateway.drain();
    const [root, ...turns] = spans;
    expect(root).toMatchObject({
      name: 'call',
      parentId: undefined,
      isEnded: true,
      attributes: {
        'byova.conversation': 'traced',
        'byova.organisation': ORGANISATION,
        'byova.bot': 'script',
        'byova.tracking_id': 'WEBEX_45',
        'byova.reason': 'shutdown',
      },
    });
    expect(turns).toHaveLength(2);
    for (const turn of turns)
      expect(turn).toMatchObject({
        name: 'turn',
        traceId: root?.traceId,
        parentId: root?.spanId,
        isEnded: true,
        attributes: { 'byova.outcome': 'answered' },
        events: ['asked', 'bot-answered', 'first-audio'],
        status: [],
      });
  });

  it('goes on in the bot that is asked over HTTP', async () => {
    const webhook = await startWebhookServer();
    rig = await startGatewayRig({
      config: {
        agents: [
          {
            id: 'hook',
            default: true,
            bot: { use: 'http', options: { url: webhook.url, secret: 'a secret of two parties' } },
          },
        ],
      },
    });
    await createManualCall('posted').start(rig.webex());
    const turn = spans.find(({ name }) => name === 'turn');
    expect(webhook.requests[0]?.headers['traceparent']).toBe(
      `00-${turn?.traceId}-${turn?.spanId}-01`,
    );
    await webhook.close();
  });

  it('tells nothing of what was said or pressed, and pseudonyms where they are wanted', async () => {
    rig = await startGatewayRig({ config: { log: { identifiers: 'pseudonyms' } } });
    const webex = rig.webex();
    const call = createManualCall('hidden-call');
    await call.start(webex);
    await call.press(webex, '998877');
    await rig.gateway.drain();
    const told = JSON.stringify(spans);
    expect(told).toContain('byova.conversation');
    for (const secret of ['998877', 'hidden-call', ORGANISATION, rig.token().split('.')[1]])
      expect(told).not.toContain(secret);
  });
});

describe('a call that nobody traces', () => {
  it('sends no header along', async () => {
    const webhook = await startWebhookServer();
    rig = await startGatewayRig({
      config: {
        agents: [
          {
            id: 'hook',
            default: true,
            bot: { use: 'http', options: { url: webhook.url, secret: 'a secret of two parties' } },
          },
        ],
      },
    });
    await createManualCall('untraced').start(rig.webex());
    expect(webhook.requests[0]?.headers['traceparent']).toBeUndefined();
    await webhook.close();
  });
});
