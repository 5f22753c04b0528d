import {
  type Authenticator,
  type AuthenticatorOptions,
  createAuthenticator,
} from '../../src/auth/authenticate.ts';
import { type DataSource, createDataSources } from '../../src/auth/data-sources.ts';
import type { KeySource, VerificationKey } from '../../src/auth/key-source.ts';
import type { ReplayGuard } from '../../src/auth/replay-guard.ts';
import { GatewayError, isGatewayError } from '../../src/core/gateway-error.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { type FakeClock, createFakeClock } from '../support/fake-clock.ts';
import {
  FORKING_SCHEMA,
  ISSUER,
  NOW_MS,
  OTHER_ISSUER,
  VOICE_SCHEMA,
  VOICE_SOURCE,
} from '../support/claims.ts';
import type { SigningKey } from '../support/signing-keys.ts';
import { KEY, OTHER_KEY } from '../support/tokens.ts';

/** Keys in memory that remember what they were asked for; one question is one verification. */
export interface KeyBox extends KeySource {
  /** `issuer kid` of each question. */
  readonly asked: string[];
  publish(issuer: string, key: Pick<SigningKey, 'keyId' | 'publicKey'>): void;
  withdraw(issuer: string, keyId: string): void;
}

function createKeyBox(): KeyBox {
  const held = new Map<string, VerificationKey>();
  const asked: string[] = [];
  return {
    asked,
    publish(issuer, { keyId, publicKey: key }) {
      const name = `${issuer} ${keyId}`;
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
export function createAuthRig(
  changes: Partial<AuthenticatorOptions> & {
    readonly sources?: readonly DataSource[];
    readonly admit?: ReplayGuard['admit'];
    /** In the place of the keys in memory. */
    readonly keySource?: (clock: FakeClock) => KeySource;
  } = {},
) {
  const { sources, admit = () => undefined, keySource, ...options } = changes;
  const clock = createFakeClock(NOW_MS);
  const keys = createKeyBox();
  keys.publish(ISSUER, KEY);
  keys.publish(OTHER_ISSUER, OTHER_KEY);
  const dataSources = createDataSources(
    sources ?? [VOICE_SOURCE, { ...VOICE_SOURCE, schemaId: FORKING_SCHEMA }],
  );
  const metrics = createMetrics();
  const authenticator = createAuthenticator(
    { issuers: [ISSUER, OTHER_ISSUER], clockSkewMs: 30_000, maxRemembered: 100, ...options },
    {
      clock,
      keys: keySource?.(clock) ?? keys,
      dataSources,
      metrics,
      replay: { policy: 'off', admit },
    },
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
