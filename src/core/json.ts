/** A JSON value, as a `google.protobuf.Struct` can carry it. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** A JSON object, the domain form of a `google.protobuf.Struct`. */
export type JsonObject = { readonly [key: string]: JsonValue };

/** Whether `value`, of which nothing is known, is a map of names and values. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
