import { LRUCache } from 'lru-cache';

import { runInBackground } from '../core/background.ts';
import { type Clock, every } from '../core/clock.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { letOthersRun } from '../core/let-others-run.ts';
import type { Logger } from '../core/logger.ts';
import type { EndReason } from '../handlers/bot-handler.ts';
import { CallLogger } from '../telemetry/call-logger.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { logEvent } from '../telemetry/log-events.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { type Admission, type AdmissionLimits, createAdmission } from './admission.ts';
import type { Agent, AgentCatalogue } from './agent.ts';
import type { CallObserver } from './call-observer.ts';
import type { TurnMessage } from './caller-input.ts';
import { type StoredConversation, applyRecord } from './conversation-record.ts';
import { type AnswerFate, Conversation, type OpenTurn } from './conversation.ts';
import type { Principal } from './principal.ts';

/** How long and how many conversations are held. */
export interface DirectoryOptions extends AdmissionLimits {
  /** A conversation that brings no message and gives no answer for this long is given up, in milliseconds. */
  readonly idleTimeoutMs: number;
  /** What input of a call that never started does: open it without a greeting, or fail. */
  readonly unknown: 'create' | 'refuse';
}

/** What the directory works with. */
export interface DirectoryDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'conversations' | 'callsEnded' | 'admissions' | 'overlaps'>;
  readonly observe: CallObserver;
  readonly catalogue: () => AgentCatalogue;
  /** Who decides on new calls; default: the limits of the options alone. */
  readonly admission?: Admission;
}

/** Every conversation of this process, keyed by organisation and conversation id. */
export interface ConversationDirectory {
  /**
   * Finds the conversation a message belongs to, or opens it.
   *
   * @returns `undefined` when the call has ended and the message does not start it anew.
   * @throws {GatewayError} `ERR_CONVERSATION_AGENT_UNKNOWN`, `ERR_CONVERSATION_AGENT_CHANGED`,
   *   `ERR_CONVERSATION_NOT_STARTED`, `ERR_CONVERSATION_CAPACITY`.
   */
  enter(principal: Principal, message: TurnMessage): Conversation | undefined;
  /** The conversation that a message belongs to, if it is held here. */
  find(principal: Principal, message: TurnMessage): Conversation | undefined;
  /**
   * Takes in a conversation that was opened before, here or by another process; it is never refused.
   *
   * @throws {GatewayError} `ERR_CONVERSATION_AGENT_UNKNOWN` when its agent is not known here.
   */
  restore(principal: Principal, message: TurnMessage, stored: StoredConversation): Conversation;
  /** Takes in again what has {@link ConversationDirectory.handOver left}. */
  takeBack(conversation: Conversation): void;
  /** Holds the conversation no more, without ending the call. */
  handOver(conversation: Conversation): void;
  /** Another process has seen the end of the call. */
  noteEnded(key: string): void;
  /** Whose the message is, or would be if it opened a conversation; `undefined` when there is no such agent. */
  agentOf(principal: Principal, message: TurnMessage): Agent | undefined;
  /** Ends a conversation and tells its bot; open RPCs are closed with `fate`. Does nothing the second time. */
  end(conversation: Conversation, reason: EndReason, fate?: AnswerFate): void;
  /** Ends every conversation of the organisations that are no longer welcome. Returns how many. */
  revoke(isRevoked: (organisationId: string) => boolean): number;
  /** Completes every RPC that only listens, so that its caller can be heard elsewhere; the calls go on. */
  releaseListeners(): void;
  readonly size: () => number;
  /** Whether a call that began with this agent goes on. */
  isInUse(agent: Agent): boolean;
  /** Open RPCs by what they are doing. Walks through all of them. */
  countStreams(): Readonly<Partial<Record<ReturnType<OpenTurn['state']>, number>>>;
  /** Ends every conversation and stops the reaper. */
  close(): void;
}

/** Remembers this many ended calls, so that a late RPC of one does not open it again. */
const MAX_ENDED = 10_000;
const MIN_SWEEP_MS = 1_000;
/** A millisecond's work, or two. */
const LOOKS_AT_ONCE = 3_200;
/** Ending a call takes as long as looking at so many. */
const LOOKS_OF_AN_END = 50;

