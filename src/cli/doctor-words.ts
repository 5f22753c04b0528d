const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Writes a length of time: `42 s`, `41 minutes`, `3 hours`, `12 days`; the unit of which there are two or more. */
export function formatSpan(ms: number): string {
  const span = Math.abs(ms);
  if (span < 2 * MINUTE_MS) return `${Math.round(span / SECOND_MS)} s`;
  if (span < 2 * HOUR_MS) return `${Math.round(span / MINUTE_MS)} minutes`;
  if (span < 2 * DAY_MS) return `${Math.round(span / HOUR_MS)} hours`;
  return `${Math.round(span / DAY_MS)} days`;
}

/** What two addresses or names may differ by and still look the same; each makes its kind of difference disappear. */
const LOOKS: readonly { readonly name: string; readonly level: (text: string) => string }[] = [
  { name: 'white space around it', level: (text) => text.trim() },
  { name: 'letter case', level: (text) => text.toLowerCase() },
  { name: 'the scheme', level: (text) => text.replace(/^[a-z][a-z0-9+.-]*:\/\//iu, '') },
  {
    name: 'a “:443”',
    level: (text) => text.replace(/^((?:[a-z0-9+.-]+:\/\/)?[^/?#]*):443(?=[/?#]|$)/iu, '$1'),
  },
  { name: 'a trailing slash', level: (text) => text.replace(/\/+$/u, '') },
];

/**
 * Says by what two texts differ that look alike.
 *
 * @returns Such as `a trailing slash and letter case`; `undefined` when they differ by more than that, or not at all.
 */
export function describeDifference(actual: string, expected: string): string | undefined {
  const level = (text: string, without?: string): string =>
    LOOKS.filter(({ name }) => name !== without).reduce((left, look) => look.level(left), text);
  if (actual === expected || level(actual) !== level(expected)) return undefined;
  return LOOKS.filter(({ name }) => level(actual, name) !== level(expected, name))
    .map(({ name }) => name)
    .join(' and ');
}

/** What DNS, TCP and TLS call their failures, in words that go on after the name of a host. */
const FAILURES: Readonly<Record<string, string>> = {
  ENOTFOUND: 'is not known to DNS',
  EAI_AGAIN: 'could not be looked up: DNS does not answer',
  ECONNREFUSED: 'refuses the connection: nothing listens there',
  ECONNRESET: 'broke the connection off',
  EPIPE: 'broke the connection off',
  UND_ERR_SOCKET: 'broke the connection off',
  ETIMEDOUT: 'does not answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'does not answer in time',
  EHOSTUNREACH: 'cannot be reached from here: no route',
  ENETUNREACH: 'cannot be reached from here: no network',
  CERT_HAS_EXPIRED: 'shows a certificate that has expired',
  CERT_NOT_YET_VALID: 'shows a certificate that is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'shows a self-signed certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'shows a certificate of an authority that is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'shows a certificate of an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'shows a certificate without its chain, or of an unknown authority',
  ERR_TLS_CERT_ALTNAME_INVALID: 'shows a certificate that is for another name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'answers, and not with TLS: it speaks plaintext there',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'speaks no TLS of version 1.2 or later',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'speaks no TLS of version 1.2 or later',
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: 'has no certificate for this name',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'refuses the TLS handshake',
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE': 'refuses the TLS handshake',
};

/** Says what a failure of the network means, to be read after the name of the host. */
export function describeNetworkFailure(code: string | undefined): string {
  if (code === undefined) return 'cannot be reached';
  return FAILURES[code] ?? `cannot be reached (${code})`;
}

/** The code that the system, DNS or TLS gave an error. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}
