import { ORGANISATION_CLAIM, SCHEMA_CLAIM, URL_CLAIM } from '../auth/claims.ts';
import type { TokenObject } from '../auth/token-parts.ts';
import type { GatewayError } from '../core/gateway-error.ts';
import {
  MEDIA_FORKING_SCHEMA_ID,
  MEDIA_FORKING_SUPERSEDED_SCHEMA_ID,
} from '../protocols/media-forking/schema.ts';
import { MEDIA_INTELLIGENCE_SCHEMA_ID } from '../protocols/media-intelligence/schema.ts';
import { VOICE_VIRTUAL_AGENT_SCHEMA_ID } from '../protocols/voice-virtual-agent/schema.ts';
import type { ClaimFaults, ClaimsContext } from './doctor-claims.ts';
import { type Finding, quote, right, risk, wrong } from './doctor-finding.ts';
import { describeDifference, formatSpan } from './doctor-words.ts';

/** The gateway's order: all that a claim must be by itself comes before what it is held against. */
const CLAIMS = [
  'token_type',
  'exp',
  'iat',
  'nbf',
  'jti',
  'aud',
  'sub',
  URL_CLAIM,
  SCHEMA_CLAIM,
  ORGANISATION_CLAIM,
] as const;
type ClaimName = (typeof CLAIMS)[number];

const SCHEMA_NAMES: Readonly<Record<string, string>> = {
  [VOICE_VIRTUAL_AGENT_SCHEMA_ID]: 'the voice virtual agent',
  [MEDIA_FORKING_SCHEMA_ID]: 'media forking',
  [MEDIA_FORKING_SUPERSEDED_SCHEMA_ID]: 'media forking (a superseded version)',
  [MEDIA_INTELLIGENCE_SCHEMA_ID]: 'media intelligence',
};

/** Less than this left is worth a word. */
const SOON_MS = 5 * 60_000;

/** Says of each claim whether it is right, and if not, by what it differs. Subject and nonce are never shown. */
export function explainClaims(
  payload: TokenObject,
  { byClaim, isComplete }: ClaimFaults,
  context: ClaimsContext,
): readonly Finding[] {
  const lastFault = [...byClaim.keys()].at(-1);
  const lookedAt = isComplete
    ? CLAIMS
    : CLAIMS.slice(0, CLAIMS.findIndex((c) => c === lastFault) + 1);
  return lookedAt.flatMap((claim) => {
    const fault = byClaim.get(claim);
    if (fault !== undefined) return [explainFault(claim, fault, payload, context)];
    const finding = explainRight(claim, payload, context);
    return finding === undefined ? [] : [finding];
  });
}

function explainRight(
  claim: ClaimName,
  payload: TokenObject,
  { nowMs, clockSkewMs }: ClaimsContext,
): Finding | undefined {
  switch (claim) {
    case 'exp': {
      const leftMs = Number(payload['exp']) * 1_000 - nowMs;
      const forgiven = `${formatSpan(clockSkewMs)} are forgiven`;
      if (leftMs <= 0)
        return risk(`it expired ${formatSpan(leftMs)} ago; ${forgiven}`, 'renew the data source');
      const text = `it expires in ${formatSpan(leftMs)}`;
      return leftMs < SOON_MS ? risk(text, 'renew the data source') : right(text);
    }
    case 'iat': {
      const agoMs = nowMs - Number(payload['iat']) * 1_000;
      return agoMs >= 0
        ? right(`it was issued ${formatSpan(agoMs)} ago`)
        : risk(
            `it was issued ${formatSpan(agoMs)} in the future; ${formatSpan(clockSkewMs)} are forgiven`,
            'check the clock of this machine',
          );
    }
    case 'aud':
      return right('the audience is the registered one');
    case 'sub':
      return right('the subject is the registered one');
    case URL_CLAIM:
      return right('the URL is the registered one');
    case SCHEMA_CLAIM:
      return right('the schema is that of the voice virtual agent');
    case ORGANISATION_CLAIM:
      return right('the organisation may use the data source');
    case 'jti':
      return right('it has a nonce (jti)');
    case 'token_type':
    case 'nbf':
      return undefined;
    default:
      return claim satisfies never;
  }
}

