import { type JsonObject, type JsonValue, isRecord } from '../../core/json.ts';

/** A `google.protobuf.Struct` as the SDK holds it. */
export interface Struct {
  readonly fields?: Readonly<Record<string, StructValue>> | null;
}

/** A `google.protobuf.Value` as the SDK holds it; the key that is set says which. */
interface StructValue {
  readonly nullValue?: unknown;
  readonly boolValue?: boolean | null;
  readonly numberValue?: number | null;
  readonly stringValue?: string | null;
  readonly listValue?: { readonly values?: readonly StructValue[] | null } | null;
  readonly structValue?: Struct | null;
}

/** Writes JSON as a struct. */
export function toStruct(json: JsonObject): Struct {
  return {
    fields: Object.fromEntries(Object.entries(json).map(([name, value]) => [name, toValue(value)])),
  };
}

/** Reads a struct as JSON. */
export function fromStruct(struct: Struct | null | undefined): JsonObject {
  return Object.fromEntries(
    Object.entries(struct?.fields ?? {}).map(([name, value]) => [name, fromValue(value)]),
  );
}

function toValue(json: JsonValue): StructValue {
  if (json === null) return { nullValue: 0 };
  if (typeof json === 'boolean') return { boolValue: json };
  if (typeof json === 'number') return { numberValue: json };
  if (typeof json === 'string') return { stringValue: json };
  return isList(json)
    ? { listValue: { values: json.map(toValue) } }
    : { structValue: toStruct(json) };
}

function fromValue(value: StructValue): JsonValue {
  if (typeof value.boolValue === 'boolean') return value.boolValue;
  if (typeof value.numberValue === 'number') return value.numberValue;
  if (typeof value.stringValue === 'string') return value.stringValue;
  if (isRecord(value.listValue)) return (value.listValue.values ?? []).map(fromValue);
  return isRecord(value.structValue) ? fromStruct(value.structValue) : null;
}

function isList(json: readonly JsonValue[] | JsonObject): json is readonly JsonValue[] {
  return Array.isArray(json);
}
