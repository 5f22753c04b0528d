import { createAuthenticator } from '../auth/authenticate.ts';
import { type DataSource, type DataSources, createDataSources } from '../auth/data-sources.ts';
import { extractToken } from '../auth/extract-token.ts';
import type { KeySource } from '../auth/key-source.ts';
import { checkTokenHeader } from '../auth/token-header.ts';
import { type TokenParts, decodeTokenParts } from '../auth/token-parts.ts';
import type { Config } from '../config/config.ts';
import { loadOrganisations } from '../config/load-organisations.ts';
import type { Clock } from '../core/clock.ts';
import { type GatewayError, isGatewayError } from '../core/gateway-error.ts';
import { VOICE_VIRTUAL_AGENT_SCHEMA_ID } from '../protocols/voice-virtual-agent/schema.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { explainClaims } from './doctor-claim-words.ts';
import { findClaimFaults, findClosest } from './doctor-claims.ts';
import { type Finding, quote, right, wrong } from './doctor-finding.ts';
import { describeDifference } from './doctor-words.ts';

/** What a token is examined with. */
export interface TokenDeps {
  readonly clock: Pick<Clock, 'now'>;
  readonly keys: KeySource;
}

/** What the gateway would make of a token. */
export interface TokenReport {
  readonly findings: readonly Finding[];
  /** Why the gateway would refuse it; `undefined`: it would not. */
  readonly refusal: GatewayError | undefined;
}

/**
 * Explains a credential against the configuration, claim by claim; the verdict is the authenticator's own.
 *
 * What no single token can show is left out: whether a newer one has retired it, and whether it was revoked.
 *
 * @param header The token, bare or behind `Bearer`.
 */
export async function examineToken(
  header: string,
  config: Config,
  deps: TokenDeps,
): Promise<TokenReport> {
  const sources = config.dataSources.map(toDataSource);
  const dataSources = createDataSources(sources);
  dataSources.setKnownOrganisations(await loadKnownOrganisations(config));
  const refusal = await judge(header, config, dataSources, deps);
  const explained = await explain(header, config, { sources, dataSources, ...deps }, refusal);
  const isExplained =
    refusal === undefined || explained.some((finding) => finding.code === refusal.code);
  return {
    refusal,
    findings: [
      ...explained,
      ...(isExplained
        ? []
        : [wrong(refusal.message, 'take the token as Webex made it', refusal.code)]),
      toVerdict(refusal, config),
    ],
  };
}

function toVerdict(refusal: GatewayError | undefined, { trust }: Config): Finding {
  if (refusal !== undefined)
    return {
      level: 'wrong',
      text: `the gateway would refuse this token for the voice virtual agent: ${refusal.code}`,
      code: refusal.code,
    };
  const unless =
    trust.replay.policy === 'off' ? '' : ', unless a newer one of its data source has retired it';
  return right(`the gateway would accept this token for the voice virtual agent${unless}`);
}

async function judge(
  header: string,
  { trust }: Config,
  dataSources: DataSources,
  { clock, keys }: TokenDeps,
): Promise<GatewayError | undefined> {
  const authenticator = createAuthenticator(
    { issuers: trust.issuers.map(({ issuer }) => issuer), clockSkewMs: trust.clockSkewMs },
    {
      clock,
      keys,
      metrics: createMetrics(),
      dataSources,
      replay: { policy: trust.replay.policy, admit: () => undefined },
    },
  );
  return refusalOf(async () => authenticator.authenticate(header, VOICE_VIRTUAL_AGENT_SCHEMA_ID));
}

async function explain(
  header: string,
  { trust }: Config,
  {
    clock,
    keys,
    sources,
    dataSources,
  }: TokenDeps & { readonly sources: readonly DataSource[]; readonly dataSources: DataSources },
  refusal: GatewayError | undefined,
): Promise<readonly Finding[]> {
  const parts = decode(header);
  if (parts === undefined) return [];
  const { payload } = parts;
  const nowMs = clock.now();
  const closest = findClosest(payload, sources, VOICE_VIRTUAL_AGENT_SCHEMA_ID);
  const context = {
    nowMs,
    closest,
    clockSkewMs: trust.clockSkewMs,
    schemaId: VOICE_VIRTUAL_AGENT_SCHEMA_ID,
    dataSources,
  };
  return [
    ...(await explainSignature(parts, trust, keys, refusal)),
    ...explainClaims(payload, findClaimFaults(payload, context), context),
  ];
}

