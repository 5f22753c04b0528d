import { type Agent, createAgentCatalogue } from '../conversation/agent.ts';
import type { CallObserver } from '../conversation/call-observer.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { createConversationDirectory } from '../conversation/directory.ts';
import type { SpeechRecogniser } from '../conversation/speech-recogniser.ts';
import { silentLogger } from '../core/logger.ts';
import { createVirtualClock, settled } from '../core/virtual-clock.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { decodePackets } from './packets.ts';
import type { EntryOf, Recording, RecordingEntry, RecordingHeader } from './recording-format.ts';
import { redactMoment } from './redact.ts';
import { createReplayedRpcs } from './replayed-rpcs.ts';
import { type ScriptedBot, createScriptedBot, silence } from './scripted-bot.ts';
import { createScriptedEars } from './scripted-ear.ts';
import { createScriptedRecogniser } from './scripted-recogniser.ts';

/** What is watched of a call, recorded or replayed. */
export type WatchedEntry = EntryOf<'out' | 'end' | 'moment'>;

/** Nothing but the recorded inputs ends a call for its silence. */
const IDLE_TIMEOUT_MS = 7 * 86_400_000;
/** How long is waited for what today's build does later than it was done. */
const PATIENCE_MS = 30_000;
/**
 * Plays the caller's side of a recording to the turn engine of this build, on a clock of its own.
 *
 * The caller does what was recorded, whatever the engine does; the bot gives back what was recorded, as soon after it is asked
 * as it did. An RPC that was ended by the engine is left by the caller when the engine ends it now.
 *
 * @returns What the engine did, in order.
 */
export async function replayCall(recording: Recording): Promise<readonly WatchedEntry[]> {
  const { header, entries } = recording;
  const startMs = Date.parse(header.startedAt);
  const clock = createVirtualClock(startMs);
  const watched: WatchedEntry[] = [];
  const now = (): number => clock.now() - startMs;
  let turn = 0;
  let call: Conversation | undefined;
  const observe: CallObserver = (conversation, moment) => {
    call = conversation;
    if (moment.type === 'call-left' || moment.type === 'call-returned') return;
    if (moment.type === 'asked') turn = moment.turn;
    watched.push({ type: 'moment', at: now(), moment: redactMoment(moment, false) });
  };
  const script = createScriptedBot(recording, clock, () => turn);
  const ears = createScriptedEars();
  const metrics = createMetrics();
  const agent = toAgent(header, script, createScriptedRecogniser(entries, clock));
  const catalogue = createAgentCatalogue([agent]);
  const directory = createConversationDirectory(
    {
      maxConversations: 2,
      maxPerOrganisation: 2,
      organisationLimits: {},
      idleTimeoutMs: IDLE_TIMEOUT_MS,
      unknown: 'create',
    },
    { clock, logger: silentLogger, metrics, observe, catalogue: () => catalogue },
  );
  const rpcs = createReplayedRpcs(
    {
      clock,
      logger: silentLogger,
      metrics,
      directory,
      observe,
      synthesiser: script.synthesiser,
      endConversation: directory.end,
      requireOrganisation: true,
      openEar: ears.openEar,
      openConverter: () => {
        throw new TypeError('recorded sound needs no conversion');
      },
    },
    ears,
    entries,
    (entry) => watched.push({ ...entry, at: now() }),
  );
  const at = async (ms: number): Promise<void> => clock.runTo(startMs + ms);
  for (const entry of entries) {
    if (entry.type === 'audio') {
      const packets = decodePackets(entry.at, entry.packets, Infinity) ?? [];
      for (const packet of packets) {
        await at(packet.at);
        rpcs.hear(entry.rpc, packet);
        await settled();
      }
      continue;
    }
    await at(entry.at);
    if (entry.type === 'truncated') return watched;
    if (entry.type === 'moment') {
      // What nobody in the call did.
      const { type, reason } = entry.moment;
      const isOutside = reason === 'idle' || reason === 'shutdown' || reason === 'revoked';
      if (type === 'call-ended' && isOutside && call !== undefined)
        directory.end(call, reason, reason === 'revoked' ? 'revoked' : 'ended');
    } else rpcs.take(entry);
    await settled();
  }
  if (isComplete(recording)) await at((entries.at(-1)?.at ?? 0) + PATIENCE_MS);
  return watched;
}

/** Whether a recording goes to the end of its call. */
export function isComplete({ entries }: Recording): boolean {
  return (
    entries.at(-1)?.type !== 'truncated' &&
    entries.some((entry) => entry.type === 'moment' && entry.moment.type === 'call-ended')
  );
}

/** What was watched when the call was recorded. */
export function watchedOf(entries: readonly RecordingEntry[]): readonly WatchedEntry[] {
  return entries.filter(
    (entry): entry is WatchedEntry =>
      entry.type === 'out' || entry.type === 'end' || entry.type === 'moment',
  );
}

function toAgent(
  { agent }: RecordingHeader,
  { bot }: ScriptedBot,
  recogniser: SpeechRecogniser,
): Agent {
  const { patience, fallback, hasRecogniser } = agent;
  const { filler, answerTimeoutMs, firstAudioTimeoutMs } = patience;
  return {
    id: 'recorded',
    name: 'recorded',
    isDefault: true,
    organisations: 'any',
    attributes: {},
    bot,
    bargeIn: agent.bargeIn,
    recogniser: hasRecogniser ? recogniser : undefined,
    playback: agent.playback,
    // An absent setting and one that is `undefined` are the same to the engine.
    listen: agent.listen as Agent['listen'],
    endpointing: agent.endpointing,
    inBandDigits: agent.inBandDigits,
    endOfInput: agent.endOfInput,
    apology: silence(agent.apologyBytes),
    patience: {
      answerTimeoutMs,
      firstAudioTimeoutMs,
      filler: filler && {
        audio: silence(filler.bytes),
        afterMs: filler.afterMs,
        times: filler.times,
      },
    },
    fallback: {
      attempts: fallback.attempts,
      action: fallback.action,
      farewell: silence(fallback.farewellBytes),
    },
  };
}
