import type { CryptoKey } from 'jose';

/** A public key of an issuer. */
export interface VerificationKey {
  readonly keyId: string;
  /** RSA, 2048 bits or more, for RS256. */
  readonly key: CryptoKey;
  /** Whether the issuer still publishes it, or published it when it was last reached. Turns false when it is withdrawn. */
  readonly isTrusted: () => boolean;
}

/** What an operator may know of one issuer's keys. */
export interface IssuerKeyStatus {
  readonly issuer: string;
  readonly keys: number;
  /** Whether keys are used past their time to live, because the issuer cannot be reached. */
  readonly isStale: boolean;
  /** Since they were last fetched, in milliseconds; `undefined` when they never were. */
  readonly ageMs: number | undefined;
}

/** The public keys of the trusted issuers. */
export interface KeySource {
  /**
   * Finds a key. Synchronous when it is known; otherwise it may wait for one fetch, within the bounds of the source.
   *
   * @param issuer One of the configured issuers, character for character.
   * @throws {GatewayError} `ERR_AUTH_KEY_UNKNOWN` when the issuer does not publish it; `ERR_AUTH_KEYS_UNAVAILABLE` when no
   *   usable key of the issuer is here and it cannot be reached. Both may be thrown or come as a rejection.
   */
  find(issuer: string, keyId: string): VerificationKey | Promise<VerificationKey>;
  /** Fetches the keys of every issuer once, and goes on refreshing them. Never rejects. */
  start(): Promise<void>;
  status(): readonly IssuerKeyStatus[];
  close(): Promise<void>;
}
