import { ORGANISATION_CLAIM, SCHEMA_CLAIM, URL_CLAIM, checkClaims } from '../auth/claims.ts';
import type { DataSource, DataSources } from '../auth/data-sources.ts';
import type { TokenObject } from '../auth/token-parts.ts';
import { type GatewayError, isGatewayError } from '../core/gateway-error.ts';

/** What claims are held against. */
export interface ClaimsContext {
  readonly nowMs: number;
  readonly clockSkewMs: number;
  /** UUID of the schema of the service. */
  readonly schemaId: string;
  readonly dataSources: DataSources;
  /** The data source that the claims are closest to. */
  readonly closest: DataSource | undefined;
}

/** All that is wrong with the claims of a token. */
export interface ClaimFaults {
  /** By the claim, `token_type` for its presence; in the order in which the gateway finds them. */
  readonly byClaim: ReadonlyMap<string, GatewayError>;
  /** Whether the claims after the last fault were looked at as well. */
  readonly isComplete: boolean;
}

const AN_HOUR_SECONDS = 3_600;
const SOME_UUID = '00000000-0000-0000-0000-000000000000';

/**
 * Finds every fault in the claims by the gateway's own checks: each of them stops at the first, so what it stopped at is
 * put right, and it is asked again. The first fault is therefore the one that the gateway answers with.
 */
export function findClaimFaults(payload: TokenObject, context: ClaimsContext): ClaimFaults {
  const byClaim = new Map<string, GatewayError>();
  const repairs = toRepairs(context);
  let repaired = payload;
  for (;;) {
    const fault = findFirst(repaired, context);
    if (fault === undefined) return { byClaim, isComplete: true };
    const { claim } = fault.detail;
    const name = typeof claim === 'string' ? claim : 'token_type';
    // What stays wrong though it was put right cannot be put right: no data source fits.
    if (byClaim.has(name)) return { byClaim, isComplete: false };
    byClaim.set(name, fault);
    repaired = { ...repaired, [name]: repairs[name] };
  }
}

function findFirst(payload: TokenObject, context: ClaimsContext): GatewayError | undefined {
  try {
    const claims = checkClaims(payload, context.nowMs, context.clockSkewMs);
    context.dataSources.match(claims, context.schemaId);
    return undefined;
  } catch (error) {
    if (isGatewayError(error)) return error;
    throw error;
  }
}

function toRepairs({ nowMs, closest }: ClaimsContext): TokenObject {
  const nowSeconds = Math.floor(nowMs / 1_000);
  const [organisation] =
    closest === undefined || closest.organisations === 'any' ? [] : closest.organisations;
  return {
    exp: nowSeconds + AN_HOUR_SECONDS,
    iat: nowSeconds,
    nbf: nowSeconds,
    jti: 'some',
    aud: closest?.audience ?? 'some',
    sub: closest?.subject ?? 'some',
    [URL_CLAIM]: closest?.url ?? 'some',
    [SCHEMA_CLAIM]: closest?.schemaId ?? SOME_UUID,
    [ORGANISATION_CLAIM]: organisation ?? SOME_UUID,
  };
}

/**
 * Finds the data source that the claims are closest to: claim by claim in the gateway's order, those that it fits are kept;
 * when it fits none, all of them are.
 */
export function findClosest(
  payload: TokenObject,
  sources: readonly DataSource[],
  schemaId: string,
): DataSource | undefined {
  const audience = payload['aud'];
  const organisation = payload[ORGANISATION_CLAIM];
  const audiences: readonly unknown[] = Array.isArray(audience) ? audience : [audience];
  const steps: readonly ((source: DataSource) => boolean)[] = [
    (source) => audiences.includes(source.audience),
    ({ subject }) => subject === payload['sub'],
    ({ url }) => url === payload[URL_CLAIM],
    (source) => source.schemaId === schemaId,
    ({ organisations }) =>
      organisations === 'any' || organisations.has(String(organisation).toLowerCase()),
  ];
  const [closest] = steps.reduce((left, fits) => {
    const fitting = left.filter(fits);
    return fitting.length === 0 ? left : fitting;
  }, sources);
  return closest;
}
