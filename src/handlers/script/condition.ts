import type { JsonValue } from '../../core/json.ts';
import type { ConditionSource, Operand } from './condition-schema.ts';
import { createPatternTest } from './safe-pattern.ts';
import { type Lookup, compileValue, toText } from './template.ts';

/** Whether a condition holds. */
export type Condition = (lookup: Lookup) => boolean;

type Test = (value: JsonValue | undefined, lookup: Lookup) => boolean;

/** Prepares a condition that fits its schema. Values are compared as text, so that 1 equals "1". */
export function compileCondition(source: ConditionSource): Condition {
  if (source.all !== undefined) {
    const all = source.all.map(compileCondition);
    return (lookup) => all.every((holds) => holds(lookup));
  }
  if (source.any !== undefined) {
    const any = source.any.map(compileCondition);
    return (lookup) => any.some((holds) => holds(lookup));
  }
  if (source.not !== undefined) {
    const holds = compileCondition(source.not);
    return (lookup) => !holds(lookup);
  }
  const { variable = '' } = source;
  const tests = compileTests(source);
  return (lookup) => {
    const value = lookup(variable);
    return tests.every((test) => test(value, lookup));
  };
}

function compileTests(source: ConditionSource): readonly Test[] {
  const { equals, in: oneOf, matches, exists } = source;
  const tests: Test[] = [];
  if (equals !== undefined) tests.push(isEqual(equals));
  if (oneOf !== undefined) {
    const options = oneOf.map(isEqual);
    tests.push((value, lookup) => options.some((holds) => holds(value, lookup)));
  }
  if (matches !== undefined) {
    const isFound = createPatternTest(matches);
    tests.push((value) => {
      const text = toText(value);
      return text !== undefined && isFound(text);
    });
  }
  if (exists !== undefined) tests.push((value) => hasValue(value) === exists);
  const compare = (
    operand: string | number | undefined,
    holds: (value: number, limit: number) => boolean,
  ): void => {
    if (operand === undefined) return;
    const limit = compileOperand(operand);
    // What is no number becomes NaN, which no comparison holds of.
    tests.push((value, lookup) => holds(toNumber(value), toNumber(limit(lookup))));
  };
  compare(source.lessThan, (value, limit) => value < limit);
  compare(source.atMost, (value, limit) => value <= limit);
  compare(source.moreThan, (value, limit) => value > limit);
  compare(source.atLeast, (value, limit) => value >= limit);
  return tests;
}

function isEqual(operand: Operand): Test {
  const other = compileOperand(operand);
  return (value, lookup) => {
    const text = toText(value);
    return text !== undefined && text === toText(other(lookup));
  };
}

function compileOperand(operand: Operand): (lookup: Lookup) => JsonValue | undefined {
  return typeof operand === 'string' ? compileValue(operand) : () => operand;
}

function hasValue(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null && value !== '';
}

function toNumber(value: JsonValue | undefined): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^\s*-?\d+(\.\d+)?\s*$/u.test(value)
    ? Number(value)
    : Number.NaN;
}
