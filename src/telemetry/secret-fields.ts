/** Names of fields that are never written, wherever they stand: the last net under rooms that must not log them. */
export const SECRET_FIELDS = [
  'authorization',
  'token',
  'jws',
  'secret',
  'digits',
  'audio',
  'text',
] as const;

/** One of {@link SECRET_FIELDS}. */
export type SecretField = (typeof SECRET_FIELDS)[number];
