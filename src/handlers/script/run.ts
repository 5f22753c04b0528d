import type { Scope } from './compile-prompts.ts';
import type { Script } from './compile-script.ts';
import { type Heard, type LookupSources, type ScriptCall, createLookup } from './lookup.ts';
import { NO_VALUES, type Scalar, type ScriptState, type Values } from './script-state.ts';
import type { Lookup } from './template.ts';

/**
 * An answer that is being worked out: what is remembered changes on the way, by copies, since the notes of the call stay as
 * they are until the answer is known. A class, since there is one for each turn.
 */
export class Run implements Scope, LookupSources {
  readonly script: Script;
  readonly call: ScriptCall;
  readonly heard: Heard;
  node: string;
  attempts: number;
  pending: string | undefined;
  variables: Values;
  sensitive: Values;
  #lookup: Lookup | undefined;
  #language: string | undefined;

  constructor(script: Script, call: ScriptCall, before: ScriptState | undefined, heard: Heard) {
    this.script = script;
    this.call = call;
    this.heard = heard;
    this.node = before?.node ?? script.start;
    this.attempts = before?.attempts ?? 0;
    this.pending = before?.pending;
    this.variables = NO_VALUES;
    this.sensitive = NO_VALUES;
    if (before === undefined) return;
    const { sensitive } = script;
    // An older script may have kept as a plain variable what this one holds in confidence.
    this.variables = pick(before.variables, (name) => !sensitive.has(name));
    this.sensitive = pick(before.sensitive, (name) => sensitive.get(name)?.isUsed === true);
  }

  /** How texts are filled in from now on. */
  get lookup(): Lookup {
    return (this.#lookup ??= createLookup(this));
  }

  get language(): string {
    return (this.#language ??= this.script.languages.choose(this.lookup));
  }

  /** Sets a variable or, with `undefined`, forgets it. */
  remember(name: string, value: Scalar | undefined, isConfidential = false): void {
    if (isConfidential) this.sensitive = change(this.sensitive, name, value);
    else this.variables = change(this.variables, name, value);
    this.#language = undefined;
  }
}

function change(values: Values, name: string, value: Scalar | undefined): Values {
  if (value !== undefined) return { ...values, [name]: value };
  return Object.hasOwn(values, name) ? pick(values, (other) => other !== name) : values;
}

function pick(values: Values, isWanted: (name: string) => boolean): Values {
  if (values === NO_VALUES || Object.keys(values).every(isWanted)) return values;
  return Object.fromEntries(Object.entries(values).filter(([name]) => isWanted(name)));
}
