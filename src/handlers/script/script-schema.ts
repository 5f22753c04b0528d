import { z } from 'zod';

import { type JsonObject, isRecord } from '../../core/json.ts';
import { strictObject } from '../strict-object.ts';
import { conditionSchema } from './condition-schema.ts';
import { askSchema, collectSchema, nodeName } from './question-schema.ts';
import {
  byLanguage,
  languageTagSchema,
  listOf,
  mapOf,
  textSchema,
  textsSchema,
} from './text-schema.ts';
import { variableNameSchema } from './value-names.ts';

const bargeIn = z
  .union([z.boolean(), z.enum(['either', 'speech', 'digits', 'none'])], {
    error: 'expected true, false, either, speech, digits or none',
  })
  .optional();

const metadata = z.custom<JsonObject>(isRecord, 'expected a map of names and values').optional();

/** What a variable is set to: a text with placeholders, a number, true or false; null forgets it. */
const values = mapOf(
  variableNameSchema,
  z.union([z.string(), z.number(), z.boolean(), z.null()], {
    error: 'expected a text, a number, true, false or null',
  }),
);

/** Lets metadata carry what was collected in confidence. */
const allowSensitive = z.boolean().optional();

/** `transfer:` and `transfer: true` mean a transfer with nothing more to say about it. */
const ending = z.preprocess(
  (value) => (value === null || value === true ? {} : value),
  strictObject({ name: z.string().optional(), metadata, allowSensitive }),
);

const nodeSchema = strictObject({
  /** WAV files, played before `say`. */
  play: listOf(byLanguage(z.string().min(1))).optional(),
  say: textsSchema.optional(),
  /** Done first, when the call comes to the node. */
  set: values.optional(),
  /** What may cut it short. Default: as the script, or else the agent, says. */
  bargeIn,
  /** Tells the flow something; the call goes on. */
  event: strictObject({ name: z.string().min(1), metadata, allowSensitive }).optional(),
  /** The first that holds is taken, before the way on. */
  branch: listOf(strictObject({ when: conditionSchema, goto: nodeName })).optional(),
  ask: askSchema.optional(),
  collect: collectSchema.optional(),
  goto: nodeName.optional(),
  transfer: ending.optional(),
  hangUp: ending.optional(),
}).refine(
  (node) => WAYS_ON.filter((way) => node[way] !== undefined).length === 1,
  'expected exactly one of ask, collect, goto, transfer, hangUp',
);

const WAYS_ON = ['ask', 'collect', 'goto', 'transfer', 'hangUp'] as const;

/** The form of a script file. What ties its parts together is checked apart, in script-references and script-names. */
export const scriptSchema = strictObject({
  /** The node that a call begins with. */
  start: nodeName,
  bargeIn,
  language: strictObject({
    /** Spoken when no other is asked for. */
    default: languageTagSchema,
    /** Names whose values are tried in order. Default: `call.language`. */
    from: listOf(z.string()).optional(),
  }).optional(),
  /** What variables hold when a call begins. */
  variables: values.optional(),
  /** Give the text of the session with its last response. */
  transcript: z.boolean().optional(),
  /** Give this summary with its last response. */
  summary: textSchema.optional(),
  /** Where custom events of the flow lead from any question. */
  events: mapOf(z.string(), nodeName).optional(),
  nodes: mapOf(nodeName, nodeSchema),
});

/** A script file that fits {@link scriptSchema}. */
export type ScriptSource = z.output<typeof scriptSchema>;

/** A node of it. */
export type NodeSource = ScriptSource['nodes'][string];
