import { z } from 'zod';

import { strictObject } from '../../handlers/strict-object.ts';
import { secretSchema, socketOptionsShape, socketUrlSchema } from './recogniser-options.ts';

/**
 * What may be asked of Deepgram besides: how the text is written, and how the use is billed. Nothing that changes the sound,
 * or sends the text elsewhere.
 */
const PARAMETERS = [
  'dictation',
  'filler_words',
  'keywords',
  'measurements',
  'numerals',
  'profanity_filter',
  'punctuate',
  'redact',
  'replace',
  'smart_format',
  'tag',
  'version',
] as const;

const parameter = z.union([z.string().max(200), z.number(), z.boolean()]);

/** Options of the recogniser `deepgram`. */
export const deepgramOptionsSchema = strictObject({
  /** Key of the project. */
  apiKey: secretSchema,
  /** Another region, or a server of one's own. */
  url: socketUrlSchema.default('wss://api.deepgram.com/v1/listen'),
  model: z
    .string()
    .regex(/^[\w.-]{1,64}$/u, 'expected the name of a model')
    .default('nova-3'),
  /** Language of every caller, or `multi`. Default: that of the call, or the model's. */
  language: z
    .string()
    .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}$/u, 'expected a language such as en-US')
    .optional(),
  /** Words that callers are likely to say; for models that know `keyterm`. */
  keyterms: z.array(z.string().min(1).max(100)).max(100).default([]),
  /** Further parameters of the query. */
  parameters: z
    .partialRecord(z.enum(PARAMETERS), z.union([parameter, z.array(parameter).max(100)]))
    .default({}),
  /** Lets Deepgram keep what it hears, to improve its models; never what is confidential. */
  allowTraining: z.boolean().default(false),
  /** Confidential utterances: sent, with the wish that nothing is kept, or never sent. */
  sensitive: z.enum(['send', 'skip']).default('send'),
  ...socketOptionsShape,
});

/** {@link deepgramOptionsSchema} as it is read. */
export type DeepgramOptions = z.output<typeof deepgramOptionsSchema>;
