import type { FastifyInstance, FastifyReply } from 'fastify';

import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { logEvent } from '../telemetry/log-events.ts';
import { createFeed } from './dashboard-feed.ts';
import type { DashboardSource } from './dashboard-source.ts';
import { createDashboardReader, toShownLogLevel } from './dashboard-state.ts';
import { toLogLevelChange } from './log-level-body.ts';
import type { LogScope } from './log-levels-contract.ts';
import { type OperatorAccess, type Refusal, createOperatorAccess } from './operator-access.ts';
import { PAGE_HEADERS, type PageFile } from './page-files.ts';
import type { ReadinessReport } from './readiness.ts';

/** What the page is made of. */
export interface DashboardDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly readiness: () => ReadinessReport;
  readonly serviceName: string;
  readonly source: DashboardSource;
  readonly files: ReadonlyMap<string, PageFile>;
  /** The operators' token; without it the page says how to set one, and shows nothing. */
  readonly token: string | undefined;
}

const PATH = '/dashboard';
const MAX_ID_LENGTH = 128;

/**
 * Adds the operator's page, its files, and its API under `/dashboard/api`: who has the token reads the state, once or as
 * server-sent events, drains, and changes log levels. The files are open to whoever reaches the port: they hold nothing.
 */
export function addDashboardRoutes(app: FastifyInstance, deps: DashboardDeps): void {
  app.get('/', async (_request, reply) => reply.redirect(`${PATH}/`));
  app.get(PATH, async (_request, reply) => reply.redirect(`${PATH}/`));
  for (const [name, { type, body }] of deps.files)
    app.get(`${PATH}/${name}`, async (_request, reply) =>
      reply.headers(PAGE_HEADERS).type(type).send(body),
    );
  const { token } = deps;
  if (token === undefined) {
    app.get(`${PATH}/api/session`, () => ({ session: 'impossible' }));
    return;
  }
  const access = createOperatorAccess({ token, path: PATH }, deps.clock);
  addSessionRoutes(app, access, deps.logger);
  app.register((routes, _options, done) => {
    routes.addHook('onRequest', async (request, reply) => {
      const refusal = access.refusalOf(request);
      if (refusal === undefined) return undefined;
      const { status } = refusal;
      logEvent(deps.logger, 'admin.refused', { method: request.method, peer: request.ip, status });
      return refuse(reply, refusal);
    });
    addStateRoutes(routes, access, deps);
    addActionRoutes(routes, deps);
    done();
  });
}

function addSessionRoutes(app: FastifyInstance, access: OperatorAccess, logger: Logger): void {
  const path = `${PATH}/api/session`;
  app.get(path, (request) => ({ session: access.isWelcome(request) ? 'open' : 'none' }));
  app.post(path, async (request, reply) => {
    const token = fieldOf(request.body, 'token');
    if (typeof token !== 'string') return fail(reply, 400, 'the body must be {"token": text}');
    const refusal = access.signIn(request, reply, token);
    if (refusal === undefined) {
      logEvent(logger, 'admin.signed-in', { peer: request.ip });
      return reply.code(204).send();
    }
    const { status } = refusal;
    logEvent(logger, 'admin.refused', { method: request.method, peer: request.ip, status });
    return refuse(reply, refusal);
  });
  app.delete(path, async (request, reply) => {
    access.signOut(request, reply);
    return reply.code(204).send();
  });
}

function addStateRoutes(routes: FastifyInstance, access: OperatorAccess, deps: DashboardDeps) {
  const reader = createDashboardReader(deps);
  const feed = createFeed({
    clock: deps.clock,
    read: async () => JSON.stringify(await reader.read()),
    onError: (error) => logEvent(deps.logger, 'admin.failed', describeError(error)),
  });
  routes.addHook('preClose', (done) => {
    feed.close();
    reader.close();
    done();
  });
  routes.get(`${PATH}/api/state`, async () => reader.read());
  routes.get(`${PATH}/api/events`, (request, reply) => {
    const isWelcome = (): boolean => access.isWelcome(request);
    if (!feed.open(reply.raw, reply.getHeaders(), isWelcome))
      return fail(reply, 503, 'as many watch as may');
    return reply.hijack();
  });
}

function addActionRoutes(routes: FastifyInstance, { source, logger }: DashboardDeps): void {
  const { logLevels } = source;
  routes.post(`${PATH}/api/drain`, async (request, reply) => {
    if (fieldOf(request.body, 'confirm') !== 'drain')
      return fail(reply, 400, 'the body must be {"confirm": "drain"}');
    logEvent(logger, 'admin.drain', { peer: request.ip });
    source.drain();
    return reply.code(202).send({ state: 'draining' });
  });
  if (logLevels === undefined) return;
  routes.get(`${PATH}/api/log-levels`, () => ({ active: logLevels.list().map(toShownLogLevel) }));
  routes.post(`${PATH}/api/log-levels`, async ({ body, ip }, reply) => {
    const change = await toLogLevelChange(body, source.find);
    if (typeof change === 'string') return fail(reply, 400, change);
    try {
      const active = toShownLogLevel(await logLevels.set(change));
      const { level, forSeconds, scope } = change;
      logEvent(logger, 'admin.log-level', {
        peer: ip,
        action: 'set',
        ...toFields(scope),
        level,
        forSeconds,
      });
      return await reply.code(201).send(active);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return fail(reply, 409, 'no more levels can be changed');
    }
  });
  routes.delete<{ Params: { id: string } }>(
    `${PATH}/api/log-levels/:id`,
    async ({ params: { id }, ip }, reply) => {
      const known = logLevels.list().find((one) => one.id === id);
      if (id.length > MAX_ID_LENGTH || known === undefined || !(await logLevels.clear(id)))
        return fail(reply, 404, 'no such change');
      logEvent(logger, 'admin.log-level', {
        peer: ip,
        action: 'clear',
        ...toFields(known.scope),
      });
      return reply.code(204).send();
    },
  );
}

/** By the names that the log has for them everywhere. */
function toFields(scope: LogScope): Readonly<Record<string, string>> {
  const { organisationId: organisation } = scope;
  return scope.type === 'organisation'
    ? { organisation }
    : { organisation, conversation: scope.conversationId };
}

function fieldOf(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null && Object.keys(body).length === 1
    ? (body as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function refuse(reply: FastifyReply, { status, error }: Refusal): FastifyReply {
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return fail(reply, status, error);
}

function fail(reply: FastifyReply, status: number, error: string): FastifyReply {
  return reply.code(status).send({ error });
}
