import { z } from 'zod';

import { closestWord } from '../../core/closest-word.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { type JsonObject, type JsonValue, isRecord } from '../../core/json.ts';
import type { Reply } from '../define-bot.ts';
import {
  digitSettingsShape,
  inputModeSchema,
  speechTimersShape,
} from '../listen-settings-schema.ts';
import { findProblems } from '../strict-object.ts';

/** What a webhook answers: the reply of a hook without ready sound, and its notes for the next message. */
export interface WebhookReply extends Omit<Reply, 'audio'> {
  readonly state?: JsonValue;
}

/** Most of `state`, in characters of JSON: it is kept for each call. */
const MAX_STATE_LENGTH = 16 * 1024;

const metadata = z.custom<JsonObject>(isRecord, 'expected an object').optional();
const ending = z
  .union([z.literal(true), replyObject({ name: z.string().optional(), metadata })], {
    error: 'expected true, or an object with name and metadata',
  })
  .optional();

const replySchema = replyObject({
  say: z.string().min(1).optional(),
  bargeIn: z.boolean().optional(),
  listen: inputModeSchema.optional(),
  digits: replyObject(digitSettingsShape).optional(),
  speech: replyObject(speechTimersShape).optional(),
  sensitive: z.boolean().optional(),
  event: replyObject({ name: z.string().min(1), metadata }).optional(),
  transfer: ending,
  end: ending,
  state: z
    .unknown()
    .refine(
      (state) => JSON.stringify(state).length <= MAX_STATE_LENGTH,
      `larger than ${MAX_STATE_LENGTH} characters of JSON`,
    )
    .optional(),
}).refine(
  ({ transfer, end }) => transfer === undefined || end === undefined,
  'expected transfer or end, not both',
);

/**
 * Reads the answer of a webhook. No answer at all is an empty reply: the gateway listens on.
 *
 * @throws {GatewayError} `ERR_HANDLER_FAILED` with every problem and its path, and nothing of what was in the answer.
 */
export function parseReply(body: string): WebhookReply {
  if (body === '') return {};
  const value = parseJson(body);
  const problems = findProblems(replySchema, value);
  if (problems.length > 0)
    throw new GatewayError(
      'ERR_HANDLER_FAILED',
      `the webhook's answer is not a reply: ${problems.join('; ')}`,
    );
  // What came out of JSON and fits the schema has no property that is undefined, which the type of zod cannot say.
  return value as WebhookReply;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // The error of JSON.parse quotes the answer, so it is dropped.
    throw new GatewayError('ERR_HANDLER_FAILED', "the webhook's answer is not JSON");
  }
}

/** Like `strictObject`, but an unknown key is not repeated: it is part of an answer, which may quote the caller. */
function replyObject<S extends z.ZodRawShape>(shape: S): z.ZodObject<S, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined;
      const closest = issue.keys.flatMap((key) => closestWord(key, Object.keys(shape)) ?? []);
      const hint = closest.map((key) => `"${key}"`).join(', ');
      return closest.length === 0 ? 'unknown key' : `unknown key; did you mean ${hint}?`;
    },
  });
}
