/** Secrets of a test by what they are. */
type Canaries = Readonly<Record<string, string>>;

/**
 * Prepares a search for secrets: as they are, in hexadecimal, in base64 and base64url wherever they begin inside of what was
 * encoded, percent-encoded, and one character at a time, as digits are listed.
 *
 * @returns What finds them in a text: their names and forms, never the secrets themselves; empty when there is none.
 */
export function createCanarySearch(canaries: Canaries): (text: string) => readonly string[] {
  const needles = Object.entries(canaries).flatMap(([name, secret]) =>
    formsOf(secret).map(([form, needle]) => ({ form, needle, found: `${name} (${form})` })),
  );
  return (text) => {
    const lowerCase = text.toLowerCase();
    return needles
      .filter(({ form, needle }) => (form === 'hexadecimal' ? lowerCase : text).includes(needle))
      .map(({ found }) => found);
  };
}

function formsOf(secret: string): readonly (readonly [form: string, needle: string])[] {
  const bytes = Buffer.from(secret);
  const characters = Array.from(secret);
  const encoded = [0, 1, 2].flatMap((offset) => {
    const base64 = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    // What neighbours have a share in is left out.
    const first = offset === 0 ? 0 : offset + 1;
    const whole = Math.floor(((offset + bytes.length) * 8) / 6);
    const own = base64.slice(first, whole);
    return [
      ['base64', own],
      ['base64url', own.replaceAll('+', '-').replaceAll('/', '_')],
    ] as const;
  });
  return [
    ['plain', secret],
    ['percent-encoded', encodeURIComponent(secret)],
    ['hexadecimal', bytes.toString('hex')],
    ['spaced', characters.join(' ')],
    ['listed', characters.join(',')],
    ['listed as JSON', JSON.stringify(characters).slice(1, -1)],
    ...encoded,
  ];
}
