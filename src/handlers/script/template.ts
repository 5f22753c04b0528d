import { type JsonObject, type JsonValue, isRecord } from '../../core/json.ts';

/** Finds the value of a name; `undefined` where there is none. */
export type Lookup = (name: string) => JsonValue | undefined;

/** Most characters of one value in a text and in a variable; what flow or caller send is cut there. */
export const MAX_VALUE_LENGTH = 500;

const PLACEHOLDER = /\{\{\s*([A-Za-z][\w-]*(?:\.[\w-]+)*)\s*(\|\s*spell\s*)?\}\}/gu;

/** Whether `text` has anything to fill in. */
export function hasPlaceholders(text: string): boolean {
  return text.includes('{{');
}

/** The names in the placeholders of `text`, and whether anything in it looks like a placeholder and is none. */
export function readPlaceholders(text: string): {
  readonly names: readonly string[];
  readonly isMalformed: boolean;
} {
  const names = [...text.matchAll(PLACEHOLDER)].map(([, name = '']) => name);
  return { names, isMalformed: text.replaceAll(PLACEHOLDER, '').includes('{{') };
}

/** Fills in a text: a name without a value leaves nothing, and so does a list or a map. */
export function renderText(text: string, lookup: Lookup): string {
  return text.replaceAll(PLACEHOLDER, (_, name: string, spell: string | undefined) => {
    const value = toText(lookup(name)) ?? '';
    return spell === undefined ? value : Array.from(value.replaceAll(/\s/gu, '')).join(' ');
  });
}

/**
 * Fills in every text of a JSON value. A text that is one placeholder and nothing else becomes the value itself, and
 * leaves its map when there is none; a value in which there is nothing to fill in stays the object that it is.
 */
export function compileJson(value: JsonObject): (lookup: Lookup) => JsonObject {
  if (!hasPlaceholders(JSON.stringify(value))) return () => value;
  return (lookup) => renderObject(value, lookup);
}

function renderObject(value: JsonObject, lookup: Lookup): JsonObject {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => {
      const rendered = renderJson(item, lookup);
      return rendered === undefined ? [] : [[key, rendered]];
    }),
  );
}

function renderJson(value: JsonValue, lookup: Lookup): JsonValue | undefined {
  if (typeof value === 'string') return renderValue(value, lookup);
  if (Array.isArray(value)) return value.map((item: JsonValue) => renderJson(item, lookup) ?? null);
  return isRecord(value) ? renderObject(value, lookup) : value;
}

/** Fills in a text that may be one placeholder alone, and then is the value of its name, of whatever type. */
export function renderValue(text: string, lookup: Lookup): JsonValue | undefined {
  const [alone, ...others] = text.matchAll(PLACEHOLDER);
  const isAlone = others.length === 0 && alone?.[0] === text.trim() && alone[2] === undefined;
  return isAlone ? lookup(alone[1] ?? '') : renderText(text, lookup);
}

/** A single value as text, cut to {@link MAX_VALUE_LENGTH}; `undefined` for anything else. */
export function toText(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'string') return value.slice(0, MAX_VALUE_LENGTH);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
