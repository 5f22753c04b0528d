/** What {@link substituteEnvironment} made of a text. */
export interface Substitution {
  readonly text: string;
  /** Whether a variable, or its default, is part of the text now. */
  readonly isSubstituted: boolean;
  /** What is wrong, never with a value. */
  readonly problems: readonly string[];
}

/** The escape, a reference with or without a default, and a beginning that leads nowhere. */
const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]{0,127})(?::-([^}]{0,1024}))?\}|\$\{/gu;

/**
 * Replaces `${NAME}` and `${NAME:-default}` by variables of the environment, once: what a variable holds is not looked at.
 *
 * As in a shell, `:-` also stands in for a variable that is empty. `$${` writes the two characters `${`.
 */
export function substituteEnvironment(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): Substitution {
  const problems: string[] = [];
  let isSubstituted = false;
  const replaced = text.replace(REFERENCE, (match, name?: string, fallback?: string) => {
    if (match === '$${') return '${';
    if (name === undefined) {
      problems.push(
        'holds a "${" that is neither ${NAME} nor ${NAME:-default}; write "$${" for it',
      );
      return '';
    }
    isSubstituted = true;
    const value = env[name];
    if (fallback !== undefined) return value === undefined || value === '' ? fallback : value;
    if (value === undefined)
      problems.push(`needs the environment variable ${name}, which is not set`);
    return value ?? '';
  });
  return { text: replaced, isSubstituted, problems };
}
