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

/** A piece of a text: words, or a placeholder. */
type Piece = string | { readonly name: string; readonly isSpelt: boolean };

function toPieces(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const found of text.matchAll(PLACEHOLDER)) {
    pieces.push(text.slice(end, found.index), {
      name: found[1] ?? '',
      isSpelt: found[2] !== undefined,
    });
    end = found.index + found[0].length;
  }
  return [...pieces, text.slice(end)].filter((piece) => piece !== '');
}

/** Prepares a text to be filled in: a name without a value leaves nothing, and so does a list or a map. */
export function compileTemplate(text: string): (lookup: Lookup) => string {
  const pieces = toPieces(text);
  return (lookup) => {
    let filled = '';
    for (const piece of pieces) filled += typeof piece === 'string' ? piece : fill(piece, lookup);
    return filled;
  };
}

/** Fills in a text once, as {@link compileTemplate} does. */
export function renderText(text: string, lookup: Lookup): string {
  return compileTemplate(text)(lookup);
}

function fill({ name, isSpelt }: Exclude<Piece, string>, lookup: Lookup): string {
  const value = toText(lookup(name)) ?? '';
  return isSpelt ? Array.from(value.replaceAll(/\s/gu, '')).join(' ') : value;
}

/**
 * Prepares a JSON value whose texts are filled in. A text that is one placeholder and nothing else becomes the value itself,
 * and leaves its map when there is none; a value in which there is nothing to fill in stays the object that it is.
 */
export function compileJson(value: JsonObject): (lookup: Lookup) => JsonObject {
  if (!hasPlaceholders(JSON.stringify(value))) return () => value;
  return compileObject(value);
}

type Value<T> = (lookup: Lookup) => T;

function compileObject(value: JsonObject): Value<JsonObject> {
  const items = Object.entries(value).map(([key, item]) => [key, compileItem(item)] as const);
  return (lookup) =>
    Object.fromEntries(
      items.flatMap(([key, render]) => {
        const rendered = render(lookup);
        return rendered === undefined ? [] : [[key, rendered]];
      }),
    );
}

function compileItem(value: JsonValue): Value<JsonValue | undefined> {
  if (typeof value === 'string') return compileValue(value);
  if (Array.isArray(value)) {
    const items = value.map(compileItem);
    return (lookup) => items.map((render) => render(lookup) ?? null);
  }
  return isRecord(value) ? compileObject(value) : () => value;
}

/** Prepares a text that may be one placeholder alone, and then is the value of its name, of whatever type. */
export function compileValue(text: string): (lookup: Lookup) => JsonValue | undefined {
  if (!hasPlaceholders(text)) return () => text;
  const [alone, ...others] = toPieces(text.trim());
  if (typeof alone !== 'object' || alone.isSpelt || others.length > 0) return compileTemplate(text);
  const { name } = alone;
  return (lookup) => lookup(name);
}

/** A single value as text, cut to {@link MAX_VALUE_LENGTH}; `undefined` for anything else. */
export function toText(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'string') return value.slice(0, MAX_VALUE_LENGTH);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
