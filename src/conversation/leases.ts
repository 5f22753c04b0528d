import { runInBackground } from '../core/background.ts';
import { type Clock, every } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { logEvent } from '../telemetry/log-events.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { CallObserver } from './call-observer.ts';
import type { Conversation } from './conversation.ts';
import { writeRecord } from './conversation-record.ts';
import type { ConversationStore, Lease } from './conversation-store.ts';
import type { ConversationDirectory } from './directory.ts';
import { startStoreLink } from './store-link.ts';

/** What leases work with. */
export interface LeasesDeps {
  readonly store: ConversationStore;
  readonly directory: Pick<ConversationDirectory, 'end' | 'handOver' | 'takeBack'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<
    Metrics,
    'conversationsLost' | 'conversationStoreFailures' | 'conversationStoreDegraded'
  >;
  /** A conversation that left and did not come back for this long has ended, in milliseconds. */
  readonly idleTimeoutMs: number;
}

/**
 * The conversations of this process, as the store has them.
 *
 * A conversation is held while one of its RPCs is open, or for as long as its bot keeps it; then it is written down, given
 * back, and parked: if it returns before anybody else has had it, it goes on as if it had never left. No turn waits for
 * anything here, and nothing is written while a turn goes on.
 */
export interface Leases {
  /** Holds a conversation of the directory from now on. */
  hold(conversation: Conversation, lease: Lease): void;
  /**
   * Takes a parked conversation away, unless somebody has had it since: then it is forgotten.
   *
   * @param epoch Of what the store has kept of it; `Infinity` forgets it whatever it is.
   */
  takeParked(key: string, epoch?: number): Conversation | undefined;
  /** The same, if the store has not heard yet that it has left. */
  takeOwed(key: string): Pick<Parked, 'conversation' | 'lease'> | undefined;
  /** Gives back what was claimed and not used. */
  giveBack(lease: Lease): void;
  /** The right to go on without the store, to be told to it when it is back. */
  grant(key: string): Lease;
  /** Resolves when the store has been told that the conversation has left, if it is being told. */
  untilReleased(key: string): Promise<void> | undefined;
  /** Looks at a conversation that may have been left by its last RPC. */
  review(conversation: Conversation): void;
  /** Sees which calls end. */
  readonly observe: CallObserver;
  /** The store did not answer. */
  storeFailed(error: unknown): void;
  /** Keeps nothing between turns from now on. */
  drain(): void;
  /** Gives everything back, in at most two seconds, and closes the store. */
  close(): Promise<void>;
}

/** A conversation that has left and may return. */
interface Parked {
  readonly conversation: Conversation;
  readonly lease: Lease;
  /** The store may not know yet where it stands. */
  isOwed: boolean;
}

interface Held {
  readonly conversation: Conversation;
  readonly lease: Lease;
  savedAtMs: number;
  /** There is something to tell the store. */
  isChanged: boolean;
  /** The store is being told. */
  isTelling: boolean;
  /** It cannot be written down, so it stays here. */
  isUnwritable: boolean;
}

/** Conversations that have left: a few KB each, and their last prompt for as long as it plays. */
const MAX_PARKED = 10_000;
/** Ends of calls that the store has not heard of. */
const MAX_ENDINGS = 10_000;
/** Told at once to a store that is back. */
const BATCH = 100;
const SWEEP_MS = 1_000;

