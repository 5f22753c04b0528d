import { type Instruction, type Pattern, compilePattern } from './compile-pattern.ts';

const MAX_PATTERN_LENGTH = 200;

/**
 * Says why a pattern cannot be used, if it cannot.
 *
 * A pattern is a regular expression without look-around, references to groups and word boundaries. It is run step by
 * step beside the text, never by going back, so that its time is at most the product of their lengths: no text that a
 * caller sends can hold up the process.
 */
export function findPatternProblem(pattern: string): string | undefined {
  if (pattern.length > MAX_PATTERN_LENGTH)
    return `a pattern has at most ${MAX_PATTERN_LENGTH} characters`;
  try {
    void new RegExp(pattern, 'u');
  } catch {
    return 'is no regular expression';
  }
  const compiled = compilePattern(pattern);
  return 'problem' in compiled ? compiled.problem : undefined;
}

/**
 * Makes the test of a pattern: whether it is found anywhere in a text, unless `^` and `$` tie it down.
 *
 * @throws {TypeError} When {@link findPatternProblem} finds one.
 */
export function createPatternTest(pattern: string): (text: string) => boolean {
  const compiled = compilePattern(pattern);
  if ('problem' in compiled) throw new TypeError(compiled.problem);
  return (text) => isFound(compiled.program, Array.from(text));
}

function isFound(program: Pattern['program'], characters: readonly string[]): boolean {
  let current = new Set<number>();
  for (let at = 0; at <= characters.length; at++) {
    enter(program, current, 0, { isStart: at === 0, isEnd: at === characters.length });
    const next = new Set<number>();
    const character = characters[at];
    for (const index of current) {
      const instruction = program[index];
      if (instruction === undefined) return true;
      if (instruction.type !== 'take' || character === undefined) continue;
      if (instruction.test.test(character))
        enter(program, next, index + 1, { isStart: false, isEnd: at + 1 === characters.length });
    }
    current = next;
  }
  return false;
}

/** Adds an instruction and all that follow from it without taking a character. */
function enter(
  program: readonly Instruction[],
  threads: Set<number>,
  first: number,
  place: { readonly isStart: boolean; readonly isEnd: boolean },
): void {
  const waiting = [first];
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
    if (threads.has(index)) continue;
    threads.add(index);
    const instruction = program[index];
    if (instruction?.type === 'split') waiting.push(...instruction.to);
    if (instruction?.type === 'start' && place.isStart) waiting.push(index + 1);
    if (instruction?.type === 'end' && place.isEnd) waiting.push(index + 1);
  }
}
