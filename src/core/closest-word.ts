/**
 * Finds the word that somebody who wrote `word` probably meant.
 *
 * @returns `undefined` when none is near: more than a third of the letters, and more than two, would have to change.
 */
export function closestWord(word: string, known: Iterable<string>): string | undefined {
  let closest: string | undefined;
  let least = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const changes = countChanges(word.toLowerCase(), candidate.toLowerCase());
    // A word that has nothing in common with a short one is no suggestion.
    if (changes < least && changes < candidate.length) [closest, least] = [candidate, changes];
  }
  return closest;
}

/** Levenshtein distance: letters to put in, leave out or replace. */
function countChanges(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of from.split('').entries()) {
    const next = [i + 1];
    for (const [j, other] of to.split('').entries())
      next.push(
        Math.min(
          (row[j] ?? 0) + (letter === other ? 0 : 1),
          (row[j + 1] ?? 0) + 1,
          (next[j] ?? 0) + 1,
        ),
      );
    row = next;
  }
  return row.at(-1) ?? 0;
}
