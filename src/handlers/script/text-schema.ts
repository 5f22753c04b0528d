import { z } from 'zod';

/** One text, or its versions by language tag, in the order of the file; a text without languages is `default`. */
export type TextSource = Readonly<Record<string, string>>;

/** The key of a map by language that serves every language without an entry of its own. */
export const DEFAULT_LANGUAGE_KEY = 'default';

/** A BCP 47 tag as scripts use them: language, and region or script. */
const TAG = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/u;

/** A language tag such as `en` or `de-AT`. */
export const languageTagSchema = z.string().regex(TAG, 'expected a language tag, such as en-US');

const tagOrDefault = z.union([languageTagSchema, z.literal(DEFAULT_LANGUAGE_KEY)], {
  error: 'expected a language tag, such as en-US, or "default"',
});

/** A map whose keys have a form; a wrong key is told what is expected of it. */
export function mapOf<K extends z.core.$ZodRecordKey, V extends z.ZodType>(
  key: K,
  value: V,
  expected = 'expected a map',
) {
  return z.record(key, value, {
    error: (issue) => {
      if (issue.code === 'invalid_type') return expected;
      return issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined;
    },
  });
}

/** `value`, or a map of its versions by language. */
export function byLanguage<T extends z.ZodType>(value: T) {
  return z.preprocess(
    (source) =>
      typeof source === 'string' || Array.isArray(source)
        ? { [DEFAULT_LANGUAGE_KEY]: source }
        : source,
    mapOf(tagOrDefault, value, 'expected a text, or a map of texts by language').refine(
      (map) => Object.keys(map).length > 0,
      'expected at least one language',
    ),
  );
}

/** One value or a list of them. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(item).min(1));
}

/** Something that is said. */
export const textSchema = byLanguage(z.string().min(1));

/** One text or a list of them. */
export const textsSchema = listOf(textSchema);
