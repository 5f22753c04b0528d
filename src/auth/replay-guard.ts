/** One generation of a data source's token: what a new registration, renewal or update brings forth. */
export interface TokenGeneration {
  /** Issuer, organisation, URL, schema, audience and subject, joined unambiguously. */
  readonly identity: string;
  /** The `jti`. */
  readonly tokenId: string;
  /** SHA-256 of the compact JWS, base64url. */
  readonly tokenHash: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

/** Decides whether a token that verifies may be used now, and again. */
export interface ReplayGuard {
  /** The policy, in the words of the configuration. */
  readonly policy: 'rotation' | 'registered' | 'single-use' | 'off';
  /**
   * Admits one use of a generation. Called on every RPC: a known generation costs a microsecond and nothing asynchronous,
   * except now and then when a shared store has to be asked again.
   *
   * @throws {GatewayError} `ERR_AUTH_SUPERSEDED`, `ERR_AUTH_TOKEN_ID_REUSED`, `ERR_AUTH_TOKEN_ID`,
   *   `ERR_AUTH_REPLAY_STORE_UNAVAILABLE`; thrown or as a rejection.
   */
  admit(generation: TokenGeneration): void | Promise<void>;
}
