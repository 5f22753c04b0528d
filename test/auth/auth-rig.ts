import { createPublicKey, webcrypto } from 'node:crypto';

import {
  type Authenticator,
  type AuthenticatorOptions,
  createAuthenticator,
} from '../../src/auth/authenticate.ts';
import { type DataSource, createDataSources } from '../../src/auth/data-sources.ts';
import type { KeySource, VerificationKey } from '../../src/auth/key-source.ts';
import type { ReplayGuard } from '../../src/auth/replay-guard.ts';
import { GatewayError, isGatewayError } from '../../src/core/gateway-error.ts';
import type { IssuerKey } from '../../src/simulator/issuer-key.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import {
  AUDIENCE,
  DATA_SOURCE_URL,
  FORKING_SCHEMA,
  ISSUER,
  KEY,
  NOW_MS,
  ORGANISATION,
  OTHER_ISSUER,
  OTHER_KEY,
  SUBJECT,
  VOICE_SCHEMA,
} from '../support/tokens.ts';

/** The registered data source of the tests; its forking twin has the other schema. */
export const VOICE_SOURCE: DataSource = {
  url: DATA_SOURCE_URL,
  schemaId: VOICE_SCHEMA,
  audience: AUDIENCE,
  subject: SUBJECT,
  organisations: new Set([ORGANISATION]),
};

/** Keys in memory that remember what they were asked for; one question is one verification. */
export interface KeyBox extends KeySource {
  /** `issuer kid` of each question. */
  readonly asked: string[];
  publish(issuer: string, key: IssuerKey): Promise<void>;
  withdraw(issuer: string, keyId: string): void;
}

export function createKeyBox(): KeyBox {
  const held = new Map<string, VerificationKey>();
  const asked: string[] = [];
  return {
    asked,
    async publish(issuer, { keyId, privateKey }) {
      const name = `${issuer} ${keyId}`;
      const key = await webcrypto.subtle.importKey(
        'spki',
        createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
        { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
        false,
        ['verify'],
      );
      const published: VerificationKey = {
        keyId,
        key,
        isTrusted: () => held.get(name) === published,
      };
      held.set(name, published);
    },
    withdraw: (issuer, keyId) => void held.delete(`${issuer} ${keyId}`),
    find(issuer, keyId) {
      asked.push(`${issuer} ${keyId}`);
      const key = held.get(`${issuer} ${keyId}`);
      if (key === undefined) throw new GatewayError('ERR_AUTH_KEY_UNKNOWN', 'no such key');
      return key;
    },
    start: async () => {},
    status: () => [],
    close: async () => {},
  };
}

/** An authenticator among its stubs. By default: two issuers, a voice and a forking data source, no replay policy. */
export async function createAuthRig(
  changes: Partial<AuthenticatorOptions> & {
    readonly sources?: readonly DataSource[];
    readonly admit?: ReplayGuard['admit'];
  } = {},
) {
  const { sources, admit = () => undefined, ...options } = changes;
  const clock = createFakeClock(NOW_MS);
  const keys = createKeyBox();
  await keys.publish(ISSUER, KEY);
  await keys.publish(OTHER_ISSUER, OTHER_KEY);
  const dataSources = createDataSources(
    sources ?? [VOICE_SOURCE, { ...VOICE_SOURCE, schemaId: FORKING_SCHEMA }],
  );
  const metrics = createMetrics();
  const authenticator = createAuthenticator(
    { issuers: [ISSUER, OTHER_ISSUER], clockSkewMs: 30_000, ...options },
    { clock, keys, dataSources, metrics, replay: { policy: 'off', admit } },
  );
  return {
    authenticator,
    clock,
    keys,
    dataSources,
    /** Calls the voice service. */
    call: (header: string | undefined) => authenticator.authenticate(header, VOICE_SCHEMA),
    hits: async () => (await metrics.tokenCacheHits.get()).values[0]?.value ?? 0,
    counted: async (result: string) =>
      (await metrics.authentications.get()).values.find(({ labels }) => labels.result === result)
        ?.value ?? 0,
  };
}

/** The refusal of a credential, thrown or as a rejection; anything else that happens is thrown on. */
export async function refusalOf(
  authenticator: Pick<Authenticator, 'authenticate'>,
  header: string | undefined,
  schemaId = VOICE_SCHEMA,
): Promise<GatewayError> {
  try {
    await authenticator.authenticate(header, schemaId);
  } catch (error) {
    if (isGatewayError(error)) return error;
    throw error;
  }
  throw new Error('the credential was accepted');
}
