import { randomUUID } from 'node:crypto';

import type { LentConversations } from '../../src/gateway/open-conversations.ts';
import type { Webex } from '../../src/simulator/caller.ts';
import { type WireRequest, createRequestWriter } from '../../src/simulator/wire-message.ts';
import { decodeStruct } from '../../src/protocols/voice-virtual-agent/struct.ts';
import { createSharedConversations } from '../../src/stores/memory-conversation-store.ts';
import { systemClock } from '../../src/core/clock.ts';
import {
  type GatewayRig,
  type GatewayRigOptions,
  ORGANISATION,
  startGatewayRig,
} from './gateway-rig.ts';

export const PEER_TOKEN = 'peers-of-the-tests-only';

/** Gateways in one process that share their conversations in its memory. */
export interface ReplicaRig {
  readonly replicas: readonly GatewayRig[];
  /** A connection to each replica, with the same caller's token. */
  readonly callers: readonly Webex[];
  /** Where the replica is reached by the others. */
  peerAddress(index: number): string;
  close(): Promise<void>;
}

/** Starts replicas with the bot of `test/bots/counting.mjs` unless the configuration says otherwise. */
export async function startReplicas(
  count: number,
  options: GatewayRigOptions & {
    readonly live?: boolean;
    /** Certificates that they show each other. */
    readonly peerTls?: LentConversations['peers']['tls'];
  } = {},
): Promise<ReplicaRig> {
  const shared = createSharedConversations(
    { ttlMs: 600_000 },
    { clock: options.clock ?? systemClock },
  );
  const bot = { use: './counting.mjs', options: { live: options.live ?? false } };
  const addresses: (() => string)[] = [];
  const lent = (index: number): LentConversations => ({
    peers: {
      listen: { host: '127.0.0.1', port: 0 },
      advertise: undefined,
      token: PEER_TOKEN,
      tls: options.peerTls,
    },
    openStore({ replicaId, address }) {
      addresses[index] = address;
      return shared.replica({ replicaId, address: address() });
    },
  });
  const replicas = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      startGatewayRig({
        baseDir: 'test/bots',
        sharedConversations: lent(index),
        ...options,
        config: { agents: [{ id: 'counting', default: true, bot }], ...options.config },
      }),
    ),
  );
  const callers = replicas.map((replica) => replica.webex());
  return {
    replicas,
    callers,
    peerAddress: (index) => addresses[index]?.() ?? '',
    async close() {
      await Promise.all(replicas.map((replica) => replica.close()));
    },
  };
}

/** What came of one turn. */
export interface TurnOutcome {
  readonly code: number;
  readonly details: string;
  /** Metadata of the custom event that the bot answered with. */
  readonly told: Readonly<Record<string, unknown>> | undefined;
}

/** One call whose turns may come over different connections. */
export function createRoamingCall(conversationId: string = randomUUID(), agentId = '') {
  const write = createRequestWriter({
    conversationId,
    organisationId: ORGANISATION,
    agentId,
  });
  const take = async (webex: Webex, request: WireRequest): Promise<TurnOutcome> => {
    const rpc = webex.openTurn();
    rpc.send(request);
    rpc.halfClose();
    const { code, details } = await rpc.status;
    const events = rpc.messages.flatMap(({ output_events }) => output_events ?? []);
    const told = events.find(({ metadata }) => metadata?.fields?.['count'] !== undefined);
    return { code, details, told: told?.metadata ? decodeStruct(told.metadata) : undefined };
  };
  return {
    conversationId,
    write,
    start: (webex: Webex, parameters = {}) =>
      take(webex, write.event('SESSION_START', '', parameters)),
    event: (webex: Webex, name = 'next') => take(webex, write.event('CUSTOM_EVENT', name)),
    press: (webex: Webex, digits: string) => take(webex, write.digits(digits)),
    hangUp: (webex: Webex) => take(webex, write.event('SESSION_END')),
  };
}
