import { z } from 'zod';

import { closestWord } from '../core/closest-word.ts';
import { GatewayError } from '../core/gateway-error.ts';

/** A zod object that refuses a key it does not know, and names the nearest one that it does. */
export function strictObject<S extends z.ZodRawShape>(shape: S): z.ZodObject<S, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => describeUnknown('key', key, Object.keys(shape))).join('; ')
        : undefined,
  });
}

/** Says that `name` is not known, and which of `known` is nearest. */
export function describeUnknown(what: string, name: string, known: Iterable<string>): string {
  const closest = closestWord(name, known);
  return `unknown ${what} "${name}"${closest === undefined ? '' : `; did you mean "${closest}"?`}`;
}

/** Every problem of `value`, as `path: what is wrong`; none when it fits. */
export function findProblems(schema: z.ZodType, value: unknown): readonly string[] {
  return schema.safeParse(value).error?.issues.map(describeIssue) ?? [];
}

/**
 * Reads the options of a bot.
 *
 * @throws {GatewayError} `ERR_HANDLER_LOAD` with every problem and its path.
 */
export function parseBotOptions<T>(schema: z.ZodType<T>, options: unknown, bot: string): T {
  const result = schema.safeParse(options ?? {});
  if (result.success) return result.data;
  throw problemsError(`options of bot ${bot}`, result.error.issues.map(describeIssue));
}

/** One error for all problems of one thing; `detail.problems` lists them. */
export function problemsError(of: string, problems: readonly string[]): GatewayError {
  return new GatewayError('ERR_HANDLER_LOAD', `${of}: ${problems.join('\n  ')}`, {
    detail: { problems },
  });
}

function describeIssue({ path, message }: z.core.$ZodIssue): string {
  return path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`;
}
