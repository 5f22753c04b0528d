import { z } from 'zod';

import { isLoopback } from '../http/http-options.ts';
import { strictObject } from '../strict-object.ts';
import { sharedParameters } from '../vendor/call-parameters.ts';

/** A Lambda function may take this long by default; a caller hears nothing in the meantime. */
const DEFAULT_ANSWER_TIMEOUT_SECONDS = 10;

const closing = z.enum(['end', 'transfer', 'listen']);

/** Options of the bot `lex-v2`. */
export const lexOptionsSchema = strictObject({
  /** The bot's id, ten letters and digits. */
  botId: z.string().regex(/^[0-9A-Za-z]{10}$/u, 'expected ten letters and digits'),
  /** The alias that callers talk to; `TSTALIASID` is the draft, for trials only. */
  botAliasId: z
    .string()
    .regex(/^[0-9A-Za-z]{10}$/u, 'expected ten letters and digits, or TSTALIASID'),
  /** The bot's language where `locales` has none for the call. */
  localeId: z.string().min(1).default('en_US'),
  /** The bot's language for each language of calls. */
  locales: z.record(z.string(), z.string().min(1)).default({}),
  /** AWS region; absent: as the SDK finds it. */
  region: z.string().min(1).optional(),
  /** Another address of the service, such as a VPC endpoint. */
  endpoint: z
    .string()
    .refine(isSafeEndpoint, 'expected an https URL; http only on loopback')
    .optional(),
  /** Who speaks the answers. */
  voice: z.enum(['lex', 'gateway']).default('lex'),
  /** Rate of the sound that Lex answers with, in hertz. */
  voiceSampleRateHz: z.union([z.literal(16_000), z.literal(8000)]).default(16_000),
  /** The intent that a call begins with: its first prompt is the greeting. */
  welcomeIntent: z.string().min(1).optional(),
  /** What is said when a call begins, before Lex asks for an intent. */
  welcomeText: z.string().min(1).max(1024).optional(),
  /** Session attributes of every call. */
  sessionAttributes: z.record(z.string(), z.string()).default({}),
  /** Which parameters of the call become session attributes. */
  parameters: sharedParameters,
  /** Intents that hand the call to a human when they close, and the name of the transfer. */
  transferIntents: z.record(z.string(), z.string()).default({}),
  /** What happens when the dialogue of any other intent closes. */
  onClose: closing.default('end'),
  /** What happens when an intent fails. */
  onFailed: closing.default('transfer'),
  /** What silence of the caller is: silence for Lex, or a reason to give up. */
  noInput: z.enum(['reprompt', 'give-up']).default('reprompt'),
  /** The key that tells Lex that no more will follow; empty: none is sent. */
  dtmfEndKey: z
    .string()
    .regex(/^[0-9A-D*#]?$/u, 'expected one key: 0-9, A-D, "*" or "#"')
    .default('#'),
  /** Longest wait for the next part of an answer, from the end of the caller's input, in seconds. */
  answerTimeoutSeconds: z.number().min(0.5).max(60).default(DEFAULT_ANSWER_TIMEOUT_SECONDS),
}).refine(
  ({ welcomeIntent, welcomeText }) => welcomeIntent === undefined || welcomeText === undefined,
  'expected welcomeIntent or welcomeText, not both',
);

/** Options of the bot `lex-v2`, complete. */
export type LexOptions = z.output<typeof lexOptionsSchema>;

function isSafeEndpoint(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}
