/** A step of a compiled pattern; where it does not say so, the next one follows. */
export type Instruction =
  | { readonly type: 'take'; readonly test: RegExp }
  /** Goes on at each of these. */
  | { readonly type: 'split'; readonly to: readonly number[] }
  | { readonly type: 'start' }
  | { readonly type: 'end' };

/** A compiled pattern; who comes to the end of the program has found it. */
export interface Pattern {
  readonly program: readonly Instruction[];
}

/** Most steps, counted repetitions unrolled; it bounds the time of a test. */
const MAX_INSTRUCTIONS = 500;

/** A piece whose jumps are relative to its own beginning. */
type Piece = readonly Instruction[];

class Refusal extends Error {}

/**
 * Compiles the subset of regular expressions that can be run without going back: characters, `.`, classes, groups,
 * alternatives, `* + ? {n,m}`, `^` and `$`.
 *
 * @param pattern A valid regular expression with the flag `u`.
 */
export function compilePattern(pattern: string): Pattern | { readonly problem: string } {
  const reader = { rest: pattern };
  try {
    return { program: alternatives(reader) };
  } catch (error) {
    if (error instanceof Refusal) return { problem: error.message };
    throw error;
  }
}

interface Reader {
  rest: string;
}

function take(reader: Reader, form: RegExp): RegExpExecArray | undefined {
  const found = form.exec(reader.rest);
  if (found === null) return undefined;
  reader.rest = reader.rest.slice(found[0].length);
  return found;
}

function alternatives(reader: Reader): Piece {
  let piece = sequence(reader);
  while (take(reader, /^\|/u) !== undefined) {
    const other = sequence(reader);
    piece = bounded([
      { type: 'split', to: [1, piece.length + 2] },
      ...shift(piece, 1),
      { type: 'split', to: [piece.length + 2 + other.length] },
      ...shift(other, piece.length + 2),
    ]);
  }
  return piece;
}

function sequence(reader: Reader): Piece {
  let piece: Piece = [];
  while (reader.rest !== '' && !/^[|)]/u.test(reader.rest)) {
    const item = repeated(reader, single(reader));
    piece = bounded([...piece, ...shift(item, piece.length)]);
  }
  return piece;
}

function single(reader: Reader): Piece {
  if (take(reader, /^\^/u) !== undefined) return [{ type: 'start' }];
  if (take(reader, /^\$/u) !== undefined) return [{ type: 'end' }];
  if (take(reader, /^\((?:\?:|(?!\?))/u) !== undefined) {
    const piece = alternatives(reader);
    take(reader, /^\)/u);
    return piece;
  }
  if (reader.rest.startsWith('(')) throw new Refusal('a pattern cannot look around or name groups');
  if (/^\\([bBk]|[1-9])/u.test(reader.rest))
    throw new Refusal('a pattern cannot refer to groups or to word boundaries');
  // What one character is, in the words of a regular expression: a class, an escape, or itself.
  const found =
    take(reader, /^\[(?:\\.|[^\]\\])*\]/su) ??
    take(reader, /^\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|c[A-Za-z]|.)/su) ??
    take(reader, /^./su);
  return [{ type: 'take', test: new RegExp(`^${found?.[0] ?? ''}$`, 'u') }];
}

function repeated(reader: Reader, item: Piece): Piece {
  const found = take(reader, /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/u);
  if (found === undefined) return item;
  const [, sign, from, comma, to] = found;
  if (sign === '*') return repeat(item, 0, undefined);
  if (sign === '+') return repeat(item, 1, undefined);
  if (sign === '?') return repeat(item, 0, 1);
  const least = Number(from);
  if (comma === '') return repeat(item, least, least);
  return repeat(item, least, to === '' ? undefined : Number(to));
}

function repeat(item: Piece, least: number, most: number | undefined): Piece {
  const size = item.length;
  if (Math.max(least, most ?? 0) * (size + 1) > MAX_INSTRUCTIONS) throw tooLong();
  let piece: Piece = [];
  const add = (more: Piece): void => {
    piece = [...piece, ...shift(more, piece.length)];
  };
  for (let i = 0; i < least; i++) add(item);
  if (most === undefined)
    add([{ type: 'split', to: [1, size + 2] }, ...shift(item, 1), { type: 'split', to: [0] }]);
  else
    for (let i = least; i < most; i++)
      add([{ type: 'split', to: [1, size + 1] }, ...shift(item, 1)]);
  return bounded(piece);
}

function shift(piece: Piece, by: number): Piece {
  return piece.map((instruction) =>
    instruction.type === 'split'
      ? { type: 'split', to: instruction.to.map((to) => to + by) }
      : instruction,
  );
}

function bounded(piece: Piece): Piece {
  if (piece.length > MAX_INSTRUCTIONS) throw tooLong();
  return piece;
}

function tooLong(): Refusal {
  return new Refusal('a pattern that repeats so much is too large');
}
