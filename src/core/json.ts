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
