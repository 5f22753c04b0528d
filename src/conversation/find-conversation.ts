import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { Logger } from '../core/logger.ts';
import { logEvent } from '../telemetry/log-events.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { CallObserver } from './call-observer.ts';
import type { TurnMessage } from './caller-input.ts';
import type { Conversation } from './conversation.ts';
import { readRecord, writeRecord } from './conversation-record.ts';
import type { Claim, ClaimOptions, ConversationStore, Lease, Owner } from './conversation-store.ts';
import { type ConversationDirectory, keyOf } from './directory.ts';
import { isConversationId } from './join-conversation.ts';
import type { Leases } from './leases.ts';
import type { Principal } from './principal.ts';

/**
 * Where an RPC is answered.
 *
 * `here`: the conversation may be entered now; `settle` must be called when it was, or when it will not be.
 */
export type Found =
  | { readonly type: 'here'; settle(): void }
  | { readonly type: 'elsewhere'; readonly owner: Owner };

/** Finds the process that answers a conversation. */
export interface ConversationFinder {
  /**
   * Where an RPC belongs that begins with `message`.
   *
   * @param dead The owner to whom it did not get through.
   * @returns `undefined`: here, and there is nothing to wait for. A promise rejects with a `GatewayError`
   *   `ERR_STORE_UNAVAILABLE` when nobody may answer without the store, or with what a restored conversation fails with.
   */
  find(principal: Principal, message: TurnMessage, dead?: Owner): Promise<Found> | undefined;
  /**
   * The same for an RPC that a peer has forwarded: it is answered here or nowhere.
   *
   * @throws {GatewayError} `ERR_CONVERSATION_ELSEWHERE` when this process does not have the conversation.
   */
  findForwarded(principal: Principal, message: TurnMessage): Promise<Found> | undefined;
  /** Sees which conversations begin. */
  readonly observe: CallObserver;
}

/** What a finder works with. */
export interface FinderDeps {
  readonly store: Pick<ConversationStore, 'claim'>;
  readonly leases: Leases;
  readonly directory: Pick<
    ConversationDirectory,
    'find' | 'agentOf' | 'restore' | 'takeBack' | 'noteEnded'
  >;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'conversationClaims'>;
  /** What happens while the store is away: answer with what this process knows, or fail. */
  readonly onStoreFailure: 'local' | 'refuse';
}

/** How long a store is asked that has just lost its memory. */
const MAX_UNSURE_MS = 4_000;
const ASK_AGAIN_MS = 200;

