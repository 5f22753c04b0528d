import { z } from 'zod';

import type { AnswerOutcome, CallMoment } from '../conversation/call-observer.ts';
import type { OutputEvent } from '../conversation/turn-output.ts';
import type { BotInput, EndReason } from '../handlers/bot-handler.ts';

/** What the first line of a recording says it is. */
export const RECORDING_FORMAT = 'byova-recording';
/** Counted up whenever a file of the version before cannot be replayed any more. */
export const RECORDING_VERSION = 1;

/** A week: no call is longer, and no timer of one. */
const MAX_MS = 7 * 86_400_000;
/** Twenty minutes of µ-law; an answer has ten at most. */
const MAX_SOUND_BYTES = 9_600_000;
const MAX_COUNT = 1_000_000;

const ms = z.number().min(0).max(MAX_MS);
const count = z.int().min(0).max(MAX_COUNT);
/** µ-law, 8000 Hz, mono: 8 bytes a millisecond. */
const bytes = z.int().min(0).max(MAX_SOUND_BYTES);
const code = z.string().regex(/^[A-Z_]{1,64}$/u);
const eventName = z.string().regex(/^(?:[\w.:-]{0,64}|\(hidden\))$/u);
const pseudonym = z.string().regex(/^[0-9a-f]{1,32}$/u);
const whole = z.int().min(-1_000_000_000).max(1_000_000_000);
const bargeInBy = z.enum(['either', 'speech', 'digits', 'none']);
const bargeIn = z.union([z.boolean(), bargeInBy]).optional();

