import { GatewayError } from '../core/gateway-error.ts';

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

/**
 * Checks that a message is of the organisation whose token came with it.
 *
 * @param organisationId `customer_org_id`, as sent.
 * @param isRequired Whether it may not be left empty.
 * @throws {GatewayError} `ERR_CONVERSATION_ORGANISATION`.
 */
export function assertOrganisation(
  principal: Principal,
  organisationId: string,
  isRequired: boolean,
): void {
  if (organisationId === '' && !isRequired) return;
  if (organisationId.toLowerCase() !== principal.organisationId)
    throw new GatewayError(
      'ERR_CONVERSATION_ORGANISATION',
      'customer_org_id is not the organisation of the token',
    );
}
