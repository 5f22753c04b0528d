import { GatewayError } from '../../core/gateway-error.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type {
  Struct,
  Struct__Output,
} from '../generated/voice-virtual-agent/google/protobuf/Struct.ts';
import type {
  Value,
  Value__Output,
} from '../generated/voice-virtual-agent/google/protobuf/Value.ts';

/** How deep objects and lists may nest, the outermost object included. protobufjs itself ends near 48. */
export const MAX_STRUCT_DEPTH = 32;

/**
 * Decodes a `google.protobuf.Struct`; an absent one is an empty object.
 *
 * What JSON cannot hold (NaN, the infinities) and what nests deeper than {@link MAX_STRUCT_DEPTH} becomes null, so that
 * odd parameters never cost a caller the call. A key such as `__proto__` is a key like any other.
 */
export function decodeStruct(struct: Struct__Output | null): JsonObject {
  return struct === null ? {} : decodeFields(struct, 1);
}

function decodeFields(struct: Struct__Output, depth: number): JsonObject {
  // Object.fromEntries defines properties where an assignment to `__proto__` would set the prototype.
  return Object.fromEntries(
    Object.entries(struct.fields).map(([key, value]) => [key, decodeValue(value, depth)]),
  );
}

function decodeValue(value: Value__Output, depth: number): JsonValue {
  const { numberValue, stringValue, boolValue, structValue, listValue } = value;
  if (stringValue !== undefined) return stringValue;
  if (boolValue !== undefined) return boolValue;
  if (numberValue !== undefined) return Number.isFinite(numberValue) ? numberValue : null;
  if (depth === MAX_STRUCT_DEPTH) return null;
  if (structValue) return decodeFields(structValue, depth + 1);
  if (listValue) return listValue.values.map((item) => decodeValue(item, depth + 1));
  return null;
}

/**
 * Encodes a JSON object as a `google.protobuf.Struct`.
 *
 * As in JSON.stringify, a property that is undefined is left out and a number that JSON cannot hold becomes null.
 *
 * @throws {GatewayError} `ERR_HANDLER_OUTPUT` when it nests deeper than {@link MAX_STRUCT_DEPTH} (a cycle does) or holds
 * what is no JSON.
 */
export function encodeStruct(json: JsonObject): Struct {
  return encodeFields(json, 1);
}

function encodeFields(json: JsonObject, depth: number): Struct {
  return {
    fields: Object.fromEntries(
      Object.entries(json)
        .filter(([, value]) => value !== undefined)
        .map(([key, value]) => [key, encodeValue(value, depth)]),
    ),
  };
}

function encodeValue(value: JsonValue | undefined, depth: number): Value {
  if (value === null || value === undefined) return { nullValue: 'NULL_VALUE' };
  switch (typeof value) {
    case 'string':
      return { stringValue: value };
    case 'boolean':
      return { boolValue: value };
    case 'number':
      return Number.isFinite(value) ? { numberValue: value } : { nullValue: 'NULL_VALUE' };
    case 'object':
      if (depth === MAX_STRUCT_DEPTH)
        throw new GatewayError(
          'ERR_HANDLER_OUTPUT',
          `Event metadata nests deeper than ${MAX_STRUCT_DEPTH} levels`,
        );
      return isList(value)
        ? { listValue: { values: value.map((item) => encodeValue(item, depth + 1)) } }
        : { structValue: encodeFields(value, depth + 1) };
    default:
      // A bot in plain JavaScript may well return a function or a bigint.
      throw new GatewayError('ERR_HANDLER_OUTPUT', 'Event metadata holds a value that is no JSON');
  }
}

/** `Array.isArray`, which narrows read-only arrays as well. */
function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
