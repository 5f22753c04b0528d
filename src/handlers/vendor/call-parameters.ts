import { createHash } from 'node:crypto';

import { z } from 'zod';

import type { JsonObject } from '../../core/json.ts';
import type { BotCall } from '../bot-handler.ts';

/** Fits every vendor, the shortest limit being 36 characters. */
const SESSION_ID_LENGTH = 32;

/** Which parameters of the call a vendor is told. */
export const sharedParameters = z
  .union([z.literal('all'), z.array(z.string().min(1))], {
    error: 'expected "all", or a list of names',
  })
  .default('all');

/** Picks what may leave the gateway from the parameters that the flow gave the call. */
export function pickParameters(
  parameters: JsonObject,
  shared: z.infer<typeof sharedParameters>,
): JsonObject {
  if (shared === 'all') return parameters;
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => shared.includes(name)));
}

/**
 * Names a call towards a vendor: 32 hexadecimal digits, always the same for a call, whichever process asks, and different
 * for calls of two organisations that happen to have one id.
 */
export function toSessionId({ organisationId, conversationId }: BotCall): string {
  return createHash('sha256')
    .update(`${organisationId}/${conversationId}`)
    .digest('hex')
    .slice(0, SESSION_ID_LENGTH);
}

/** The vendor's word for a language of calls, where the options have one; a name that every object has is none. */
export function translateLanguage(
  language: string,
  words: Readonly<Record<string, string>>,
): string | undefined {
  return Object.hasOwn(words, language) ? words[language] : undefined;
}
