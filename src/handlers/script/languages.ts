import { DEFAULT_LANGUAGE_KEY } from './text-schema.ts';
import { type Lookup, toText } from './template.ts';

/** Whoever is spoken to. */
export interface Listener {
  /** As {@link Languages.choose} says. */
  readonly language: string;
}

/** The languages of a script: which one a call hears, and what there is in it. */
export interface Languages {
  /** The language of the call, as the script writes it: the first that is asked for and spoken. */
  choose(lookup: Lookup): string;
  /** Prepares the versions of something; the result finds the one for a listener. */
  compile<S, T>(
    byLanguage: Readonly<Record<string, S>>,
    compile: (source: S) => T,
  ): (listener: Listener) => T;
}

/** Most tags that are remembered, and their length: they come from outside. */
const MAX_REMEMBERED = 256;
const MAX_TAG_LENGTH = 35;

/** Begins without any language; it learns them from what is compiled. */
export function createLanguages(source: {
  readonly default?: string;
  readonly from?: readonly string[];
}): Languages {
  const { default: fallback = '', from = ['call.language'] } = source;
  /** By tag in lower case: as the script writes it. */
  const spoken = new Map([[fallback.toLowerCase(), fallback]]);
  /** By tag that was asked for: the language of the script that it is a kind of, if any. */
  const remembered = new Map<string, string | undefined>();
  const find = (asked: string): string | undefined => {
    if (remembered.has(asked)) return remembered.get(asked);
    const tag = widen(asked).find((wider) => spoken.has(wider));
    const found = tag === undefined || tag === '' ? undefined : spoken.get(tag);
    if (asked.length <= MAX_TAG_LENGTH && remembered.size < MAX_REMEMBERED)
      remembered.set(asked, found);
    return found;
  };
  return {
    choose(lookup) {
      if (spoken.size === 1) return fallback;
      for (const name of from) {
        const found = find(toText(lookup(name)) ?? '');
        if (found !== undefined) return found;
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
      remembered.clear();
      const [first] = versions.values();
      if (first === undefined) throw new TypeError('a text needs at least one language');
      if (versions.size === 1) return () => first;
      const search = (language: string): typeof first => {
        for (const tag of [...widen(language), DEFAULT_LANGUAGE_KEY, ...widen(fallback)]) {
          const version = versions.get(tag);
          if (version !== undefined) return version;
        }
        return first;
      };
      // Bounded by the languages of the script: no other is ever chosen.
      const byLanguageChosen = new Map<string, typeof first>();
      return ({ language }) => {
        let version = byLanguageChosen.get(language);
        if (version === undefined) {
          version = search(language);
          byLanguageChosen.set(language, version);
        }
        return version;
      };
    },
  };
}

/** A tag and what it is a kind of: `de-AT` is a kind of `de`. In lower case. */
function widen(tag: string): readonly string[] {
  const parts = tag.toLowerCase().split(/[-_]/u).slice(0, 4);
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('-'));
}