/** Creates the leases of a process and starts to show that it is alive. */
export function startLeases(deps: LeasesDeps): Leases {
  const { store, directory, clock, logger, metrics, idleTimeoutMs } = deps;
  const holdings = new Map<Conversation, Held>();
  const parked = new Map<string, Parked>();
  const endings = new Map<string, Lease>();
  const releasing = new Map<string, Promise<void>>();
  let isDraining = false;
  let lastEpoch = 0;

  const leave = ({ bot, call }: Conversation): void =>
    runInBackground(
      () => bot.leave?.(call),
      (error) => logEvent(logger, 'bot.failed', { bot: bot.name, ...describeError(error) }),
    );
  const noteLost = ({ call }: Conversation): void => {
    metrics.conversationsLost.inc();
    logEvent(logger, 'conversation.lost', {
      conversation: call.conversationId,
      organisation: call.organisationId,
    });
  };
  const drop = (conversation: Conversation): Held | undefined => {
    const held = holdings.get(conversation);
    holdings.delete(conversation);
    conversation.onTurnLeft = undefined;
    return held;
  };
  /** Another process has it: whatever is open here is of no use to the caller. */
  const lose = (conversation: Conversation): void => {
    if (drop(conversation) === undefined) return;
    noteLost(conversation);
    directory.handOver(conversation);
    // For this process it is over: what a bot still does with it counts no more.
    conversation.hasEnded = true;
    for (const turn of conversation.openTurns) turn.conversationEnded('ended');
    leave(conversation);
  };
  const unpark = (key: string): void => {
    const one = parked.get(key);
    if (one === undefined) return;
    parked.delete(key);
    leave(one.conversation);
  };

  const release = async (one: Parked): Promise<void> => {
    const { conversation, lease } = one;
    const { key } = conversation;
    const isKept = await store.release(lease, writeRecord(conversation, lease.epoch));
    one.isOwed = false;
    if (isKept) return;
    noteLost(conversation);
    if (parked.get(key) === one) unpark(key);
  };
  const tellReleased = (one: Parked): Promise<void> => {
    const { key } = one.conversation;
    const told = link.tell(async () => {
      try {
        await release(one);
      } finally {
        if (releasing.get(key) === told) releasing.delete(key);
      }
    });
    releasing.set(key, told);
    return told;
  };
  const letGo = ({ conversation, lease }: Held): Promise<void> => {
    drop(conversation);
    directory.handOver(conversation);
    const one: Parked = { conversation, lease, isOwed: true };
    // A bot that keeps calls cannot know what another process does with one meanwhile.
    if (conversation.bot.keepsCalls === true || isDraining) leave(conversation);
    else {
      parked.set(conversation.key, one);
      if (parked.size > MAX_PARKED) unpark(oldestOf(parked));
    }
    return tellReleased(one);
  };

  const tellOf = async (held: Held): Promise<void> => {
    const { conversation, lease } = held;
    // The RPC is gone; the answer may be winding up.
    while (conversation.openTurns.size === 0 && conversation.answering !== undefined)
      await conversation.answering.done;
    if (!holdings.has(conversation)) return;
    const record = writeRecord(conversation, lease.epoch);
    if (record === undefined) {
      if (held.isUnwritable) return;
      held.isUnwritable = true;
      logEvent(logger, 'conversation.unwritable', {
        conversation: conversation.call.conversationId,
        organisation: conversation.call.organisationId,
        bot: conversation.bot.name,
      });
      return;
    }
    const isInUse = conversation.openTurns.size + conversation.awaitedBy > 0;
    if (!isInUse && (isDraining || conversation.bot.keepsCalls !== true)) return letGo(held);
    held.savedAtMs = clock.now();
    if (!(await store.save(lease, record))) lose(conversation);
  };
  const changed = (held: Held): void => {
    held.isChanged = true;
    if (held.isTelling) return;
    held.isTelling = true;
    void link.tell(async () => {
      try {
        while (held.isChanged) {
          held.isChanged = false;
          await tellOf(held);
        }
      } finally {
        held.isTelling = false;
      }
    });
  };

  const tellEnded = (lease: Lease): Promise<void> => {
    endings.set(lease.key, lease);
    if (endings.size > MAX_ENDINGS) endings.delete(oldestOf(endings));
    return link.tell(async () => {
      await store.end(lease);
      if (endings.get(lease.key) === lease) endings.delete(lease.key);
    });
  };
  /** The process that had a conversation last sees to its end. */
  const expire = (one: Parked): Promise<void> => {
    const { conversation, lease } = one;
    parked.delete(conversation.key);
    return link.tell(async () => {
      let isOurs = false;
      try {
        isOurs = await store.end(lease);
      } finally {
        if (!isOurs) leave(conversation);
      }
      if (!isOurs) return;
      directory.takeBack(conversation);
      directory.end(conversation, 'idle');
    });
  };
  const tellAll = async (): Promise<void> => {
    for (const held of holdings.values()) changed(held);
    const tell = [
      ...[...parked.values()].map((one) => () => tellReleased(one)),
      ...[...endings.values()].map((lease) => () => tellEnded(lease)),
    ];
    for (let at = 0; at < tell.length; at += BATCH) {
      if (link.isAway()) return;
      await Promise.all(tell.slice(at, at + BATCH).map((one) => one()));
    }
  };
  const link = startStoreLink({ ...deps, onRecovered: () => void tellAll() });
  const sweeper = every(clock, SWEEP_MS, () => {
    const nowMs = clock.now();
    for (const held of holdings.values())
      if (nowMs - held.savedAtMs > idleTimeoutMs / 2) changed(held);
    for (const one of parked.values()) {
      const { conversation } = one;
      if (nowMs - conversation.lastSeenMs >= idleTimeoutMs) void expire(one);
      // Forgets the sound of a prompt that has been played.
      else conversation.isClosedTo('speech');
    }
  });

  const drain = (): void => {
    isDraining = true;
    for (const held of holdings.values()) if (held.conversation.openTurns.size === 0) changed(held);
  };
  return {
    hold(conversation, lease) {
      const held: Held = {
        conversation,
        lease,
        savedAtMs: clock.now(),
        isChanged: false,
        isTelling: false,
        isUnwritable: false,
      };
      holdings.set(conversation, held);
      conversation.onTurnLeft = () => changed(held);
    },
    takeParked(key, epoch = -Infinity) {
      const one = parked.get(key);
      if (one !== undefined && one.lease.epoch < epoch) {
        unpark(key);
        return undefined;
      }
      parked.delete(key);
      return one?.conversation;
    },
    takeOwed(key) {
      const one = parked.get(key);
      if (one?.isOwed !== true) return undefined;
      parked.delete(key);
      return one;
    },
    giveBack: (lease) => void link.tell(async () => void (await store.release(lease, undefined))),
    grant(key) {
      lastEpoch = Math.max(clock.now(), lastEpoch + 1);
      return { key, epoch: lastEpoch };
    },
    untilReleased: (key) => releasing.get(key),
    review(conversation) {
      const held = holdings.get(conversation);
      if (held !== undefined) changed(held);
    },
    observe(conversation, moment) {
      if (moment.type !== 'call-ended') return;
      const held = drop(conversation);
      if (held !== undefined) void tellEnded(held.lease);
    },
    storeFailed: link.failed,
    drain,
    close() {
      sweeper.close();
      drain();
      return link.close();
    },
  };
}

/** The key that was set first. */
function oldestOf(map: ReadonlyMap<string, unknown>): string {
  return map.keys().next().value ?? '';
}
