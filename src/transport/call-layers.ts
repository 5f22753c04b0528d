import { randomUUID } from 'node:crypto';

import { status as Status } from '@grpc/grpc-js';

import type { Authenticator } from '../auth/authenticate.ts';
import type { Principal } from '../conversation/principal.ts';
import { GatewayError, isGatewayError } from '../core/gateway-error.ts';
import type { Logger } from '../core/logger.ts';
import { describeError } from '../telemetry/describe-error.ts';
import type { RpcContext } from '../protocols/rpc.ts';
import { logEvent } from '../telemetry/log-events.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { CertifiedRpc } from './client-names.ts';
import type { FailureLimiter } from './failure-limiter.ts';
import { type OpenStreams, createOpenStreams } from './open-streams.ts';
import { STATUS_OF, toStatus } from './status.ts';
import { CANCELLED } from './write-responses.ts';

/** What stands around every RPC. */
export interface CallLayers {
  /** Begins an RPC: refuses it while draining, and finds out who calls. */
  admit(rpc: ArrivingRpc, schemaId: string): Principal | Promise<Principal>;
  /** The streaming RPCs that {@link admit} let in and that have not {@link ended}. */
  readonly streams: OpenStreams;
  /**
   * Counts and, where it went wrong, logs an RPC that has ended.
   *
   * @param error `undefined` for OK, {@link CANCELLED}, or what was thrown.
   */
  ended(rpc: EndedRpc, error: unknown): void;
  /** Logs a client that failed its TLS handshake, for `reason`: a code of OpenSSL or Node.js. */
  handshakeRefused(peer: string, reason: string): void;
}

/** What the layers look at of an RPC that begins. */
export interface ArrivingRpc extends CertifiedRpc, Pick<RpcContext, 'header'> {
  /** The client's address. */
  readonly peer: string;
}

/** An RPC that has ended. */
export interface EndedRpc {
  readonly method: string;
  readonly trackingId: string;
  readonly peer: string;
}

/** What the layers work with. */
export interface CallLayersDeps {
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'rpcs' | 'authentications'>;
  readonly isDraining: () => boolean;
  /** Throws when the client's certificate is not welcome; by default every certificate is, and none is needed. */
  readonly checkClientName?: (rpc: ArrivingRpc) => void;
  /** Bounds what failed credentials cost; by default nothing does. */
  readonly failures?: Pick<FailureLimiter, 'take'>;
}

/** Creates the layers; one object a server. */
export function createCallLayers(deps: CallLayersDeps): CallLayers {
  const { authenticator, logger, metrics, failures } = deps;
  // Only what proves nobody's identity is limited: a refusal of a known organisation keeps its status.
  const isStranger = (error: unknown): boolean =>
    isGatewayError(error) && STATUS_OF[error.code] === Status.UNAUTHENTICATED;
  const limit = (error: unknown, peer: string): unknown =>
    isStranger(error) && failures?.take(peer) === false
      ? new GatewayError('ERR_AUTH_RATE_LIMITED', 'too many credentials from this network failed')
      : error;
  return {
    streams: createOpenStreams(),
    admit(rpc, schemaId) {
      if (deps.isDraining())
        throw new GatewayError('ERR_TRANSPORT_DRAINING', 'the gateway is shutting down');
      try {
        deps.checkClientName?.(rpc);
        const principal = authenticator.authenticate(rpc.header('authorization'), schemaId);
        if (!(principal instanceof Promise)) return principal;
        return principal.catch((error: unknown) => {
          throw limit(error, rpc.peer);
        });
      } catch (error) {
        throw limit(error, rpc.peer);
      }
    },
    ended(rpc, error) {
      const { method } = rpc;
      const status = statusOf(error);
      metrics.rpcs.inc({ method, status });
      if (error === undefined || error === CANCELLED) return;
      // The limiter tells of these in one line for many.
      if (isGatewayError(error, 'ERR_AUTH_RATE_LIMITED')) return;
      const isAuth =
        isStranger(error) || (isGatewayError(error) && error.code.startsWith('ERR_AUTH_'));
      const event = isAuth ? 'auth.refused' : isGatewayError(error) ? 'rpc.refused' : 'rpc.failed';
      const { trackingId, peer } = rpc;
      logEvent(logger, event, { method, trackingId, peer, status, ...describeError(error) });
    },
    handshakeRefused(peer, reason) {
      if (failures?.take(peer) !== false) logEvent(logger, 'tls.refused', { peer, reason });
    },
  };
}

function statusOf(error: unknown): string {
  if (error === undefined) return 'OK';
  return error === CANCELLED ? 'CANCELLED' : (Status[toStatus(error).code] ?? 'UNKNOWN');
}

const TRACKING_ID = /^[\w.:-]{1,128}$/u;

/** Webex's correlation id when it is well formed, else a fresh one. */
export function trackingIdOf(rpc: Pick<RpcContext, 'header'>): string {
  const sent = rpc.header('trackingid');
  return sent !== undefined && TRACKING_ID.test(sent) ? sent : randomUUID();
}