/** How a caller is listened to: figures and words of ours only. */
export const listenSchema = z.strictObject({
  mode: z.enum(['voice', 'digits', 'voice-and-digits']),
  digits: z
    .strictObject({
      maxLength: whole.optional(),
      terminator: z
        .string()
        .regex(/^[0-9A-D*#]$/u)
        .optional(),
      interDigitTimeoutMs: whole.optional(),
    })
    .optional(),
  speech: z
    .strictObject({
      noInputTimeoutMs: whole.optional(),
      completeTimeoutMs: whole.optional(),
      incompleteTimeoutMs: whole.optional(),
      maxSpeechMs: whole.optional(),
    })
    .optional(),
  sensitive: z.boolean().optional(),
});

const agent = z.strictObject({
  playback: z.enum(['chunk', 'wav']),
  bargeIn: z.strictObject({ by: bargeInBy, protectMs: ms, onsetMs: ms, minSpeechMs: ms }),
  endpointing: z.strictObject({
    onsetMs: ms,
    completeTimeoutMs: ms,
    incompleteTimeoutMs: ms,
    maxSpeechMs: ms,
  }),
  listen: listenSchema,
  inBandDigits: z.boolean(),
  endOfInput: z.enum(['at-silence', 'at-first-audio']),
  hears: z.enum(['utterances', 'streams']).optional(),
  hasRecogniser: z.boolean(),
  apologyBytes: bytes,
  patience: z.strictObject({
    answerTimeoutMs: ms,
    firstAudioTimeoutMs: ms,
    filler: z.strictObject({ bytes, afterMs: ms, times: z.int().min(0).max(1_000) }).optional(),
  }),
  fallback: z.strictObject({
    attempts: count,
    action: z.enum(['transfer', 'end', 'listen']),
    farewellBytes: bytes,
  }),
});

/** The first line of a recording. */
export const headerSchema = z.strictObject({
  format: z.literal(RECORDING_FORMAT),
  version: z.literal(RECORDING_VERSION),
  /** Version of the package that recorded. */
  build: z.string().regex(/^[\w.+-]{1,64}$/u),
  startedAt: z.iso.datetime(),
  call: pseudonym,
  organisation: pseudonym,
  /** The settings that decide what happens. */
  agent,
});

const MOMENTS = [
  'call-started',
  'call-ended',
  'speech-started',
  'speech-ended',
  'recognised',
  'interrupted',
  'asked',
  'input-complete',
  'bot-answered',
  'first-audio',
  'filler',
  'bot-failed',
  'answer-ended',
] as const satisfies readonly CallMoment['type'][];
const INPUTS = [
  'start',
  'digits',
  'speech',
  'speech-stream',
  'no-input',
  'custom-event',
] as const satisfies readonly BotInput['type'][];
const OUTCOMES = [
  'answered',
  'resumed',
  'interrupted',
  'withdrawn',
  'cancelled',
  'ended',
  'revoked',
  'timed-out',
  'failed',
] as const satisfies readonly AnswerOutcome[];
const REASONS = [
  'caller',
  'bot',
  'transfer',
  'idle',
  'shutdown',
  'revoked',
  'error',
] as const satisfies readonly EndReason[];
const EVENTS = [
  'session-end',
  'transfer-to-agent',
  'custom-event',
  'start-of-input',
  'end-of-input',
  'no-match',
  'no-input',
] as const satisfies readonly OutputEvent['type'][];

const moment = z.strictObject({
  type: z.enum(MOMENTS),
  turn: count.optional(),
  input: z.enum(INPUTS).optional(),
  outcome: z.enum([...OUTCOMES, 'text', 'empty']).optional(),
  reason: z.enum(REASONS).optional(),
  by: z.enum(['speech', 'digits']).optional(),
  kind: code.optional(),
  afterMs: ms.optional(),
  durationMs: ms.optional(),
  /** Absent as well when the input was confidential. */
  speechMs: ms.optional(),
  heardMs: ms.optional(),
  silencedAfterMs: ms.optional(),
});

const deed = z.discriminatedUnion('kind', [
  /** How long it sounds is in a `sound` line; `isBad`: what was to be said is no text. */
  z.strictObject({ kind: z.literal('say'), bargeIn, isBad: z.literal(true).optional() }),
  z.strictObject({ kind: z.literal('audio'), bytes, bargeIn, isBad: z.literal(true).optional() }),
  z.strictObject({ kind: z.literal('listen'), settings: listenSchema }),
  z.strictObject({ kind: z.literal('custom-event'), name: eventName }),
  z.strictObject({ kind: z.literal('transfer'), name: eventName }),
  z.strictObject({ kind: z.literal('end'), name: eventName }),
  z.strictObject({ kind: z.literal('give-up'), reason: z.enum(['no-match', 'no-input']) }),
  z.strictObject({ kind: z.literal('transcript') }),
  /** Something that no bot may give back. */
  z.strictObject({ kind: z.literal('wrong') }),
  z.strictObject({ kind: z.literal('done') }),
  z.strictObject({ kind: z.literal('threw'), code: code.optional() }),
]);

const at = { at: ms };
const ofRpc = { at: ms, rpc: count };

/** Every line after the first; `at` counts milliseconds from the start of the call. */
export const entrySchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('rpc'), ...ofRpc, allowPartial: z.boolean() }),
  z.strictObject({
    type: z.literal('in'),
    ...ofRpc,
    input: z.enum([
      'digits',
      'session-start',
      'session-end',
      'no-input',
      'start-of-digits',
      'custom-event',
      'ignored',
    ]),
    /** Every figure the same; absent: they are nobody's business, not even how many they were. */
    digits: z
      .string()
      .regex(/^[0-9A-D*#]{0,256}$/u)
      .optional(),
    /** What in the message was not what it was in the call's first one. */
    odd: z.enum(['conversation', 'organisation', 'agent']).optional(),
  }),
  z.strictObject({ type: z.literal('audio'), ...ofRpc, packets: z.string().max(65_536) }),
  z.strictObject({ type: z.literal('half-close'), ...ofRpc }),
  z.strictObject({ type: z.literal('closed'), ...ofRpc }),
  z.strictObject({
    type: z.literal('out'),
    ...ofRpc,
    kind: z.enum(['final', 'partial', 'chunk']),
    prompts: z.array(z.strictObject({ bytes, bargeIn: z.boolean() })).max(50_000),
    event: z.enum(EVENTS).optional(),
    name: eventName.optional(),
    listen: listenSchema.optional(),
    /** A transcript or a summary went with it. */
    hasTexts: z.literal(true).optional(),
    /** The writer had no room for more. */
    isFull: z.literal(true).optional(),
  }),
  z.strictObject({ type: z.literal('end'), ...ofRpc, code: z.union([z.literal('OK'), code]) }),
  /** The writer had room again, so long after it was waited for. */
  z.strictObject({ type: z.literal('room'), ...ofRpc, tookMs: ms }),
  z.strictObject({ type: z.literal('moment'), ...at, moment }),
  /** What the bot did, `tookMs` after it was asked for the next thing. */
  z.strictObject({ type: z.literal('bot'), ...at, turn: count, tookMs: ms, deed }),
  /** How long the `index`th thing said in a turn sounds; without `bytes`: it could not be spoken. */
  z.strictObject({
    type: z.literal('sound'),
    ...at,
    turn: count,
    index: count,
    tookMs: ms,
    bytes: bytes.optional(),
  }),
  /** Here the recording ends and the call goes on. */
  z.strictObject({ type: z.literal('truncated'), ...at }),
]);

/** The first line of a recording, checked. */
export type RecordingHeader = Readonly<z.infer<typeof headerSchema>>;
/** A line of a recording, checked. */
export type RecordingEntry = Readonly<z.infer<typeof entrySchema>>;
/** A line of a certain type. */
export type EntryOf<Type extends RecordingEntry['type']> = Extract<
  RecordingEntry,
  { readonly type: Type }
>;
/** How the caller is listened to, without what is no setting. */
export type RecordedListen = Readonly<z.infer<typeof listenSchema>>;
/** What a bot did. */
export type Deed = Readonly<z.infer<typeof deed>>;
/** A moment of a call. */
export type RecordedMoment = Readonly<z.infer<typeof moment>>;

/** A recording that was read. */
export interface Recording {
  readonly header: RecordingHeader;
  readonly entries: readonly RecordingEntry[];
}
