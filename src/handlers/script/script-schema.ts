import { z } from 'zod';

import { type JsonObject, isRecord } from '../../core/json.ts';
import { strictObject } from '../strict-object.ts';

const MAX_TIMER_MS = 86_400_000;

const nodeName = z.string().min(1);
const timerMs = z.int().min(0).max(MAX_TIMER_MS).optional();
const metadata = z.custom<JsonObject>(isRecord, 'expected a map of names and values').optional();

/** One value or a list of them. */
function listOf(item: z.ZodString) {
  return z.preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(item).min(1));
}

/** `transfer:` and `transfer: true` mean a transfer with nothing more to say about it. */
function ending(shape: {
  readonly name: z.ZodOptional<z.ZodString>;
  readonly metadata: typeof metadata;
}) {
  return z.preprocess(
    (value) => (value === null || value === true ? {} : value),
    strictObject(shape),
  );
}

const askSchema = strictObject({
  /** Default: what the branches below need. */
  listen: z.enum(['voice', 'digits', 'voice-and-digits']).optional(),
  /** Where keys lead: the exact digits, or `any` for all others. */
  digits: z
    .record(z.string().regex(/^([0-9A-D*#]{1,64}|any)$/u, 'expected digits or "any"'), nodeName)
    .optional(),
  /** Fewest digits that `any` takes. Default 1. */
  minLength: z.int().min(1).max(64).optional(),
  /** Most digits. Default without `any`: the longest of `digits`. */
  maxLength: z.int().min(1).max(64).optional(),
  terminator: z
    .string()
    .regex(/^[0-9A-D*#]$/u, 'expected one key: 0-9, A-D, "*" or "#"')
    .optional(),
  interDigitTimeoutMs: timerMs,
  /** Where speech leads, whatever was said. */
  speech: nodeName.optional(),
  noInputTimeoutMs: timerMs,
  completeTimeoutMs: timerMs,
  incompleteTimeoutMs: timerMs,
  maxSpeechMs: timerMs,
  /** What the caller enters or says is confidential. */
  sensitive: z.boolean().optional(),
  /** Where custom events of the flow lead, before those of the whole script. */
  events: z.record(z.string(), nodeName).optional(),
  /** How often the question is put again. Default 2. */
  retries: z.int().min(0).max(10).optional(),
  /** Said before the question is put again: nothing came, or nothing that leads anywhere. */
  noInput: z.string().min(1).optional(),
  noMatch: z.string().min(1).optional(),
  /** Where it goes on when the retries are used up. Default: the flow is told that the caller was not understood. */
  otherwise: nodeName.optional(),
});

const nodeSchema = strictObject({
  /** WAV files, played before `say`. */
  play: listOf(z.string().min(1)).optional(),
  say: listOf(z.string().min(1)).optional(),
  /** Whether the caller may speak over it. Default: as the script, or else the agent, says. */
  bargeIn: z.boolean().optional(),
  /** Tells the flow something; the call goes on. */
  event: strictObject({ name: z.string().min(1), metadata }).optional(),
  ask: askSchema.optional(),
  goto: nodeName.optional(),
  transfer: ending({ name: z.string().optional(), metadata }).optional(),
  hangUp: ending({ name: z.string().optional(), metadata }).optional(),
}).refine(
  (node) => WAYS_ON.filter((way) => node[way] !== undefined).length === 1,
  'expected exactly one of ask, goto, transfer, hangUp',
);

const WAYS_ON = ['ask', 'goto', 'transfer', 'hangUp'] as const;

/** The form of a script file. References between nodes are checked apart, in script-references. */
export const scriptSchema = strictObject({
  /** The node that a call begins with. */
  start: nodeName,
  bargeIn: z.boolean().optional(),
  /** Where custom events of the flow lead from any question. */
  events: z.record(z.string(), nodeName).optional(),
  nodes: z.record(nodeName, nodeSchema),
});

/** A script file that fits {@link scriptSchema}. */
export type ScriptSource = z.output<typeof scriptSchema>;

/** A node of it. */
export type NodeSource = ScriptSource['nodes'][string];

/** The question of a node. */
export type AskSource = z.output<typeof askSchema>;
