import { once } from 'node:events';
import { type IncomingHttpHeaders, connect } from 'node:http2';

import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';

import { checkHealth } from '../../src/simulator/check-health.ts';
import { type Webex, connectWebex } from '../../src/simulator/caller.ts';
import { createRequestWriter } from '../../src/simulator/wire-message.ts';
import { type GatewayRig, ORGANISATION, startGatewayRig } from '../support/gateway-rig.ts';
import {
  type BalancerName,
  type RunningBalancer,
  checkBalancer,
  startBalancer,
} from './balancers.ts';

const SPEED = 20;
/** A drain that is cut late: the clock runs fast, and the machine may be busy. */
const PATIENT = {
  speed: SPEED,
  config: { grpc: { listen: '127.0.0.1:0', limits: { drainForceSeconds: 1_200 } } },
};
const SERVICE = 'com.cisco.wcc.ccai.media.v1.VoiceVirtualAgent';
/** A balancer starts, and looks for its gateways, within seconds; the machine may be busy. */
const SEEN = { timeout: 10_000, interval: 50 };

/** Enough to meet a balancer that loses one in three. */
const EARLY_ENDS = 20;
const WELL = { outcome: 'transferred', violations: [], failure: undefined };
/** What a new call meets while its gateway drains, as docs/deployment.md says. */
const FINDS_OUT = {
  envoy: 'at once',
  haproxy: 'in a second',
  nginx: 'when the port is closed',
} as const satisfies Readonly<Record<BalancerName, string>>;

/** What every balancer that we have a configuration for must do, with two gateways behind it. */
export function describeBalancer(name: BalancerName): void {
  describe(`${name} with our configuration`, { timeout: 30_000 }, () => {
    let gateways: readonly [GatewayRig, GatewayRig];
    let balancer: RunningBalancer;
    let webex: Webex;

    beforeAll(async () => {
      gateways = [await startGatewayRig(PATIENT), await startGatewayRig(PATIENT)];
      balancer = await startBalancer(name, [gateways[0].gateway, gateways[1].gateway]);
      webex = connectWebex({
        target: balancer.target,
        tls: { ca: balancer.ca },
        token: gateways[0].token(),
      });
      await vi.waitFor(
        async () => expect(await health(SERVICE), balancer.errors()).toBe('SERVING'),
        SEEN,
      );
    });
    afterAll(async () => {
      webex.close();
      await balancer.close();
      for (const rig of gateways) await rig.close();
    });

    const health = async (service: string): Promise<string | undefined> => {
      const { target, ca } = balancer;
      return (await checkHealth({ target, tls: { ca } }, service, 1_000)).health;
    };
    const ended = async (): Promise<readonly number[]> =>
      Promise.all(
        gateways.map(async (rig) => {
          const series = await rig.metric('byova_calls_ended_total{');
          return series === '' ? 0 : Number(series.split(' ').at(-1));
        }),
      );
    const placeCall = () =>
      webex.placeCall({
        organisationId: ORGANISATION,
        speed: SPEED,
        script: [
          { type: 'press', digits: '2' },
          { type: 'press', digits: '1' },
          { type: 'press', digits: '0' },
        ],
      });

    it('is accepted by its own check', async () => {
      expect(await checkBalancer(name)).toBe('');
    });

    it('carries whole calls, each to one gateway from its first turn to its last', async () => {
      const calls = await Promise.all([placeCall(), placeCall(), placeCall()]);
      for (const { outcome, violations, failure } of calls)
        expect({ outcome, violations, failure }).toEqual(WELL);
      expect((await ended()).reduce((sum, count) => sum + count, 0)).toBe(3);
    });

    it('carries the catalogue and health', async () => {
      const { status, agents } = await webex.listVirtualAgents(ORGANISATION);
      expect([status.code, agents.map(({ id }) => id)]).toEqual([0, ['front-desk']]);
      expect(await health('')).toBe('SERVING');
    });

    it('answers nothing else', async () => {
      const session = connect(`https://${balancer.target}`, {
        ca: balancer.ca,
        servername: 'localhost',
      });
      onTestFinished(() => session.destroy());
      const request = session.request({ ':method': 'POST', ':path': '/byova.Secret/Check' });
      request.end();
      const [headers] = (await once(request, 'response')) as [IncomingHttpHeaders];
      expect(headers[':status']).toBe(404);
    });

    it('delivers every end of an RPC that comes before the client has finished sending', async () => {
      const codes = new Set<number>();
      for (let index = 0; index < EARLY_ENDS; index += 1) {
        for (const event of ['SESSION_START', 'SESSION_END'] as const) {
          const turn = webex.openTurn();
          turn.send(requestsOf(`early-${index}`).event(event));
          codes.add((await turn.status).code);
        }
      }
      expect([...codes]).toEqual([0]);
    });

    it('sends calls elsewhere when their gateway drains, and leaves it the stream that it has', async () => {
      const requests = requestsOf('on-hold');
      const start = webex.openTurn();
      start.send(requests.event('SESSION_START'));
      expect((await start.status).code).toBe(0);
      const listening = webex.openTurn();
      listening.send(requests.audio(new Uint8Array(160).fill(0xff)));
      const holder = await vi.waitFor(async () => {
        for (const rig of gateways)
          if (/state="listening"\} 1$/mu.test(await rig.metric('byova_streams{'))) return rig;
        // A stream that is still on its way when the gateway says goodbye is not one that it has.
        throw new Error('nobody listens to the call');
      }, SEEN);

      const drained = holder.gateway.drain();
      if (FINDS_OUT[name] === 'when the port is closed') await drained;
      const goesThrough = async (): Promise<void> => {
        const { outcome, violations, failure } = await placeCall();
        expect({ outcome, violations, failure }).toEqual(WELL);
      };
      if (FINDS_OUT[name] === 'in a second') await vi.waitFor(goesThrough, SEEN);
      else await goesThrough();

      expect((await listening.status).code).toBe(0);
      await drained;
      await goesThrough();
      expect(await health(SERVICE)).toBe('SERVING');
    });
  });
}

const requestsOf = (conversationId: string) =>
  createRequestWriter({
    conversationId,
    organisationId: ORGANISATION,
  });
