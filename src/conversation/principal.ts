/**
 * Who is calling: the identity that a verified JWS proves.
 *
 * `auth/` makes it, the protocols hand it on, the conversation binds itself to its organisation.
 */
export interface Principal {
  /** UUID of the customer's organisation, the tenant key, in lower case. */
  readonly organisationId: string;
  readonly issuer: string;
  readonly audience: string;
  readonly subject: string;
  /** The registered data-source URL, character for character. */
  readonly dataSourceUrl: string;
  /** UUID of the data-exchange schema that the token is for. */
  readonly schemaId: string;
  /** The `jti`, which is the registered nonce; the same on every RPC until the data source is renewed. */
  readonly tokenId: string;
  /** When the token stops being accepted for new RPCs, in milliseconds since the epoch, skew not included. */
  readonly expiresAtMs: number;
}
