import { GatewayError } from '../core/gateway-error.ts';

const TYPOGRAPHY: readonly (readonly [RegExp, string])[] = [
  [/[\u2018\u2019\u201a\u02bc]/gu, "'"],
  [/[\u201c-\u201e\u00ab\u00bb]/gu, '"'],
  [/[\u2010-\u2015\u2212]/gu, '-'],
  [/\u20ac/gu, ' euro '],
  [/\u00a3/gu, ' pound '],
  [/\u00df/gu, 'ss'],
];

/**
 * Reduces text to what an English engine can read: one line of printable ASCII.
 *
 * Accents are dropped and typographic marks replaced; control characters, emoji and other scripts become a space.
 *
 * @returns An empty string when there is nothing to say, as in `...` or an emoji.
 * @throws {GatewayError} `ERR_SPEECH_FAILED` when the text has words, all in a script that the engine cannot read.
 */
export function toSpeakableText(text: string): string {
  let plain = text;
  for (const [mark, replacement] of TYPOGRAPHY) plain = plain.replaceAll(mark, replacement);
  plain = plain
    .normalize('NFKD')
    .replaceAll(/\p{Mark}/gu, '')
    .replaceAll(/[^\x21-\x7e]+/gu, ' ')
    .trim();
  if (/[a-z0-9]/iu.test(plain)) return plain;
  if (/[\p{Letter}\p{Number}]/u.test(text))
    throw new GatewayError('ERR_SPEECH_FAILED', 'the voice cannot read the script of the text');
  return '';
}
