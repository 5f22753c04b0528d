import type { ErrorCode } from '../core/gateway-error.ts';
import type { Palette } from './palette.ts';

/** One thing that the doctor looked at. Holds no token, no subject and no nonce. */
export interface Finding {
  /** `right`: as it should be; `risk`: legal, and worth a look; `wrong`: calls fail because of it. */
  readonly level: 'right' | 'risk' | 'wrong';
  /** What is so, in one line. */
  readonly text: string;
  /** What to do about it. */
  readonly advice?: string;
  /** With what the gateway refuses because of it. */
  readonly code?: ErrorCode;
}

/** Findings about one thing, under its name. */
export interface Examination {
  readonly title: string;
  readonly findings: readonly Finding[];
}

const MAX_VALUE_LENGTH = 200;

/** All is well. */
export function right(text: string): Finding {
  return { level: 'right', text };
}

/** Legal, and worth a look. */
export function risk(text: string, advice: string): Finding {
  return { level: 'risk', text, advice };
}

/** Calls fail because of it. */
export function wrong(text: string, advice: string, code?: ErrorCode): Finding {
  return { level: 'wrong', text, advice, ...(code !== undefined && { code }) };
}

/** Quotes a value that may come from anywhere: shortened, and without what a terminal would obey. */
export function quote(value: string): string {
  const isLong = value.length > MAX_VALUE_LENGTH;
  return `“${value.slice(0, MAX_VALUE_LENGTH).replace(/\p{C}/gu, '�')}${isLong ? '…' : ''}”`;
}

/** Writes examinations for a person: a finding a line, and the sum below. */
export function formatExaminations(
  examinations: readonly Examination[],
  palette: Palette,
): readonly string[] {
  const { bold, dim, green, yellow, red } = palette;
  const marks = { right: green('✓'), risk: yellow('!'), wrong: red('✗') };
  const toLine = ({ level, text, advice }: Finding): string =>
    `  ${marks[level]} ${toOneLine(text)}${advice === undefined ? '' : dim(` → ${toOneLine(advice)}`)}`;
  const { wrongs, risks } = countFindings(examinations);
  return [
    ...examinations.flatMap(({ title, findings }) => [bold(title), ...findings.map(toLine), '']),
    wrongs === 0
      ? green(`nothing is wrong${risks === 0 ? '' : `, ${toCount(risks, 'thing')} to look at`}`)
      : red(`${toCount(wrongs, 'thing')} wrong, ${toCount(risks, 'thing')} to look at`),
  ];
}

/** How many findings are more than right. */
export function countFindings(examinations: readonly Examination[]): {
  readonly wrongs: number;
  readonly risks: number;
} {
  const levels = examinations.flatMap(({ findings }) => findings.map(({ level }) => level));
  return {
    wrongs: levels.filter((level) => level === 'wrong').length,
    risks: levels.filter((level) => level === 'risk').length,
  };
}

/** `1 key`, `2 keys`. */
export function toCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function toOneLine(text: string): string {
  return text.replace(/\s+/gu, ' ').replace(/\p{Cc}/gu, '�');
}