function explainFault(
  claim: ClaimName,
  fault: GatewayError,
  payload: TokenObject,
  context: ClaimsContext,
): Finding {
  const { text, advice } = describeFault(claim, fault, payload, context);
  return wrong(text, advice, fault.code);
}

function describeFault(
  claim: ClaimName,
  fault: GatewayError,
  payload: TokenObject,
  { nowMs, closest }: ClaimsContext,
): { readonly text: string; readonly advice: string } {
  if (claim === 'token_type')
    return {
      text: 'it has a token_type: this is an OAuth token, not the JWS of a data source',
      advice: 'take the jwsToken of the data source',
    };
  // The gateway's words say which claim lacks its value; only a value that is there can differ.
  if (fault.message.endsWith('is missing or malformed'))
    return { text: fault.message, advice: 'take the token as Webex made it' };
  const value = payload[claim];
  switch (claim) {
    case 'exp':
      return {
        text: `it expired ${formatSpan(nowMs - Number(value) * 1_000)} ago`,
        advice: 'renew the data source, and take its new token',
      };
    case 'iat':
    case 'nbf':
      return {
        text: `${claim === 'iat' ? 'it was issued' : 'it is valid from'} ${formatSpan(Number(value) * 1_000 - nowMs)} in the future`,
        advice: 'check the clock of this machine',
      };
    case 'aud':
      return compare('the audience', toList(value), closest?.audience, 'audience');
    case 'sub':
      return {
        text: 'the subject is not the registered one',
        advice: 'compare subject in dataSources with the one in the registration',
      };
    case URL_CLAIM:
      return compare('the URL', toList(value), closest?.url, 'url');
    case SCHEMA_CLAIM:
      return describeSchema(String(value).toLowerCase(), closest?.schemaId);
    case ORGANISATION_CLAIM:
      return {
        text: `the organisation ${quote(String(value))} is not known here`,
        advice:
          'if it is a customer, add it to organizations of the data source, and to trust.organizationsFile if there is one',
      };
    case 'jti':
      return { text: fault.message, advice: 'take the token as Webex made it' };
    default:
      return claim satisfies never;
  }
}

function compare(
  name: string,
  actual: readonly string[],
  expected: string | undefined,
  setting: string,
): { readonly text: string; readonly advice: string } {
  const shown = actual.map(quote).join(', ');
  if (expected === undefined)
    return { text: `${name} ${shown} is not registered here`, advice: 'check dataSources' };
  const difference = actual
    .map((text) => describeDifference(text, expected))
    .find((found) => found !== undefined);
  return {
    text: `${name} ${shown} differs from the configured ${quote(expected)}${difference === undefined ? '' : ` by ${difference}`}`,
    advice: `make ${setting} in dataSources and in the registration the same, character for character`,
  };
}

function describeSchema(
  schemaId: string,
  configured: string | undefined,
): { readonly text: string; readonly advice: string } {
  if (schemaId === VOICE_VIRTUAL_AGENT_SCHEMA_ID)
    return {
      text: `the schema is that of the voice virtual agent, and the data source is for ${SCHEMA_NAMES[configured ?? ''] ?? 'another'}`,
      advice: 'set schema of the data source to voice-virtual-agent',
    };
  const name = SCHEMA_NAMES[schemaId];
  return {
    text: `the schema is ${name === undefined ? `${quote(schemaId)}, an unknown one` : `that of ${name}`}, not that of the voice virtual agent`,
    advice: 'register a data source with the schema of the voice virtual agent',
  };
}

function toList(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).map(String);
}
