import { closestWord } from '../core/closest-word.ts';
import type { z } from 'zod';

import { knownKeysAt } from './config-keys.ts';
import { type ConfigProblem, formatPath, type SettingPath } from './config-problem.ts';
import { configSchema } from './config-schema.ts';

/** The file's settings with every default filled in, still named as in the file. */
export type ConfigSettings = z.output<typeof configSchema>;

type Issue = z.core.$ZodIssue;

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

/** Checks each setting by itself. The settings are there when there is no problem. */
export function checkSchema(value: unknown): {
  readonly settings: ConfigSettings | undefined;
  readonly problems: readonly ConfigProblem[];
} {
  const result = configSchema.safeParse(value, { error: describeIssue });
  return {
    settings: result.data,
    problems: result.error?.issues.flatMap((issue) => toProblems(issue, [])) ?? [],
  };
}

function toProblems(issue: Issue, parent: SettingPath): readonly ConfigProblem[] {
  const path = [...parent, ...issue.path];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], message: describeUnknown(key, path) }));
  // Of a choice, the branch that the file got into: there the fault lies deeper than the choice itself.
  const entered =
    issue.code === 'invalid_union'
      ? issue.errors.find((branch) => branch.some((inner) => inner.path.length > 0))
      : undefined;
  if (entered !== undefined) return entered.flatMap((inner) => toProblems(inner, path));
  return [{ path, message: issue.message }];
}

function describeUnknown(key: string, path: SettingPath): string {
  const pattern = formatPath(path).replaceAll(/\[\d+\]/gu, '[]');
  const known = knownKeysAt(pattern);
  const nearest = closestWord(key, known);
  return nearest === undefined
    ? `is an unknown key; known here: ${known.join(', ')}`
    : `is an unknown key; did you mean ${nearest}?`;
}

/** Says what is wrong without quoting the value, which may be a secret. */
function describeIssue(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type': {
      if (issue.input === undefined) return 'is required';
      const empty = issue.input === null ? ', and is empty' : '';
      return `must be ${TYPE_NAMES[issue.expected] ?? issue.expected}${empty}`;
    }
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}`;
    case 'too_small':
      if (issue.origin === 'number' || issue.origin === 'int')
        return `must be at least ${issue.minimum}`;
      return 'must not be empty';
    case 'too_big':
      if (issue.origin === 'string') return `must have at most ${issue.maximum} characters`;
      if (issue.origin === 'array') return `must have at most ${issue.maximum} entries`;
      return `must be at most ${issue.maximum}`;
    default:
      return undefined;
  }
}