async function explainSignature(
  { header, payload }: TokenParts,
  trust: Config['trust'],
  keys: KeySource,
  refusal: GatewayError | undefined,
): Promise<readonly Finding[]> {
  const headerFault = await refusalOf(async () => checkTokenHeader(header));
  const issuer = explainIssuer(payload['iss'], trust);
  if (headerFault !== undefined)
    return [
      wrong(
        `the header: ${headerFault.message}`,
        'a token of Webex is signed with RS256 and names its key by kid',
        headerFault.code,
      ),
      issuer,
    ];
  const findings = [right('the algorithm is RS256'), issuer];
  if (issuer.level === 'wrong') return findings;
  const [issuerName, keyId] = [String(payload['iss']), String(header['kid'])];
  const keyFault = await refusalOf(async () => keys.find(issuerName, keyId));
  if (keyFault !== undefined)
    return [
      ...findings,
      keyFault.code === 'ERR_AUTH_KEY_UNKNOWN'
        ? wrong(
            `the issuer publishes no key ${quote(keyId)}`,
            'the key was withdrawn, or the token is not from there: take a new token',
            keyFault.code,
          )
        : wrong(
            'the signature cannot be checked: the issuer’s keys did not come, see above',
            'a gateway that runs may still hold older keys',
            keyFault.code,
          ),
    ];
  if (refusal?.code === 'ERR_AUTH_SIGNATURE')
    return [
      ...findings,
      wrong(
        `the signature is not that of key ${quote(keyId)}`,
        'the token was changed or cut off on its way, or it is forged: take it again from its source',
        refusal.code,
      ),
    ];
  // Too large is the one verdict that comes before the signature though the token decodes.
  if (refusal?.code === 'ERR_AUTH_TOO_LARGE') return findings;
  return [...findings, right(`the signature is that of the issuer’s key ${quote(keyId)}`)];
}

function explainIssuer(issuer: unknown, { issuers }: Config['trust']): Finding {
  const code = 'ERR_AUTH_ISSUER';
  if (typeof issuer !== 'string')
    return wrong('iss is missing or malformed', 'this is no token of Webex', code);
  if (issuers.some((trusted) => trusted.issuer === issuer))
    return right(`the issuer ${quote(issuer)} is trusted`);
  for (const trusted of issuers) {
    const difference = describeDifference(issuer, trusted.issuer);
    if (difference !== undefined)
      return wrong(
        `the issuer ${quote(issuer)} differs from the trusted ${quote(trusted.issuer)} by ${difference}`,
        'if the token is genuine, write its issuer into trust.issuers, character for character',
        code,
      );
  }
  return wrong(
    `the issuer ${quote(issuer)} is none of the trusted ones`,
    'if it is one of Webex, add it to trust.issuers',
    code,
  );
}

function decode(header: string): TokenParts | undefined {
  try {
    return decodeTokenParts(extractToken(header, Number.POSITIVE_INFINITY));
  } catch (error) {
    if (isGatewayError(error)) return undefined;
    throw error;
  }
}

async function refusalOf(attempt: () => Promise<unknown>): Promise<GatewayError | undefined> {
  try {
    await attempt();
    return undefined;
  } catch (error) {
    if (isGatewayError(error)) return error;
    throw error;
  }
}

/** What is wrong with the file is said with the configuration; a gateway would not start with it. */
async function loadKnownOrganisations({ trust }: Config): Promise<ReadonlySet<string> | undefined> {
  if (trust.organisationsFile === undefined) return undefined;
  return loadOrganisations(trust.organisationsFile).catch(() => undefined);
}

function toDataSource({ organisations, ...source }: Config['dataSources'][number]): DataSource {
  return {
    ...source,
    organisations: organisations === 'any' ? 'any' : new Set(organisations),
  };
}
