import { type CryptoKey, exportJWK, generateKeyPair } from 'jose';

/** An issuer's key with both halves. */
export interface SigningKey {
  readonly keyId: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  /** As Webex publishes it. */
  readonly jwk: {
    readonly kty: 'RSA';
    readonly use: 'sig';
    readonly alg: 'RS256';
    readonly kid: string;
    readonly n: string;
    readonly e: string;
  };
}

const made = new Map<string, Promise<SigningKey>>();

/** RSA, 2048 bits: made at the first call, the same for the same name in one process. */
export function signingKey(keyId = 'key-1'): Promise<SigningKey> {
  const key = made.get(keyId) ?? make(keyId);
  made.set(keyId, key);
  return key;
}

async function make(keyId: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', {
    modulusLength: 2048,
    extractable: true,
  });
  const { n = '', e = '' } = await exportJWK(publicKey);
  return {
    keyId,
    privateKey,
    publicKey,
    jwk: { kty: 'RSA', use: 'sig', alg: 'RS256', kid: keyId, n, e },
  };
}
