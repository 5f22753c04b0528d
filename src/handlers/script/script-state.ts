import { isRecord } from '../../core/json.ts';
import { MAX_VALUE_LENGTH } from './template.ts';

/** What a variable can hold. */
export type Scalar = string | number | boolean;

/** What a script remembers of a call, in `call.state`; JSON, so that any replica can go on. */
export interface ScriptState {
  /** The node whose question was put. */
  readonly node: string;
  /** Answers to its question that led nowhere. */
  readonly attempts: number;
  /** Variables, each at most 500 characters; a script has at most 64. */
  readonly variables: Readonly<Record<string, Scalar>>;
  /** Those that were collected in confidence, as far as the script uses them; apart, so that nobody shows them. */
  readonly sensitive: Readonly<Record<string, Scalar>>;
  /** What was entered and is to be confirmed. */
  readonly pending: string | undefined;
  /** What was said so far, a line each. */
  readonly transcript: readonly string[];
}

/** Reads the notes of a call; `undefined` when there are none, or none of a script. */
export function readState(state: Readonly<Record<string, unknown>>): ScriptState | undefined {
  const { node, attempts, pending, transcript } = state;
  if (typeof node !== 'string' || typeof attempts !== 'number') return undefined;
  return {
    node,
    attempts,
    variables: readScalars(state['variables']),
    sensitive: readScalars(state['sensitive']),
    pending: typeof pending === 'string' ? pending : undefined,
    transcript: Array.isArray(transcript)
      ? transcript.filter((line) => typeof line === 'string')
      : [],
  };
}

/** Writes the notes of a call; what is empty is left out. */
export function writeState(state: Record<string, unknown>, next: ScriptState): void {
  for (const [key, value] of Object.entries(next)) {
    if (isEmpty(value)) delete state[key];
    else state[key] = value;
  }
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
  );
}

function readScalars(value: unknown): Readonly<Record<string, Scalar>> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) => {
      const scalar = toScalar(item);
      return scalar === undefined ? [] : [[name, scalar]];
    }),
  );
}

/** A value that a variable can hold, cut to its bound; `undefined` for anything else. */
export function toScalar(value: unknown): Scalar | undefined {
  if (typeof value === 'string') return value.slice(0, MAX_VALUE_LENGTH);
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  return typeof value === 'boolean' ? value : undefined;
}
