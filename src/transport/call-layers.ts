import type { Metadata } from '@grpc/grpc-js';
import { randomUUID } from 'node:crypto';

import { status as Status } from '@grpc/grpc-js';

import type { Authenticator } from '../auth/authenticate.ts';
import type { Principal } from '../conversation/principal.ts';
import { GatewayError, isGatewayError } from '../core/gateway-error.ts';
import type { Logger } from '../core/logger.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { logEvent } from '../telemetry/log-events.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { toStatus } from './status.ts';
import { CANCELLED } from './write-responses.ts';

/** What stands around every RPC. */
export interface CallLayers {
  /** Begins an RPC: refuses it while draining, and finds out who calls. */
  admit(metadata: Metadata, schemaId: string): Principal | Promise<Principal>;
  /** Counts and, where it went wrong, logs an RPC that has ended. */
  ended(rpc: EndedRpc): void;
}

/** An RPC that has ended. */
export interface EndedRpc {
  readonly method: string;
  readonly trackingId: string;
  readonly peer: string;
  /** `undefined` for OK, {@link CANCELLED}, or what was thrown. */
  readonly error: unknown;
}

/** What the layers work with. */
export interface CallLayersDeps {
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'rpcs' | 'authentications'>;
  readonly isDraining: () => boolean;
}

/** Creates the layers; one object a server. */
export function createCallLayers(deps: CallLayersDeps): CallLayers {
  const { authenticator, logger, metrics } = deps;
  return {
    admit(metadata, schemaId) {
      if (deps.isDraining())
        throw new GatewayError('ERR_TRANSPORT_DRAINING', 'the gateway is shutting down');
      return authenticator.authenticate(metadata.get('authorization')[0]?.toString(), schemaId);
    },
    ended({ method, trackingId, peer, error }) {
      const status = statusOf(error);
      metrics.rpcs.inc({ method, status });
      if (error === undefined || error === CANCELLED) return;
      const isAuth = isGatewayError(error) && error.code.startsWith('ERR_AUTH_');
      const event = isAuth ? 'auth.refused' : isGatewayError(error) ? 'rpc.refused' : 'rpc.failed';
      logEvent(logger, event, { method, trackingId, peer, status, ...describeError(error) });
    },
  };
}

function statusOf(error: unknown): string {
  if (error === undefined) return 'OK';
  return error === CANCELLED ? 'CANCELLED' : (Status[toStatus(error).code] ?? 'UNKNOWN');
}

const TRACKING_ID = /^[\w.:-]{1,128}$/u;

/** Webex's correlation id when it is well formed, else a fresh one. */
export function trackingIdOf(metadata: Metadata): string {
  const sent = metadata.get('trackingid')[0];
  return typeof sent === 'string' && TRACKING_ID.test(sent) ? sent : randomUUID();
}
