/** Names further apart than this are not a slip of the hand. */
const MAX_DISTANCE = 3;

/** Two names with so much of the shorter one in common, from the start, are meant as the same. */
const MIN_COMMON_LENGTH = 4;
const MIN_COMMON_SHARE = 0.6;
const MAX_NAME_LENGTH = 64;

/**
 * Finds the known name that `name` was probably meant to be: the one with the fewest letters to change, case ignored, at
 * most three and at most half of them; else the one that begins most like it, such as the same word in another unit.
 */
export function closestWord(name: string, known: Iterable<string>): string | undefined {
  if (name.length > MAX_NAME_LENGTH) return undefined;
  const wanted = name.toLowerCase();
  const limit = Math.min(MAX_DISTANCE, Math.ceil(wanted.length / 2));
  const ranked = [...known]
    .map((candidate) => {
      const other = candidate.toLowerCase();
      const shorter = Math.min(wanted.length, other.length);
      const common = commonLength(wanted, other);
      return {
        candidate,
        distance: editDistance(wanted, other),
        common,
        isAlike: common >= Math.max(MIN_COMMON_LENGTH, shorter * MIN_COMMON_SHARE),
      };
    })
    .sort((a, b) => a.distance - b.distance);
  const nearest = ranked[0];
  if (nearest !== undefined && nearest.distance <= limit) return nearest.candidate;
  return ranked.filter(({ isAlike }) => isAlike).sort((a, b) => b.common - a.common)[0]?.candidate;
}

function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

/** Levenshtein's distance, row by row. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
