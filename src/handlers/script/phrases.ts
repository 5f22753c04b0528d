/**
 * What a recogniser heard or an author wrote, as words alone: case, accents and punctuation do not count.
 *
 * @returns The words between single spaces, with one at either end.
 */
function toWords(text: string): string {
  const plain = text
    .normalize('NFKD')
    .replaceAll(/\p{Mark}/gu, '')
    // Up and down again, so that ß and ss are the same.
    .toUpperCase()
    .toLowerCase();
  return ` ${plain.replaceAll(/[^\p{Letter}\p{Number}]+/gu, ' ').trim()} `;
}

/** Most characters of what was heard that are searched. */
const MAX_HEARD_LENGTH = 1000;

/**
 * Prepares phrases: the result finds where to go for what was heard, by whole words. The phrase with the most characters
 * wins, and of two as long the one that is written first.
 */
export function compilePhrases(
  targets: readonly { readonly target: string; readonly phrases: readonly string[] }[],
): (heard: string) => string | undefined {
  const ranked = targets
    .flatMap(({ target, phrases }) => phrases.map((phrase) => ({ target, words: toWords(phrase) })))
    .filter(({ words }) => words.trim() !== '')
    .sort((a, b) => b.words.length - a.words.length);
  return (heard) => {
    const words = toWords(heard.slice(0, MAX_HEARD_LENGTH));
    return ranked.find((phrase) => words.includes(phrase.words))?.target;
  };
}
