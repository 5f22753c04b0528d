import { createAgentCatalogue, type Agent } from '../../src/conversation/agent.ts';
import type { TurnMessage } from '../../src/conversation/caller-input.ts';
import type { ConversationStore } from '../../src/conversation/conversation-store.ts';
import { createConversationDirectory } from '../../src/conversation/directory.ts';
import {
  type ConversationFinder,
  createConversationFinder,
} from '../../src/conversation/find-conversation.ts';
import type { OpenTurn } from '../../src/conversation/conversation.ts';
import { joinConversation } from '../../src/conversation/join-conversation.ts';
import { startLeases } from '../../src/conversation/leases.ts';
import { GatewayError } from '../../src/core/gateway-error.ts';
import type { BotHandler } from '../../src/handlers/bot-handler.ts';
import { createSharedConversations } from '../../src/stores/memory-conversation-store.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { PRINCIPAL, createCallRig } from '../support/call-rig.ts';
import { type FakeClock, createFakeClock } from '../support/fake-clock.ts';
import { createLogRecorder } from '../support/log-recorder.ts';

export const IDLE_MS = 600_000;

/** What a test does to the store of one replica. */
interface StoreFaults {
  isAway: boolean;
  /** The name of its memory. */
  memory: string;
  /** Claims are answered with `unsure`. */
  isUnsure: boolean;
  /** Answers wait for it. */
  gate: Promise<void> | undefined;
  /** Names of what was asked, heartbeats left out. */
  readonly asked: string[];
}

const BOT: BotHandler = { name: 'silent', answer: async function* () {} };

/** A store that forgets on demand, for several replicas. */
export function createSharedRig(clock: FakeClock = createFakeClock()) {
  let shared = createSharedConversations({ ttlMs: IDLE_MS + 60_000 }, { clock });
  return {
    clock,
    replica: (replicaId: string, options: ReplicaOptions = {}) =>
      createReplica(replicaId, clock, () => shared, options),
    forget() {
      shared = createSharedConversations({ ttlMs: IDLE_MS + 60_000 }, { clock });
    },
  };
}

interface ReplicaOptions {
  readonly bot?: Partial<BotHandler>;
  readonly onStoreFailure?: 'local' | 'refuse';
  readonly maxConversations?: number;
}

type Shared = ReturnType<typeof createSharedConversations>;

async function createReplica(
  replicaId: string,
  clock: FakeClock,
  shared: () => Shared,
  options: ReplicaOptions,
) {
  const { agent: template } = await createCallRig({ bot: BOT });
  const log = createLogRecorder();
  const metrics = createMetrics();
  const agent: Agent = { ...template, bot: { ...BOT, ...options.bot } };
  let catalogue = createAgentCatalogue([agent]);
  const views = new Map<Shared, ConversationStore>();
  const view = (): ConversationStore => {
    const memory = shared();
    const known = views.get(memory);
    if (known !== undefined) return known;
    const opened = memory.replica({ replicaId, address: `${replicaId}.test:1` });
    views.set(memory, opened);
    return opened;
  };
  view();
  const faults: StoreFaults = {
    isAway: false,
    memory: 'first',
    isUnsure: false,
    gate: undefined,
    asked: [],
  };
  const ask = async <A>(name: string, question: (store: ConversationStore) => Promise<A>) => {
    if (name !== 'beat') faults.asked.push(name);
    await faults.gate;
    if (faults.isAway) throw new GatewayError('ERR_STORE_UNAVAILABLE', 'away');
    return question(view());
  };
  const store: ConversationStore = {
    replicaId,
    claim: (key, claim) =>
      ask('claim', async (from) => (faults.isUnsure ? { type: 'unsure' } : from.claim(key, claim))),
    save: (lease, record) => ask('save', (from) => from.save(lease, record)),
    release: (lease, record) => ask('release', (from) => from.release(lease, record)),
    end: (lease) => ask('end', (from) => from.end(lease)),
    beat: () => ask('beat', async () => faults.memory),
    close: () => view().close(),
  };
  let finder: ConversationFinder | undefined;
  const directory = createConversationDirectory(
    {
      maxConversations: options.maxConversations ?? 100,
      maxPerOrganisation: 100,
      organisationLimits: {},
      idleTimeoutMs: IDLE_MS,
      unknown: 'create',
    },
    {
      clock,
      logger: log.logger,
      metrics,
      catalogue: () => catalogue,
      observe(conversation, moment) {
        finder?.observe(conversation, moment);
        leases.observe(conversation, moment);
      },
    },
  );
  const leases = startLeases({
    store,
    directory,
    clock,
    logger: log.logger,
    metrics,
    idleTimeoutMs: IDLE_MS,
  });
  const found = createConversationFinder({
    store,
    leases,
    directory,
    clock,
    logger: log.logger,
    metrics,
    onStoreFailure: options.onStoreFailure ?? 'local',
  });
  finder = found;
  const messageOf = (conversationId: string, isStart: boolean): TurnMessage => ({
    conversationId,
    organisationId: PRINCIPAL.organisationId,
    agentId: '',
    allowPartialResponses: false,
    vendorConfig: '',
    input: isStart
      ? { type: 'session-start', name: '', parameters: {} }
      : { type: 'custom-event', name: 'next', parameters: {} },
  });
  /** An RPC that enters the conversation if it is answered here, and stays open until it leaves. */
  const open = async (
    conversationId: string,
    { isStart = false, isForwarded = false }: { isStart?: boolean; isForwarded?: boolean } = {},
  ) => {
    const message = messageOf(conversationId, isStart);
    const where = isForwarded
      ? await found.findForwarded(PRINCIPAL, message)
      : await found.find(PRINCIPAL, message);
    if (where?.type === 'elsewhere') return { owner: where.owner };
    const fates: string[] = [];
    const turn: OpenTurn = {
      state: () => 'listening',
      superseded: () => undefined,
      release: () => undefined,
      conversationEnded: (fate) => void fates.push(fate),
    };
    try {
      const conversation = joinConversation(directory, PRINCIPAL, message, turn);
      if (conversation !== undefined && isStart) conversation.hasStarted = true;
      return { conversation, fates, leave: () => conversation?.left(turn) };
    } finally {
      where?.settle();
    }
  };
  return {
    log,
    metrics,
    faults,
    directory,
    leases,
    finder: found,
    messageOf,
    open,
    /** Makes the agent's bot another one, as a reload does. */
    reload(bot: Partial<BotHandler>) {
      catalogue = createAgentCatalogue([{ ...agent, bot: { ...BOT, ...bot } }]);
    },
    claims: async (outcome: string) =>
      (await metrics.conversationClaims.get()).values.find(
        ({ labels }) => labels['outcome'] === outcome,
      )?.value ?? 0,
  };
}
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
