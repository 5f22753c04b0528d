import { z } from 'zod';

import { strictObject } from '../strict-object.ts';
import { findPatternProblem } from './safe-pattern.ts';

/** What a value is compared with; a text may hold placeholders. */
export type Operand = string | number | boolean;

/** A condition as an author writes it: exactly one of `all`, `any`, `not`, `variable`. */
export interface ConditionSource {
  readonly all?: readonly ConditionSource[] | undefined;
  readonly any?: readonly ConditionSource[] | undefined;
  readonly not?: ConditionSource | undefined;
  readonly variable?: string | undefined;
  readonly equals?: Operand | undefined;
  readonly in?: readonly Operand[] | undefined;
  readonly matches?: string | undefined;
  readonly exists?: boolean | undefined;
  readonly lessThan?: string | number | undefined;
  readonly atMost?: string | number | undefined;
  readonly moreThan?: string | number | undefined;
  readonly atLeast?: string | number | undefined;
  readonly allowSensitive?: boolean | undefined;
}

/** The tests of a `variable`; those that are given must all hold. */
const TESTS = [
  'equals',
  'in',
  'matches',
  'exists',
  'lessThan',
  'atMost',
  'moreThan',
  'atLeast',
] as const;

const KINDS = ['all', 'any', 'not', 'variable'] as const;

const operand = z.union([z.string(), z.number(), z.boolean()], {
  error: 'expected a text, a number, or true or false',
});
const limit = z.union([z.string(), z.number()], { error: 'expected a number' }).optional();

/** A pattern that can be run on whatever a caller sends. */
export const patternSchema = z.string().superRefine((pattern, context) => {
  const problem = findPatternProblem(pattern);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
});

/** The form of a condition. */
export const conditionSchema: z.ZodType<ConditionSource> = z.lazy(() =>
  strictObject({
    all: z.array(conditionSchema).min(1).optional(),
    any: z.array(conditionSchema).min(1).optional(),
    not: conditionSchema.optional(),
    variable: z.string().optional(),
    equals: operand.optional(),
    in: z.array(operand).min(1).optional(),
    matches: patternSchema.optional(),
    exists: z.boolean().optional(),
    lessThan: limit,
    atMost: limit,
    moreThan: limit,
    atLeast: limit,
    /** Lets this condition read what was collected in confidence. */
    allowSensitive: z.boolean().optional(),
  })
    .refine(
      (source) => KINDS.filter((kind) => source[kind] !== undefined).length === 1,
      'expected exactly one of all, any, not, variable',
    )
    .refine(
      (source) =>
        (source.variable !== undefined) === TESTS.some((test) => source[test] !== undefined),
      `expected variable with at least one of ${TESTS.join(', ')}`,
    ),
);
