/** Paints text for a terminal; or leaves it as it is. */
export interface Palette {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

/** Creates a palette; without colours it changes nothing. */
export function createPalette(hasColour: boolean): Palette {
  const paint = (code: number) => (text: string) =>
    hasColour && text !== '' ? `\u001B[${code}m${text}\u001B[0m` : text;
  return {
    bold: paint(1),
    dim: paint(2),
    red: paint(31),
    green: paint(32),
    yellow: paint(33),
    cyan: paint(36),
  };
}

/**
 * Whether to use colours: on a terminal, unless the environment says otherwise.
 *
 * @see https://no-color.org
 */
export function wantsColour(
  env: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): boolean {
  if (env['NO_COLOR']) return false;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0';
  return isTerminal && env['TERM'] !== 'dumb';
}
