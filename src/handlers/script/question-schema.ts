import { z } from 'zod';

import {
  digitSettingsShape,
  inputModeSchema,
  speechTimersShape,
} from '../listen-settings-schema.ts';
import { strictObject } from '../strict-object.ts';
import { conditionSchema, patternSchema } from './condition-schema.ts';
import { byLanguage, listOf, mapOf, textSchema, textsSchema } from './text-schema.ts';
import { variableNameSchema } from './value-names.ts';

/** The name of a node. */
export const nodeName = z.string().min(1);

const keys = z.string().regex(/^[0-9A-D*#]{1,64}$/u, 'expected digits');
const count = z.int().min(1).max(64).optional();

/** What every question may have. */
const questionShape = {
  /** Default: what the branches need. */
  listen: inputModeSchema.optional(),
  ...digitSettingsShape,
  /** Fewest digits that `any` or `collect` takes. Default 1. */
  minLength: count,
  /** Where words lead: the node, and the phrases that a recogniser may find. */
  hears: mapOf(nodeName, byLanguage(listOf(z.string().min(1)))).optional(),
  /** Where other speech leads, whatever was said. */
  speech: nodeName.optional(),
  ...speechTimersShape,
  /** What the caller enters or says is confidential. */
  sensitive: z.boolean().optional(),
  /** Where custom events of the flow lead, before those of the whole script. */
  events: mapOf(z.string(), nodeName).optional(),
  /** How often the question is put again. Default 2. */
  retries: z.int().min(0).max(10).optional(),
  /** Said before the question is put again, the nth for the nth time: nothing came, or nothing that leads anywhere. */
  noInput: textsSchema.optional(),
  noMatch: textsSchema.optional(),
  /** Whether the prompts of the node follow these. Default `true`. */
  repeat: z.boolean().optional(),
  /** Where it goes on when the retries are used up. Default: the flow is told that the caller was not understood. */
  otherwise: nodeName.optional(),
};

/** The form of `ask`: the answer chooses where to go. */
export const askSchema = strictObject({
  /** Where keys lead: the exact digits, or `any` for all others. */
  digits: mapOf(
    z.string().regex(/^([0-9A-D*#]{1,64}|any)$/u, 'expected digits or "any"'),
    nodeName,
  ).optional(),
  ...questionShape,
});

/** The form of `collect`: the answer is a value. */
export const collectSchema = strictObject({
  into: variableNameSchema,
  goto: nodeName,
  /** As many digits, no more and no fewer. */
  length: count,
  pattern: patternSchema.optional(),
  check: z.enum(['luhn']).optional(),
  /** What else must hold of it; here `digits` is what was entered. */
  when: conditionSchema.optional(),
  /** Keys that lead elsewhere instead. */
  digits: mapOf(keys, nodeName).optional(),
  /** Has the caller confirm what was entered. */
  confirm: strictObject({
    say: listOf(textSchema),
    /** The key that takes it. Default `1`. */
    yes: keys.optional(),
    /** The key that asks anew. Default `2`. */
    no: keys.optional(),
  }).optional(),
  ...questionShape,
}).refine(
  ({ length, minLength, maxLength }) =>
    length === undefined || (minLength === undefined && maxLength === undefined),
  'expected length, or minLength and maxLength, not both',
);

/** The question of a node that leads where its answer says. */
export type AskSource = z.output<typeof askSchema>;

/** The question of a node that keeps its answer. */
export type CollectSource = z.output<typeof collectSchema>;
