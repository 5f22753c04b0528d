import { InvalidArgumentError } from 'commander';

import { dataSourceSection } from '../config/data-source-section.ts';
import { isUuid } from '../config/fields.ts';

const TARGET = /^(?:\[[0-9a-f:.%]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?):(\d{1,5})$/iu;
const KEYS = /^[0-9A-D*#]{1,64}$/u;
const MAX_PORT = 65_535;
const MAX_TOKEN_MINUTES = 1440;
const MAX_SPEED = 100;

// Each reads the text of one option, and throws what commander reports as wrong usage.

/** An organisation's UUID, in lower case. */
export function parseOrganisation(text: string): string {
  if (!isUuid(text)) throw new InvalidArgumentError('It must be a UUID.');
  return text.toLowerCase();
}

/** `HOST:PORT`, IPv6 in brackets. */
export function parseTarget(text: string): string {
  const port = TARGET.exec(text)?.[1];
  if (port === undefined || Number(port) > MAX_PORT || Number(port) === 0)
    throw new InvalidArgumentError('It must be HOST:PORT, an IPv6 address in brackets.');
  return text;
}

/** Keys of a telephone, 1 to 64 of them. */
export function parseKeys(text: string): string {
  const keys = text.toUpperCase();
  if (!KEYS.test(keys)) throw new InvalidArgumentError('It must be 1 to 64 of 0-9 A-D * #.');
  return keys;
}

/** A port; 0 lets the system choose. */
export function parsePort(text: string): number {
  return parseNumber(text, 0, MAX_PORT, true);
}

/** How many times as fast as real time, 0.1 to 100. */
export function parseSpeed(text: string): number {
  return parseNumber(text, 0.1, MAX_SPEED, false);
}

/** The life of a token, 1 minute to a day. */
export function parseMinutes(text: string): number {
  return parseNumber(text, 1, MAX_TOKEN_MINUTES, true);
}

/** A data-exchange schema, by its name or UUID, as its UUID. */
export function parseSchema(text: string): string {
  const { data, error } = dataSourceSection.shape.schema.safeParse(text);
  if (data === undefined)
    throw new InvalidArgumentError(`It ${error?.issues[0]?.message ?? 'is no schema'}.`);
  return data;
}

function parseNumber(text: string, min: number, max: number, isWhole: boolean): number {
  const number = Number(text);
  if (text.trim() === '' || !(number >= min && number <= max) || (isWhole && number % 1 !== 0))
    throw new InvalidArgumentError(
      `It must be a ${isWhole ? 'whole ' : ''}number from ${min} to ${max}.`,
    );
  return number;
}
