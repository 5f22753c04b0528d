import { DEFAULT_LANGUAGE_KEY } from './text-schema.ts';
import { type Lookup, toText } from './template.ts';

/** The languages of a script: which one a call hears, and what there is in it. */
export interface Languages {
  /** The language of the call, as the script writes it: the first that is asked for and spoken. */
  choose(lookup: Lookup): string;
  /** Prepares the versions of something; the result finds the one for a language. */
  compile<S, T>(
    byLanguage: Readonly<Record<string, S>>,
    compile: (source: S) => T,
  ): (language: string) => T;
}

/** Begins without any language; it learns them from what is compiled. */
export function createLanguages(source: {
  readonly default?: string;
  readonly from?: readonly string[];
}): Languages {
  const { default: fallback = '', from = ['call.language'] } = source;
  /** By tag in lower case: as the script writes it. */
  const spoken = new Map([[fallback.toLowerCase(), fallback]]);
  return {
    choose(lookup) {
      for (const name of from) {
        const tag = widen(toText(lookup(name)) ?? '').find((wider) => spoken.has(wider));
        if (tag !== undefined && tag !== '') return spoken.get(tag) ?? fallback;
      }
      return fallback;
    },
    compile(byLanguage, compile) {
      const entries = Object.entries(byLanguage);
      const versions = new Map(
        entries.map(([tag, version]) => [tag.toLowerCase(), compile(version)]),
      );
      for (const [tag] of entries)
        if (tag !== DEFAULT_LANGUAGE_KEY) spoken.set(tag.toLowerCase(), tag);
      const [first] = versions.values();
      if (first === undefined) throw new TypeError('a text needs at least one language');
      return (language) => {
        for (const tag of [...widen(language), DEFAULT_LANGUAGE_KEY, ...widen(fallback)]) {
          const version = versions.get(tag);
          if (version !== undefined) return version;
        }
        return first;
      };
    },
  };
}

/** A tag and what it is a kind of: `de-AT` is a kind of `de`. In lower case. */
function widen(tag: string): readonly string[] {
  const parts = tag.toLowerCase().split(/[-_]/u).slice(0, 4);
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('-'));
}
