import { isRecord } from '../../core/json.ts';
import { MAX_VALUE_LENGTH } from './template.ts';

/** What a variable can hold. */
export type Scalar = string | number | boolean;

/** Variables by name. */
export type Values = Readonly<Record<string, Scalar>>;

/** Variables before anything is set. */
export const NO_VALUES: Values = Object.freeze({});

const NO_LINES: readonly string[] = Object.freeze([]);

/** What a script remembers of a call, in `call.state`; JSON, so that any replica can go on. */
export interface ScriptState {
  /** The node whose question was put. */
  readonly node: string;
  /** Answers to its question that led nowhere. */
  readonly attempts: number;
  /** Variables, each at most 500 characters; a script has at most 64. */
  readonly variables: Values;
  /** Those that were collected in confidence, as far as the script uses them; apart, so that nobody shows them. */
  readonly sensitive: Values;
  /** What was entered and is to be confirmed. */
  readonly pending: string | undefined;
  /** What was said so far, a line each. */
  readonly transcript: readonly string[];
}

/**
 * Reads the notes of a call, as far as they are sound; what is sound is not copied.
 *
 * @returns `undefined` when there are none, or none of a script.
 */
export function readState(state: Readonly<Record<string, unknown>>): ScriptState | undefined {
  const { node, attempts, pending, transcript } = state;
  if (typeof node !== 'string' || typeof attempts !== 'number') return undefined;
  return {
    node,
    attempts,
    variables: readScalars(state['variables']),
    sensitive: readScalars(state['sensitive']),
    pending: typeof pending === 'string' ? pending : undefined,
    transcript: transcript === undefined ? NO_LINES : readLines(transcript),
  };
}

/** Writes the notes of a call; what is empty is left out. */
export function writeState(state: Record<string, unknown>, next: ScriptState): void {
  state['node'] = next.node;
  state['attempts'] = next.attempts;
  put(state, 'variables', next.variables, isEmpty(next.variables));
  put(state, 'sensitive', next.sensitive, isEmpty(next.sensitive));
  put(state, 'transcript', next.transcript, next.transcript.length === 0);
  // Last, since it comes and goes: an object that loses what it got last stays small and quick.
  put(state, 'pending', next.pending, next.pending === undefined);
}

function put(state: Record<string, unknown>, key: string, value: unknown, isEmpty: boolean): void {
  if (!isEmpty) state[key] = value;
  else if (Object.hasOwn(state, key)) delete state[key];
}

function isEmpty(values: Values): boolean {
  return values === NO_VALUES || Object.keys(values).length === 0;
}

function readLines(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return NO_LINES;
  return value.every(isLine) ? value : value.filter(isLine);
}

function isLine(value: unknown): value is string {
  return typeof value === 'string';
}

function readScalars(value: unknown): Values {
  if (!isRecord(value)) return NO_VALUES;
  if (isSound(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) => {
      const scalar = toScalar(item);
      return scalar === undefined ? [] : [[name, scalar]];
    }),
  );
}

function isSound(values: Readonly<Record<string, unknown>>): values is Values {
  return Object.values(values).every((item) => item !== undefined && toScalar(item) === item);
}

/** A value that a variable can hold, cut to its bound; `undefined` for anything else. */
export function toScalar(value: unknown): Scalar | undefined {
  if (typeof value === 'string') return value.slice(0, MAX_VALUE_LENGTH);
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  return typeof value === 'boolean' ? value : undefined;
}
