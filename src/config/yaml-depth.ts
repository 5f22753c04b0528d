import { Lexer } from 'yaml';

/** Far beyond any real configuration, far below what the parser's recursion can bear. */
const MAX_OPEN_BRACKETS = 40;
const MAX_MARKS_A_LINE = 40;
const MAX_INDENT = 200;

/** What the lexer puts before the text of a scalar. */
const SCALAR = '\u001f';

/**
 * Tells, before it is parsed, whether a YAML text may nest so deeply that the parser runs out of stack. That must not
 * happen: it can end the process where no `catch` helps.
 */
export function isNestedTooDeeply(text: string): boolean {
  let openBrackets = 0;
  let marks = 0;
  let previous = '\n';
  for (const token of new Lexer().lex(text)) {
    if (previous !== SCALAR) {
      if (token === '[' || token === '{') openBrackets++;
      else if (token === ']' || token === '}') openBrackets = Math.max(0, openBrackets - 1);
      else if (token === '-' || token === '?') marks++;
      else if (token.endsWith('\n')) marks = 0;
      const indent = previous.endsWith('\n') && /^ +$/u.test(token) ? token.length : 0;
      if (openBrackets > MAX_OPEN_BRACKETS || marks > MAX_MARKS_A_LINE || indent > MAX_INDENT)
        return true;
    }
    previous = token;
  }
  return false;
}
