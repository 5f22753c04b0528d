/** Errors by kind, for people. */
export function toFaults(errors: Readonly<Record<string, number>>): string {
  const kinds = Object.entries(errors);
  return kinds.length === 0 ? 'none' : kinds.map(([kind, count]) => `${count} ${kind}`).join(', ');
}
