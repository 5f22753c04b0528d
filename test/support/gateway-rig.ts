import { isRecord } from '../../src/core/json.ts';
import { fileURLToPath } from 'node:url';

import { parseConfig } from '../../src/config/parse-config.ts';
import { type Clock, createScaledClock, systemClock } from '../../src/core/clock.ts';
import type { Logger } from '../../src/core/logger.ts';
import { createCachedSynthesiser } from '../../src/speech/cached-synthesiser.ts';
import { createFliteSynthesiser } from '../../src/speech/flite-synthesiser.ts';
import { type Gateway, startGateway } from '../../src/gateway.ts';
import type { LentConversations } from '../../src/gateway/open-conversations.ts';
import { VOICE_VIRTUAL_AGENT_SCHEMA_ID } from '../../src/protocols/voice-virtual-agent/schema.ts';
import { type Webex, type WebexOptions, connectWebex } from '../../src/simulator/caller.ts';
import { generateIssuerKey } from '../../src/simulator/issuer-key.ts';
import { type KeyServer, startKeyServer } from '../../src/simulator/key-server.ts';
import {
  type TokenClaims,
  type TokenIssuer,
  type TokenOverrides,
  createTokenIssuer,
} from '../../src/simulator/token-issuer.ts';
import { createLogRecorder } from './log-recorder.ts';

export const ORGANISATION = '11111111-2222-4333-8444-555555555555';
export const OTHER_ORGANISATION = '99999999-2222-4333-8444-555555555555';

export const DATA_SOURCE = {
  url: 'https://voice.example.com:443',
  schema: 'voice-virtual-agent',
  audience: 'front-desk',
  subject: 'callers',
};

/** What a token of that data source says. */
export const CREDENTIAL = {
  organisationId: ORGANISATION,
  schemaId: VOICE_VIRTUAL_AGENT_SCHEMA_ID,
  url: DATA_SOURCE.url,
  audience: DATA_SOURCE.audience,
  subject: DATA_SOURCE.subject,
};

/** One voice for every gateway of the process: it takes longer to wake up than most tests do. */
export const VOICE = createCachedSynthesiser(createFliteSynthesiser({}, { clock: systemClock }));

/** One key as well; a test that rotates makes its own. */
export const KEY = generateIssuerKey({ keyId: 'test-key' });

export interface GatewayRigOptions {
  /** Merged over the top level of the configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Merged over `trust`. */
  readonly trust?: Readonly<Record<string, unknown>>;
  /** 20: the gateway's clock runs twenty times as fast as the machine's, for a caller of that speed. */
  readonly speed?: number;
  readonly clock?: Clock;
  /** How it shares conversations with other gateways of the test. */
  readonly sharedConversations?: LentConversations;
  /** Default: the rig's own, which `log` shows. */
  readonly logger?: Logger;
  /** Files of the configuration are relative to this folder of the repository; default `test/bots`. */
  readonly baseDir?: string;
}

/** The whole gateway on free ports, a key server, and a token issuer that it trusts. */
export interface GatewayRig {
  readonly gateway: Gateway;
  readonly issuer: TokenIssuer;
  readonly keyServer: KeyServer;
  readonly log: ReturnType<typeof createLogRecorder>;
  token(claims?: Partial<TokenClaims>, overrides?: TokenOverrides): string;
  /** A simulated Webex with a good token, unless told otherwise. */
  webex(options?: Partial<WebexOptions>): Webex;
  metric(name: string): Promise<string>;
  close(): Promise<void>;
}

function conversationOf(config: GatewayRigOptions['config']): Readonly<Record<string, unknown>> {
  const conversation = config?.['conversation'];
  return isRecord(conversation) ? conversation : {};
}

export async function startGatewayRig(options: GatewayRigOptions = {}): Promise<GatewayRig> {
  const issuer = await createTokenIssuer({ issuer: 'http://127.0.0.1/idb', key: await KEY });
  const keyServer = await startKeyServer(issuer);
  const log = createLogRecorder();
  const config = parseConfig(
    JSON.stringify({
      grpc: { listen: '127.0.0.1:0' },
      admin: { listen: '127.0.0.1:0' },
      trust: {
        issuers: [{ issuer: issuer.issuer, jwksUri: keyServer.jwksUri }],
        ...options.trust,
      },
      dataSources: [{ ...DATA_SOURCE, organizations: [ORGANISATION, OTHER_ORGANISATION] }],
      agents: [
        {
          id: 'front-desk',
          name: 'Front desk',
          default: true,
          bot: { use: 'script', options: { file: 'front-desk.yaml' } },
        },
      ],
      ...options.config,
      // Tests share a machine that may be busy with others.
      conversation: { shedding: { loopDelayMs: 60_000 }, ...conversationOf(options.config) },
    }),
    {
      env: {},
      baseDir: fileURLToPath(
        new URL(`../../${options.baseDir ?? 'examples/front-desk'}/`, import.meta.url),
      ),
      fileName: 'test.yaml',
    },
  );
  const gateway = await startGateway(config, {
    clock: options.clock ?? createScaledClock(options.speed ?? 1),
    logger: options.logger ?? log.logger,
    fetch,
    synthesiser: VOICE,
    ...(options.sharedConversations && { sharedConversations: options.sharedConversations }),
  });
  const token: GatewayRig['token'] = (claims = {}, overrides) =>
    issuer.mint(
      {
        ...CREDENTIAL,
        ...claims,
      },
      overrides,
    );
  // Webex sends the same token with every RPC.
  const sameToken = token();
  const connections: Webex[] = [];
  return {
    gateway,
    issuer,
    keyServer,
    log,
    token,
    webex(webexOptions = {}) {
      const webex = connectWebex({
        target: `127.0.0.1:${gateway.grpcPort}`,
        token: sameToken,
        ...webexOptions,
      });
      connections.push(webex);
      return webex;
    },
    async metric(name) {
      const response = await fetch(`http://127.0.0.1:${gateway.adminPort}/metrics`);
      return (await response.text())
        .split('\n')
        .filter((line) => line.startsWith(name))
        .join('\n');
    },
    async close() {
      for (const webex of connections) webex.close();
      await gateway.close();
      await keyServer.close();
    },
  };
}
