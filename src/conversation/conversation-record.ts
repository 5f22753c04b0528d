import { type JsonObject, isRecord } from '../core/json.ts';
import type { Interruption } from '../handlers/bot-handler.ts';
import type { ListenSettings } from '../handlers/listen-settings.ts';
import type { FigureCounts } from './call-figures.ts';
import type { Conversation } from './conversation.ts';
import type { ConversationRecord } from './conversation-store.ts';
import type { PlaybackTimes } from './playback.ts';

/** Where a conversation stands, as it travels. Sound stays behind: what the caller has not heard of a prompt is not taken up again. */
export interface StoredConversation {
  readonly version: typeof VERSION;
  /** Of the lease under which it was written. */
  readonly epoch: number;
  readonly agentId: string;
  readonly language: string;
  readonly parameters: JsonObject;
  readonly vendorConfig: string;
  readonly state: Record<string, unknown>;
  readonly startedAtMs: number;
  readonly hasStarted: boolean;
  readonly listen: ListenSettings;
  readonly interrupted?: Interruption;
  readonly failures: number;
  readonly turns: number;
  readonly figures: FigureCounts;
  readonly playback: PlaybackTimes;
  readonly transcript?: string;
  readonly summary?: string;
}

const VERSION = 1;
/** Bots keep notes, not recordings. */
const MAX_RECORD_LENGTH = 256 * 1024;

/**
 * Writes down where a conversation stands.
 *
 * @returns `undefined` when that cannot be: `call.state` is not JSON, or the whole is longer than 256 KB.
 */
export function writeRecord(
  conversation: Conversation,
  epoch: number,
): ConversationRecord | undefined {
  const { call, interrupted, transcript, summary } = conversation;
  const stored: StoredConversation = {
    version: VERSION,
    epoch,
    agentId: conversation.agent.id,
    language: call.language,
    parameters: call.parameters,
    vendorConfig: call.vendorConfig,
    state: call.state,
    startedAtMs: conversation.startedAtMs,
    hasStarted: conversation.hasStarted,
    listen: conversation.listen,
    ...(interrupted !== undefined && { interrupted }),
    failures: conversation.failures,
    turns: conversation.turns,
    figures: conversation.figures.toCounts(),
    playback: conversation.playback.times(),
    ...(transcript !== undefined && { transcript }),
    ...(summary !== undefined && { summary }),
  };
  try {
    const record = JSON.stringify(stored);
    return record.length > MAX_RECORD_LENGTH ? undefined : record;
  } catch {
    return undefined;
  }
}

/**
 * Reads what {@link writeRecord} wrote.
 *
 * @returns `undefined` for what another version of the gateway wrote in a way that this one does not know.
 */
export function readRecord(record: ConversationRecord): StoredConversation | undefined {
  const read: unknown = JSON.parse(record);
  // Written by ourselves: whoever else can write to the store decides anyway.
  return isRecord(read) && read['version'] === VERSION
    ? (read as unknown as StoredConversation)
    : undefined;
}

/** Makes a conversation that has just been made stand where another process has left it. */
export function applyRecord(conversation: Conversation, stored: StoredConversation): void {
  conversation.hasStarted = stored.hasStarted;
  conversation.listen = stored.listen;
  conversation.interrupted = stored.interrupted;
  conversation.failures = stored.failures;
  conversation.turns = stored.turns;
  conversation.figures.restore(stored.figures);
  conversation.playback.restore(stored.playback);
  conversation.transcript = stored.transcript;
  conversation.summary = stored.summary;
}
