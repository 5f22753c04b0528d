import type { FastifyInstance } from 'fastify';

import type { Clock } from '../core/clock.ts';
import { isReady, reasonsOf, type ReadinessReport } from './readiness.ts';

/** What the service is called where nobody says. */
export const DEFAULT_SERVICE_NAME = 'byova-gateway';

/** States of what the gateway depends on, counted, by kind: such as `{ bots: { closed: 2, open: 1 } }`. */
export type DependencyCounts = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** What the health routes tell about. */
export interface HealthDeps {
  readonly clock: Pick<Clock, 'now'>;
  readonly readiness: () => ReadinessReport;
  /** How many of what the gateway needs are in which state; absent: nobody says. */
  readonly dependencies?: (() => DependencyCounts) | undefined;
  /** The name that the ping answers with, whatever name is in its path. Default `byova-gateway`. */
  readonly serviceName?: string;
}

/**
 * Adds what probes ask for: `/livez`, `/startupz`, `/readyz`, `/dependencies`, and the ping of Webex's guide. None needs a credential, none
 * tells more than states.
 */
export function addHealthRoutes(app: FastifyInstance, deps: HealthDeps): void {
  app.get('/livez', () => ({ status: 'alive' }));

  app.get('/startupz', async (_request, reply) => {
    const { state } = deps.readiness();
    return reply.code(state === 'starting' ? 503 : 200).send({ status: state });
  });

  app.get('/readyz', async (_request, reply) => {
    const report = deps.readiness();
    return reply.code(isReady(report) ? 200 : 503).send({
      status: isReady(report) ? 'ready' : 'not-ready',
      reasons: reasonsOf(report),
      notices: report.notices,
    });
  });

  // Apart from readiness, and never a failure: a bot that is down is no reason to send calls where it is down as well.
  app.get('/dependencies', () => deps.dependencies?.() ?? {});

  // protocol.md section 8, check 103.
  app.get('/:service/v1/ping', async (_request, reply) => {
    const report = deps.readiness();
    const isOnline = isReady(report);
    return reply.code(isOnline ? 200 : 503).send({
      serviceName: deps.serviceName ?? DEFAULT_SERVICE_NAME,
      serviceType: 'REQUIRED',
      serviceState: isOnline ? 'online' : 'offline',
      message: isOnline ? 'ready for calls' : `not ready: ${reasonsOf(report).join(', ')}`,
      lastUpdated: new Date(deps.clock.now()).toISOString(),
    });
  });
}
