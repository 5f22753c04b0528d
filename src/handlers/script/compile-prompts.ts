import type { JsonObject } from '../../core/json.ts';
import type { BargeIn, BotOutput } from '../bot-handler.ts';
import type { Languages, Listener } from './languages.ts';
import type { NodeSource } from './script-schema.ts';
import { type Lookup, compileJson, compileTemplate, hasPlaceholders } from './template.ts';
import type { TextSource } from './text-schema.ts';

/** What an output is made with. */
export interface Scope extends Listener {
  readonly lookup: Lookup;
}

/**
 * Makes an output for a call; nothing when there is nothing to say. One that is the same for all calls of a language is
 * always the same object, so that later stages can remember it.
 */
export type Part = (scope: Scope) => BotOutput | undefined;

/** What prompts are compiled with. */
export interface PromptDeps {
  readonly languages: Languages;
  /** By file name as written in the script: µ-law, 8000 Hz, mono. */
  readonly sounds: ReadonlyMap<string, Uint8Array>;
}

/** The sounds of a node, then its words. */
export function compilePrompts(
  { play = [], say = [] }: NodeSource,
  bargeIn: BargeIn | undefined,
  { languages, sounds }: PromptDeps,
): readonly Part[] {
  const rest = bargeIn === undefined ? {} : { bargeIn };
  return [
    ...play.map((files): Part =>
      languages.compile(files, (file) => ({
        type: 'audio',
        audio: sounds.get(file) ?? new Uint8Array(0),
        ...rest,
      })),
    ),
    ...compileTexts(say, languages, bargeIn),
  ];
}

/** Words to say. */
export function compileTexts(
  texts: readonly TextSource[],
  languages: Languages,
  bargeIn?: BargeIn,
): readonly Part[] {
  const rest = bargeIn === undefined ? {} : { bargeIn };
  const compileText = (text: string): Part => {
    if (!hasPlaceholders(text)) {
      const output: BotOutput = { type: 'say', text, ...rest };
      return () => output;
    }
    const fill = compileTemplate(text);
    return ({ lookup }) => {
      const filled = fill(lookup);
      return filled.trim() === '' ? undefined : { type: 'say', text: filled, ...rest };
    };
  };
  return texts.map((byLanguage): Part => {
    const sayOf = languages.compile(byLanguage, compileText);
    return (scope) => sayOf(scope)(scope);
  });
}

/** An event of the flow: what it is called, and what it carries. */
export function compileEvent(
  type: 'custom-event' | 'transfer' | 'end',
  source: { readonly name?: string | undefined; readonly metadata?: JsonObject | undefined },
): Part {
  const { name = '', metadata = {} } = source;
  const metadataOf = compileJson(metadata);
  const nameOf = compileTemplate(name);
  const constant: BotOutput = { type, name, metadata };
  return ({ lookup }) => {
    const filled = metadataOf(lookup);
    return filled === metadata && !hasPlaceholders(name)
      ? constant
      : { type, name: nameOf(lookup), metadata: filled };
  };
}
