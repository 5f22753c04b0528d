import type { JsonObject } from '../../core/json.ts';
import type { BargeIn, BotOutput } from '../bot-handler.ts';
import type { Languages } from './languages.ts';
import type { NodeSource } from './script-schema.ts';
import { type Lookup, compileJson, hasPlaceholders, renderText } from './template.ts';
import type { TextSource } from './text-schema.ts';

/** What an output is made with. */
export interface Scope {
  readonly lookup: Lookup;
  readonly language: string;
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

/** Makes an output for one language. */
type Say = (lookup: Lookup) => BotOutput | undefined;

/** The sounds of a node, then its words. */
export function compilePrompts(
  { play = [], say = [] }: NodeSource,
  bargeIn: BargeIn | undefined,
  { languages, sounds }: PromptDeps,
): readonly Part[] {
  const rest = bargeIn === undefined ? {} : { bargeIn };
  return [
    ...play.map((files): Part => {
      const audioOf = languages.compile(files, (file): BotOutput => ({
        type: 'audio',
        audio: sounds.get(file) ?? new Uint8Array(0),
        ...rest,
      }));
      return ({ language }) => audioOf(language);
    }),
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
  const compileText = (text: string): Say => {
    if (!hasPlaceholders(text)) {
      const output: BotOutput = { type: 'say', text, ...rest };
      return () => output;
    }
    return (lookup) => {
      const filled = renderText(text, lookup);
      return filled.trim() === '' ? undefined : { type: 'say', text: filled, ...rest };
    };
  };
  return texts.map((byLanguage): Part => {
    const sayOf = languages.compile(byLanguage, compileText);
    return ({ language, lookup }) => sayOf(language)(lookup);
  });
}

/** An event of the flow: what it is called, and what it carries. */
export function compileEvent(
  type: 'custom-event' | 'transfer' | 'end',
  source: { readonly name?: string | undefined; readonly metadata?: JsonObject | undefined },
): Part {
  const { name = '', metadata = {} } = source;
  const metadataOf = compileJson(metadata);
  const constant: BotOutput = { type, name, metadata };
  return ({ lookup }) => {
    const filled = metadataOf(lookup);
    return filled === metadata && !hasPlaceholders(name)
      ? constant
      : { type, name: renderText(name, lookup), metadata: filled };
  };
}
