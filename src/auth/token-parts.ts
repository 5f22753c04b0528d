import { refusal } from './refusal.ts';

/** A decoded JSON object of a token. */
export type TokenObject = Readonly<Record<string, unknown>>;

/** The decoded, not yet verified, parts of a compact JWS. */
export interface TokenParts {
  readonly header: TokenObject;
  readonly payload: TokenObject;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Decodes a compact JWS strictly: three parts, canonical base64url without padding, UTF-8, JSON objects in which no name
 * stands twice. What two parsers could read in two ways is refused (RFC 8725 sections 2.6 and 3.7, RFC 7515 section 4).
 *
 * @throws {GatewayError} `ERR_AUTH_MALFORMED`.
 */
export function decodeTokenParts(token: string): TokenParts {
  const parts = token.split('.');
  const [header, payload, signature] = parts;
  // An empty signature is left to the algorithm and the key, so that `none` is refused by its name.
  if (parts.length !== 3 || !header || !payload || signature === undefined)
    throw malformed('the credential is not a compact JWS');
  decodeBase64Url(signature);
  return { header: decodeObject(header), payload: decodeObject(payload) };
}

function decodeBase64Url(part: string): Buffer {
  const bytes = Buffer.from(part, 'base64url');
  // Node skips what is not base64url and drops surplus bits; only the canonical text survives the way back.
  if (bytes.toString('base64url') !== part) throw malformed('the credential is not base64url');
  return bytes;
}

function decodeObject(part: string): TokenObject {
  const bytes = decodeBase64Url(part);
  try {
    const text = utf8.decode(bytes);
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      assertNamesAreUnique(text);
      return value as TokenObject;
    }
  } catch {
    // Without the parser's own words: they quote the token.
    throw malformed('the credential holds no valid JSON');
  }
  throw malformed('the credential holds no JSON object');
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gsu;

/** Throws when an object in `text`, which is valid JSON, has a name twice, at whatever depth. */
function assertNamesAreUnique(text: string): void {
  const open: (Set<string> | undefined)[] = [];
  let lastString = '';
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      const names = open.at(-1);
      const name = String(JSON.parse(lastString));
      if (names?.has(name) === true) throw new SyntaxError('a name stands twice');
      names?.add(name);
    } else lastString = token;
  }
}

function malformed(message: string): Error {
  return refusal('ERR_AUTH_MALFORMED', message);
}
