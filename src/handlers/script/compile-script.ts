import {
  type Part,
  type PromptDeps,
  type Scope,
  compileEvent,
  compilePrompts,
} from './compile-prompts.ts';
import { type Question, compileAsk, compileCollect } from './compile-question.ts';
import { type Condition, compileCondition } from './condition.ts';
import { type Languages, createLanguages } from './languages.ts';
import type { NodeSource, ScriptSource } from './script-schema.ts';
import { findUnreachable } from './script-references.ts';
import { NO_VALUES, type Scalar, type Values, toScalar } from './script-state.ts';
import { findSensitive } from './sensitive-names.ts';
import { type Lookup, compileTemplate, compileValue, hasPlaceholders } from './template.ts';
import type { TextSource } from './text-schema.ts';

/** Sets a variable; `undefined` forgets it. */
export interface Setting {
  readonly name: string;
  readonly value: (lookup: Lookup) => Scalar | undefined;
}

/** Where a call goes when a condition holds. */
export interface Branch {
  readonly when: Condition;
  readonly goto: string;
}

/** What happens when a call comes to a node: the settings, the parts, the first branch that holds, or else the way on. */
interface ScriptNode {
  readonly set: readonly Setting[];
  readonly parts: readonly Part[];
  readonly branches: readonly Branch[];
  readonly goto: string | undefined;
  readonly question: Question | undefined;
  readonly ending: Part | undefined;
}

/** A script, ready to run. */
export interface Script {
  readonly start: string;
  readonly nodes: ReadonlyMap<string, ScriptNode>;
  readonly events: ReadonlyMap<string, string>;
  /** What variables are when a call begins: values that all calls share, then settings. */
  readonly constants: Values;
  readonly variables: readonly Setting[];
  /** Variables that are collected in confidence, and whether anything in the script may read them. */
  readonly sensitive: ReadonlyMap<string, { readonly isUsed: boolean }>;
  readonly languages: Languages;
  readonly hasTranscript: boolean;
  readonly summary: ((scope: Scope) => string) | undefined;
  /** Nodes that no call can come to. */
  readonly unreachable: readonly string[];
}

/**
 * Prepares a script whose references and names were checked.
 *
 * @param sounds By file name as written in the script: µ-law, 8000 Hz, mono.
 */
export function compileScript(
  source: ScriptSource,
  sounds: ReadonlyMap<string, Uint8Array>,
): Script {
  const { default: fallback, from } = source.language ?? {};
  const languages = createLanguages({
    ...(fallback !== undefined && { default: fallback }),
    ...(from !== undefined && { from }),
  });
  const deps = { languages, sounds };
  const compile = (node: NodeSource): ScriptNode => compileNode(node, source, deps);
  const isConstant = !Object.values(source.variables ?? {}).some(
    (value) => typeof value === 'string' && hasPlaceholders(value),
  );
  const settings = compileSettings(source.variables);
  return {
    start: source.start,
    nodes: new Map(Object.entries(source.nodes).map(([name, node]) => [name, compile(node)])),
    events: new Map(Object.entries(source.events ?? {})),
    constants: isConstant ? toConstants(settings) : NO_VALUES,
    variables: isConstant ? [] : settings,
    sensitive: findSensitive(source),
    languages,
    hasTranscript: source.transcript ?? false,
    summary: source.summary && compileSummary(source.summary, languages),
    unreachable: findUnreachable(source),
  };
}

function compileNode(node: NodeSource, source: ScriptSource, deps: PromptDeps): ScriptNode {
  const prompts = compilePrompts(node, node.bargeIn ?? source.bargeIn, deps);
  const { ask, collect, transfer, hangUp, event, branch = [] } = node;
  const question = ask && compileAsk(ask, prompts, deps.languages);
  const ending = transfer ? compileEvent('transfer', transfer) : undefined;
  return {
    set: compileSettings(node.set),
    parts: [...(event ? [compileEvent('custom-event', event)] : []), ...prompts],
    branches: branch.map(({ when, goto }) => ({ when: compileCondition(when), goto })),
    goto: node.goto,
    question: question ?? (collect && compileCollect(collect, prompts, deps.languages)),
    ending: ending ?? (hangUp && compileEvent('end', hangUp)),
  };
}

function compileSettings(values: NodeSource['set'] = {}): readonly Setting[] {
  return Object.entries(values).map(([name, value]) => {
    if (typeof value !== 'string') {
      const constant = toScalar(value ?? undefined);
      return { name, value: () => constant };
    }
    const render = compileValue(value);
    return { name, value: (lookup) => toScalar(render(lookup)) };
  });
}

function toConstants(settings: readonly Setting[]): Values {
  return Object.freeze(
    Object.fromEntries(
      settings.flatMap(({ name, value }) => {
        const constant = value(() => undefined);
        return constant === undefined ? [] : [[name, constant]];
      }),
    ),
  );
}

function compileSummary(summary: TextSource, languages: Languages): Script['summary'] {
  const textOf = languages.compile(summary, compileTemplate);
  return (scope) => textOf(scope)(scope.lookup);
}