/** Creates the directory and starts its reaper. */
export function createConversationDirectory(
  options: DirectoryOptions,
  deps: DirectoryDeps,
): ConversationDirectory {
  const { clock, logger, metrics, observe } = deps;
  const conversations = new Map<string, Conversation>();
  const admission = deps.admission ?? createAdmission(options, deps);
  const ended = new LRUCache<string, true>({ max: MAX_ENDED });

  /** Makes the conversation that a message names, at the point where the rest says it stands. */
  const make = (
    key: string,
    principal: Principal,
    message: TurnMessage,
    agent: Agent,
    stands: Pick<StoredConversation, 'language' | 'parameters' | 'vendorConfig' | 'state'>,
    startedAtMs?: number,
  ): Conversation => {
    const { organisationId } = principal;
    const { conversationId } = message;
    const { language, parameters, vendorConfig, state } = stands;
    const conversation = new Conversation(
      key,
      agent,
      {
        conversationId,
        organisationId,
        agentId: agent.id,
        language,
        parameters,
        vendorConfig,
        state,
        logger: new CallLogger(logger, { conversationId, organisationId }),
      },
      clock,
      startedAtMs,
    );
    conversation.trackingId = message.trackingId ?? '';
    return conversation;
  };
  const put = (conversation: Conversation): void => {
    conversations.set(conversation.key, conversation);
    metrics.conversations.set(conversations.size);
  };
  /** @returns `false` when it was not held here. */
  const remove = (conversation: Conversation): boolean => {
    const wasHeld = conversations.delete(conversation.key);
    if (wasHeld) admission.left(conversation.call);
    metrics.conversations.set(conversations.size);
    return wasHeld;
  };
  const takeBack = (conversation: Conversation): void => {
    ended.delete(conversation.key);
    admission.readmit(conversation.call);
    conversation.lastSeenMs = clock.now();
    put(conversation);
    observe(conversation, { type: 'call-returned' });
  };

  const open = (principal: Principal, message: TurnMessage, key: string): Conversation => {
    const { input, vendorConfig } = message;
    const agent = deps.catalogue().resolve(principal.organisationId, message.agentId);
    if (input.type !== 'session-start' && options.unknown === 'refuse')
      throw new GatewayError('ERR_CONVERSATION_NOT_STARTED', 'the conversation was not started');
    const { organisationId } = principal;
    admission.enter({
      organisationId,
      agentId: agent.id,
      agentLimit: agent.maxConversations,
    });
    const parameters = input.type === 'session-start' ? input.parameters : {};
    const conversation = make(key, principal, message, agent, {
      language: '',
      parameters,
      vendorConfig,
      state: {},
    });
    put(conversation);
    logEvent(logger, 'call.started', storyOf(conversation));
    observe(conversation, { type: 'call-started' });
    return conversation;
  };

  const end = (conversation: Conversation, reason: EndReason, fate: AnswerFate = 'ended'): void => {
    if (conversation.hasEnded) return;
    conversation.hasEnded = true;
    remove(conversation);
    ended.set(conversation.key, true);
    metrics.callsEnded.inc({ reason });
    for (const turn of conversation.openTurns) turn.conversationEnded(fate);
    conversation.ear?.close();
    observe(conversation, { type: 'call-ended', reason });
    const { figures, turns, startedAtMs } = conversation;
    // A literal with fields behind a spread is built a hundred times as slowly as these.
    const story = Object.assign(
      storyOf(conversation),
      { reason, outcome: figures.outcomeOf(reason), turns },
      figures.toFields(),
      { durationMs: clock.now() - startedAtMs },
    );
    logEvent(logger, 'call.ended', story);
    if (conversation.bot.end === undefined) return;
    runInBackground(
      () => conversation.bot.end?.(conversation.call, reason),
      (error) =>
        logEvent(logger, 'bot.failed', { ...storyOf(conversation), ...describeError(error) }),
    );
  };

  let isSweeping = false;
  /** Gives up whoever is idle, in slices, for thousands that have gone away together are more than the others should wait for. */
  const sweep = async (): Promise<void> => {
    if (isSweeping) return;
    isSweeping = true;
    const idleSinceMs = clock.now() - options.idleTimeoutMs;
    let looks = 0;
    try {
      for (const conversation of conversations.values()) {
        // An open RPC alone does not keep it: behind a balancer one may stay open when its client is gone.
        const isIdle =
          conversation.answering === undefined && conversation.lastSeenMs <= idleSinceMs;
        if (isIdle) end(conversation, 'idle');
        looks += isIdle ? LOOKS_OF_AN_END : 1;
        if (looks < LOOKS_AT_ONCE) continue;
        looks = 0;
        await letOthersRun();
      }
    } finally {
      isSweeping = false;
    }
  };
  const reaper = every(clock, Math.max(options.idleTimeoutMs / 10, MIN_SWEEP_MS), () =>
    runInBackground(sweep, (error) => logEvent(logger, 'process.fault', describeError(error))),
  );

  return {
    agentOf: (principal, message) =>
      conversations.get(keyOf(principal, message))?.agent ??
      deps.catalogue().find(principal.organisationId, message.agentId),
    enter(principal, message) {
      const key = keyOf(principal, message);
      const known = conversations.get(key);
      if (known !== undefined) {
        if (message.agentId !== '' && message.agentId !== known.agent.id)
          throw new GatewayError('ERR_CONVERSATION_AGENT_CHANGED', 'the virtual agent changed');
        known.lastSeenMs = clock.now();
        if (known.openTurns.size > 0) metrics.overlaps.inc();
        known.trackingId = message.trackingId ?? known.trackingId;
        return known;
      }
      const { type } = message.input;
      if (type === 'session-end') return undefined;
      if (ended.has(key)) {
        if (type !== 'session-start') return undefined;
        ended.delete(key);
      }
      return open(principal, message, key);
    },
    find: (principal, message) => conversations.get(keyOf(principal, message)),
    restore(principal, message, stored) {
      const agent = deps.catalogue().resolve(principal.organisationId, stored.agentId);
      const conversation = make(
        keyOf(principal, message),
        principal,
        message,
        agent,
        stored,
        stored.startedAtMs,
      );
      applyRecord(conversation, stored);
      takeBack(conversation);
      return conversation;
    },
    takeBack,
    handOver(conversation) {
      if (!remove(conversation)) return;
      // Its noise floor is learnt anew, and a detector is too much for a call that may be gone.
      conversation.ear?.close();
      conversation.ear = undefined;
      observe(conversation, { type: 'call-left' });
    },
    noteEnded: (key) => void ended.set(key, true),
    end,
    revoke(isRevoked) {
      const revoked = [...conversations.values()].filter(({ call }) =>
        isRevoked(call.organisationId),
      );
      for (const conversation of revoked) end(conversation, 'revoked', 'revoked');
      return revoked.length;
    },
    releaseListeners() {
      for (const { openTurns } of conversations.values())
        for (const turn of openTurns) turn.release();
    },
    size: () => conversations.size,
    isInUse(agent) {
      for (const conversation of conversations.values())
        if (conversation.agent === agent) return true;
      return false;
    },
    countStreams() {
      const counts: Partial<Record<ReturnType<OpenTurn['state']>, number>> = {};
      for (const { openTurns } of conversations.values())
        for (const turn of openTurns) counts[turn.state()] = (counts[turn.state()] ?? 0) + 1;
      return counts;
    },
    close() {
      reaper.close();
      for (const conversation of conversations.values()) end(conversation, 'shutdown');
    },
  };
}

/** By what the conversation of a message is known, here and to other processes. */
export function keyOf({ organisationId }: Principal, { conversationId }: TurnMessage): string {
  return `${organisationId} ${conversationId}`;
}

function storyOf({ call, agent, trackingId }: Conversation) {
  return {
    trackingId: trackingId || undefined,
    conversation: call.conversationId,
    organisation: call.organisationId,
    agent: agent.id,
    bot: agent.bot.name,
  };
}