/** Creates the finder of a process. */
export function createConversationFinder(deps: FinderDeps): ConversationFinder {
  const { store, leases, directory, clock, logger, metrics } = deps;
  /** One RPC at a time asks for a conversation; those after it find it held. */
  const asking = new Map<string, Promise<void>>();
  /** Leases of conversations that are about to begin. */
  const granted = new Map<string, Lease>();

  const hold = (conversation: Conversation, lease: Lease): void => {
    directory.takeBack(conversation);
    leases.hold(conversation, lease);
  };
  /** Goes on with one that has not been anywhere else; with another bot, if that was replaced meanwhile. */
  const revive = (
    principal: Principal,
    message: TurnMessage,
    conversation: Conversation,
    lease: Lease,
  ): void => {
    const { agent } = conversation;
    const isCurrent = directory.agentOf(principal, { ...message, agentId: agent.id }) === agent;
    const record = isCurrent ? undefined : writeRecord(conversation, lease.epoch);
    const stored = record === undefined ? undefined : readRecord(record);
    if (stored === undefined) hold(conversation, lease);
    else leases.hold(directory.restore(principal, message, stored), lease);
  };
  const take = (
    principal: Principal,
    message: TurnMessage,
    { lease, record }: Extract<Claim, { readonly type: 'ours' }>,
  ): 'ours' | 'restored' => {
    const { key } = lease;
    const stored = record === undefined ? undefined : readRecord(record);
    // A call that begins anew has nothing to do with one that the store knows nothing of.
    const isNew = stored === undefined && message.input.type === 'session-start';
    const parked = leases.takeParked(key, isNew ? Infinity : stored?.epoch);
    if (parked !== undefined) revive(principal, message, parked, lease);
    else if (stored === undefined) {
      granted.set(key, lease);
      return 'ours';
    } else leases.hold(directory.restore(principal, message, stored), lease);
    logEvent(logger, 'conversation.restored', {
      conversation: message.conversationId,
      organisation: principal.organisationId,
      hasBeenElsewhere: parked === undefined,
    });
    return 'restored';
  };
  /** Without the store, this process goes on with what it knows. */
  const takeAlone = (principal: Principal, message: TurnMessage): void => {
    const key = keyOf(principal, message);
    const parked = leases.takeParked(key);
    const lease = leases.grant(key);
    if (parked === undefined) granted.set(key, lease);
    else revive(principal, message, parked, lease);
  };
  /** Waits for a store that may yet hear of the conversation. */
  const claimSurely = async (key: string, options: ClaimOptions): Promise<Claim> => {
    for (let waitedMs = 0; ; waitedMs += ASK_AGAIN_MS) {
      const claimed = await store.claim(key, options);
      if (claimed.type !== 'unsure' || waitedMs >= MAX_UNSURE_MS) return claimed;
      await new Promise<void>((resolve) => void clock.setTimer(ASK_AGAIN_MS, resolve));
    }
  };
  /** Makes the conversation this process's, unless it has another owner, who is given back. */
  const claim = async (
    principal: Principal,
    message: TurnMessage,
    dead: Owner | undefined,
  ): Promise<Owner | undefined> => {
    const key = keyOf(principal, message);
    let claimed: Claim;
    try {
      claimed = await claimSurely(key, { begins: message.input.type === 'session-start', dead });
    } catch (error) {
      metrics.conversationClaims.inc({ outcome: 'failed' });
      leases.storeFailed(error);
      if (deps.onStoreFailure === 'refuse') throw error;
      takeAlone(principal, message);
      return undefined;
    }
    if (claimed.type === 'unsure') {
      takeAlone(principal, message);
      return undefined;
    }
    if (claimed.type !== 'ours') {
      metrics.conversationClaims.inc({ outcome: claimed.type });
      leases.takeParked(key, Infinity);
      if (claimed.type === 'theirs') return claimed.owner;
      directory.noteEnded(key);
      return undefined;
    }
    try {
      metrics.conversationClaims.inc({ outcome: take(principal, message, claimed) });
    } catch (error) {
      leases.giveBack(claimed.lease);
      throw error;
    }
    return undefined;
  };
  const ask = async (
    principal: Principal,
    message: TurnMessage,
    search: (key: string) => Promise<Owner | undefined>,
  ): Promise<Found> => {
    const key = keyOf(principal, message);
    for (let other = asking.get(key); other !== undefined; other = asking.get(key)) await other;
    let done = (): void => undefined;
    asking.set(
      key,
      new Promise<void>((resolve) => {
        done = () => {
          asking.delete(key);
          resolve();
        };
      }),
    );
    try {
      await leases.untilReleased(key);
      const owner =
        directory.find(principal, message) === undefined ? await search(key) : undefined;
      if (owner !== undefined) {
        done();
        return { type: 'elsewhere', owner };
      }
    } catch (error) {
      done();
      throw error;
    }
    const awaited = directory.find(principal, message);
    if (awaited !== undefined) awaited.awaitedBy += 1;
    return {
      type: 'here',
      settle() {
        done();
        if (awaited !== undefined) {
          awaited.awaitedBy -= 1;
          if (awaited.openTurns.size === 0) leases.review(awaited);
        }
        const unused = granted.get(key);
        granted.delete(key);
        if (unused !== undefined) leases.giveBack(unused);
      },
    };
  };
  const isHere = (principal: Principal, message: TurnMessage): boolean =>
    // What has no good name is refused where the conversation is entered.
    !isConversationId(message.conversationId) || directory.find(principal, message) !== undefined;

  return {
    find: (principal, message, dead) =>
      isHere(principal, message)
        ? undefined
        : ask(principal, message, () => claim(principal, message, dead)),
    findForwarded: (principal, message) =>
      isHere(principal, message)
        ? undefined
        : ask(principal, message, async (key) => {
            const owed = leases.takeOwed(key);
            if (owed === undefined)
              throw new GatewayError(
                'ERR_CONVERSATION_ELSEWHERE',
                'this replica does not have the conversation',
              );
            revive(principal, message, owed.conversation, owed.lease);
            return undefined;
          }),
    observe(conversation, moment) {
      if (moment.type !== 'call-started') return;
      const { key } = conversation;
      leases.hold(conversation, granted.get(key) ?? leases.grant(key));
      granted.delete(key);
    },
  };
}
