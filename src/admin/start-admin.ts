import { fastify, type FastifyInstance, type FastifyReply } from 'fastify';
import type { Registry } from 'prom-client';

import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { logEvent } from '../telemetry/log-events.ts';
import type { TlsFiles } from '../transport/tls-material.ts';
import { type AdminTls, demandCertificate, startAdminTls } from './admin-tls.ts';
import { addDashboardRoutes } from './dashboard-routes.ts';
import type { DashboardSource } from './dashboard-source.ts';
import { addHealthRoutes, DEFAULT_SERVICE_NAME, type HealthDeps } from './health-routes.ts';
import { addOperationsRoutes, type Operations } from './operations-routes.ts';
import { type PageFile, loadPageFiles } from './page-files.ts';

/** Where the admin port listens. */
export interface AdminOptions {
  /** A host name or an IP address, IPv6 without brackets. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Absent: plaintext. With a client authority, everything but health needs a certificate. */
  readonly tls?: TlsFiles | undefined;
}

/** What the admin port shows. */
export interface AdminDeps extends Omit<HealthDeps, 'clock'> {
  readonly clock: Clock;
  readonly registry: Pick<Registry, 'metrics' | 'contentType'>;
  readonly logger: Logger;
  /** What operators may do; without it the port only shows. */
  readonly operations?: Operations | undefined;
  /** What the operator's page shows; without it there is no page. */
  readonly dashboard?: DashboardSource | undefined;
}

/** A running admin port. */
export interface Admin {
  readonly port: number;
  /** Stops listening and cuts what is open; may be called again. */
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 16_384;
const MAX_HEADER_BYTES = 8_192;
const MAX_CONNECTIONS = 256;
/** For a request to arrive whole. */
const REQUEST_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_TIMEOUT_MS = 5_000;

/**
 * Starts the private HTTP port: health and metrics for whoever can reach it, and operations for who has the token. Where
 * client certificates are asked for, metrics and the page need one as well, and operations need both.
 *
 * Without the token, answers hold states and counts, never an identity, a setting or the text of an error; what fails
 * inside is logged.
 *
 * @throws {Error} Of the system, such as `EADDRINUSE`, when the address cannot be listened on.
 * @throws {GatewayError} `ERR_TRANSPORT_TLS` when its certificates cannot be used.
 */
export async function startAdmin(options: AdminOptions, deps: AdminDeps): Promise<Admin> {
  const tls = options.tls && (await startAdminTls(options.tls, deps));
  const app = createApp(tls);
  if (tls !== undefined) {
    tls.follow(app.server);
    app.addHook('onClose', async () => tls.close());
  }
  app.server.maxConnections = MAX_CONNECTIONS;
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });
  answerErrors(app, deps.logger);
  addHealthRoutes(app, deps);
  const files = deps.dashboard === undefined ? undefined : await loadPageFiles();
  app.register((routes, _options, done) => {
    if (options.tls?.clientCaFile !== undefined)
      demandCertificate(routes, ({ method, ip }) =>
        logEvent(deps.logger, 'admin.refused', { method, peer: ip, status: 403 }),
      );
    addOperatorRoutes(routes, deps, files);
    done();
  });

  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (error) {
    await app.close();
    throw error;
  }
  const address = app.addresses()[0];
  return {
    port: address?.port ?? options.port,
    close: async () => app.close(),
  };
}

function createApp(tls: AdminTls | undefined): FastifyInstance {
  const options = {
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    forceCloseConnections: true,
    frameworkErrors: (_error: unknown, _request: unknown, reply: FastifyReply) => {
      sendError(reply, 400);
    },
  };
  const limits = { maxHeaderSize: MAX_HEADER_BYTES };
  return tls === undefined
    ? fastify({ ...options, http: limits })
    : fastify({ ...options, https: { ...limits, ...tls.options } });
}

/** Everything but health. */
function addOperatorRoutes(
  app: FastifyInstance,
  deps: AdminDeps,
  files: ReadonlyMap<string, PageFile> | undefined,
): void {
  app.get('/metrics', async (_request, reply) =>
    reply.type(deps.registry.contentType).send(await deps.registry.metrics()),
  );
  if (deps.operations !== undefined) addOperationsRoutes(app, deps.operations, deps.logger);
  if (deps.dashboard !== undefined && files !== undefined)
    addDashboardRoutes(app, {
      ...deps,
      serviceName: deps.serviceName ?? DEFAULT_SERVICE_NAME,
      source: deps.dashboard,
      files,
      token: deps.operations?.token,
    });
}

function answerErrors(app: FastifyInstance, logger: Logger): void {
  app.setNotFoundHandler((_request, reply) => {
    sendError(reply, 404);
  });
  app.setErrorHandler((error, _request, reply) => {
    const status = statusOf(error);
    if (status >= 500) logEvent(logger, 'admin.failed', describeError(error));
    sendError(reply, status);
  });
}

const ERROR_TEXTS: Readonly<Record<number, string>> = {
  404: 'not found',
  413: 'too large',
  500: 'failed',
};

function sendError(reply: FastifyReply, status: number): void {
  void reply.code(status).send({ error: ERROR_TEXTS[status] ?? 'bad request' });
}

/** Only fastify's own refusals of a request carry a status below 500. */
function statusOf(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500;
}
