import { afterEach, describe, expect, it } from 'vitest';

import { createLogger } from '../../src/telemetry/logger.ts';
import { createRequestWriter } from '../../src/simulator/wire-message.ts';
import { type GatewayRig, ORGANISATION, startGatewayRig } from '../support/gateway-rig.ts';
import { createManualCall } from '../support/manual-call.ts';
import { connectRaw } from '../support/raw-turn.ts';

let rig: GatewayRig;
afterEach(() => rig.close());

const ADMIN_TOKEN = 'a-token-of-the-operators';
const start = createRequestWriter({
  conversationId: 'told',
  organisationId: ORGANISATION,
}).event('SESSION_START');

async function startLogged(config: Readonly<Record<string, unknown>> = {}) {
  const written: Readonly<Record<string, unknown>>[] = [];
  const logger = createLogger('info', { write: (line) => void written.push(JSON.parse(line)) });
  rig = await startGatewayRig({
    logger,
    config: { admin: { listen: '127.0.0.1:0', token: ADMIN_TOKEN }, ...config },
  });
  return written;
}

describe('what the log tells of a call', () => {
  it('[check 107] names the tracking id of Webex in the first and the last line of a call', async () => {
    const written = await startLogged();
    const webex = rig.webex({ trackingId: 'WEBEX_42' });
    const call = createManualCall('tracked');
    await call.start(webex);
    await call.press(webex, '2');
    const turn = webex.openTurn();
    turn.send({
      conversation_id: 'tracked',
      customer_org_id: ORGANISATION,
      event_input: { event_type: 'SESSION_END' },
    });
    turn.halfClose();
    await turn.status;
    const told = written.filter(({ conversation }) => conversation === 'tracked');
    expect(told[0]).toMatchObject({ event: 'call.started', trackingId: 'WEBEX_42' });
    expect(told.at(-1)).toMatchObject({
      event: 'call.ended',
      trackingId: 'WEBEX_42',
      reason: 'caller',
      outcome: 'completed',
      turns: 2,
      answers: 2,
      slowestFirstAudioMs: expect.any(Number),
    });
  });

  it('[check 107] returns the tracking id in the trailers, and makes one where none can be used', async () => {
    await startLogged();
    const raw = connectRaw(rig.gateway.grpcPort, rig.token());
    const sent = await raw.turn(start, { trackingid: 'WEBEX_43' });
    expect(sent).toMatchObject({ status: 'OK', trailers: { trackingid: 'WEBEX_43' } });
    for (const trackingid of ['', 'not a tracking id', 'x'.repeat(200)]) {
      const { trailers } = await raw.turn(start, { trackingid });
      expect(trailers['trackingid']).toMatch(/^[0-9a-f-]{36}$/u);
    }
    const refused = await raw.turn(start, { trackingid: 'WEBEX_44', authorization: 'no token' });
    expect(refused).toMatchObject({
      status: 'UNAUTHENTICATED',
      trailers: { trackingid: 'WEBEX_44' },
    });
    raw.close();
  });

  it('tells more of one conversation for as long as an operator asks', async () => {
    const written = await startLogged();
    const webex = rig.webex();
    const response = await fetch(
      `http://127.0.0.1:${rig.gateway.adminPort}/dashboard/api/log-levels`,
      {
        method: 'POST',
        headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          level: 'debug',
          forSeconds: 60,
          organization: ORGANISATION,
          conversation: 'watched',
        }),
      },
    );
    expect(response.status).toBe(201);
    await createManualCall('watched').start(webex);
    await createManualCall('other').start(webex);
    const details = written.filter(({ level }) => level === 'debug');
    expect(details).not.toEqual([]);
    expect(new Set(details.map(({ conversation }) => conversation))).toEqual(new Set(['watched']));
  });

  it('tells nothing that identifies a caller or a customer where pseudonyms are wanted', async () => {
    const log = {
      level: 'info',
      identifiers: 'pseudonyms',
      pseudonymKey: 'shared by the replicas',
    };
    const written = await startLogged({ log });
    await createManualCall('secret-call').start(rig.webex());
    const text = JSON.stringify(written);
    expect(text).toContain('call.started');
    expect(text).not.toContain('secret-call');
    expect(text).not.toContain(ORGANISATION);
  });
});
