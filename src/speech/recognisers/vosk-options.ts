import { z } from 'zod';

import { strictObject } from '../../handlers/strict-object.ts';
import { secretSchema, socketOptionsShape, socketUrlSchema } from './recogniser-options.ts';

/** Options of the recogniser `vosk`. */
export const voskOptionsSchema = strictObject({
  /** Where the server is. Its model says which language it understands. */
  url: socketUrlSchema,
  /** Sent as a bearer token, for a proxy in front; the server itself asks for none. */
  token: secretSchema.optional(),
  /** The only words and phrases that are understood; for models with a dynamic vocabulary. */
  phrases: z.array(z.string().min(1).max(200)).max(1000).default([]),
  /** Confidential utterances: sent, or never sent. */
  sensitive: z.enum(['send', 'skip']).default('skip'),
  ...socketOptionsShape,
});

/** {@link voskOptionsSchema} as it is read. */
export type VoskOptions = z.output<typeof voskOptionsSchema>;
