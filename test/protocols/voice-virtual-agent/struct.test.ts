import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../../src/core/json.ts';
import { decodeTurnMessage } from '../../../src/protocols/voice-virtual-agent/decode.ts';
import { encodeTurnOutput } from '../../../src/protocols/voice-virtual-agent/encode.ts';
import {
  decodeStruct,
  encodeStruct,
  MAX_STRUCT_DEPTH,
} from '../../../src/protocols/voice-virtual-agent/struct.ts';
import { loadVoiceVirtualAgent } from '../../../src/protocols/voice-virtual-agent/wire.ts';

const { ProcessCallerInput } = loadVoiceVirtualAgent();

/** As parameters of a custom event, over the wire, from Webex. */
function carryIn(json: JsonObject): JsonObject {
  const { input } = decodeTurnMessage(
    ProcessCallerInput.requestDeserialize(
      ProcessCallerInput.requestSerialize({
        event_input: { event_type: 'CUSTOM_EVENT', parameters: encodeStruct(json) },
      }),
    ),
  );
  if (input.type !== 'custom-event') throw new Error('not a custom event');
  return input.parameters;
}

/** As metadata of an output event, over the wire, to Webex. */
function carryOut(metadata: JsonObject): JsonObject {
  const bytes = encodeTurnOutput({
    responseType: 'final',
    prompts: [],
    event: { type: 'custom-event', name: '', metadata },
    listen: undefined,
    transcript: undefined,
    summary: undefined,
  });
  return decodeStruct(
    ProcessCallerInput.responseDeserialize(bytes).output_events[0]?.metadata ?? null,
  );
}

const isPlain = (value: JsonValue | undefined): boolean =>
  Object.getPrototypeOf(value) === Object.prototype;

/** An object whose deepest container is at `depth`, itself being at 1. */
function nest(depth: number, innermost: JsonObject = { end: true }): JsonObject {
  return depth === 1 ? innermost : { deeper: nest(depth - 1, innermost) };
}

describe('free-form data of an event', () => {
  it('[check 11] carries nested JSON, numbers and null both ways', () => {
    const json: JsonObject = {
      text: 'Grüße 👋',
      empty: '',
      whole: 42,
      zero: 0,
      fraction: -0.125,
      large: 9_007_199_254_740_991,
      yes: true,
      no: false,
      nothing: null,
      list: [1, 'two', null, [], [[3]], { four: 4 }],
      object: { inner: { innermost: null }, none: {} },
    };
    expect(carryIn(json)).toEqual(json);
    expect(carryOut(json)).toEqual(json);
  });

  it('[check 11] carries any JSON object both ways', () => {
    const keys = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('__proto__', 'constructor', 'toString', 'fields', ''),
    );
    const objects = fc.dictionary(keys, fc.jsonValue({ maxDepth: 5, stringUnit: 'grapheme' }), {
      maxKeys: 6,
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(objects, (json) => {
        expect(carryIn(json as JsonObject)).toEqual(json);
        expect(carryOut(json as JsonObject)).toEqual(json);
      }),
      { numRuns: 200 },
    );
  });

  it('never lets a key reach a prototype', () => {
    const json = JSON.parse('{"__proto__":{"polluted":1},"a":{"__proto__":[1]}}') as JsonObject;
    const carried = carryIn(json);
    expect(isPlain(carried)).toBe(true);
    expect(isPlain(carried['a'])).toBe(true);
    expect(JSON.stringify(carried)).toBe(JSON.stringify(json));
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('is an empty object when it is absent', () => {
    expect(decodeStruct(null)).toEqual({});
  });

  it('becomes null where the wire holds a number that JSON cannot', () => {
    const fields = { a: { numberValue: Number.NaN }, b: { numberValue: Number.POSITIVE_INFINITY } };
    expect(decodeStruct({ fields })).toEqual({ a: null, b: null });
    expect(decodeStruct({ fields: { none: {} } })).toEqual({ none: null });
  });
});

describe('the depth of free-form data', () => {
  it('may reach the limit both ways', () => {
    const deepest = nest(MAX_STRUCT_DEPTH);
    expect(carryIn(deepest)).toEqual(deepest);
    expect(carryOut(deepest)).toEqual(deepest);
  });

  it('is cut with null when a caller goes beyond it', () => {
    let struct = encodeStruct({ end: true });
    for (let level = 1; level < MAX_STRUCT_DEPTH + 5; level++)
      struct = { fields: { deeper: { structValue: struct } } };
    const { input } = decodeTurnMessage(
      ProcessCallerInput.requestDeserialize(
        ProcessCallerInput.requestSerialize({
          event_input: { event_type: 'SESSION_START', parameters: struct },
        }),
      ),
    );
    expect(input).toEqual({
      type: 'session-start',
      name: '',
      parameters: nest(MAX_STRUCT_DEPTH, { deeper: null }),
    });
  });

  it('is an error of the bot when the bot goes beyond it', () => {
    expect(() => encodeStruct(nest(MAX_STRUCT_DEPTH + 1))).toThrow(
      expect.objectContaining({ code: 'ERR_HANDLER_OUTPUT' }),
    );
    const cycle: Record<string, JsonValue> = {};
    cycle['left'] = cycle;
    cycle['right'] = [cycle];
    expect(() => encodeStruct(cycle)).toThrow(
      expect.objectContaining({ code: 'ERR_HANDLER_OUTPUT' }),
    );
  });
});

describe('what a bot in plain JavaScript may return as metadata', () => {
  it('leaves out what is undefined, and writes null for a number that JSON cannot hold', () => {
    const json = { gone: undefined, list: [undefined, Number.NaN] } as unknown as JsonObject;
    expect(carryOut({ kept: 1, ...json })).toEqual({ kept: 1, list: [null, null] });
  });

  it.each([1n, () => 1, Symbol('x')])('is an error when it is no JSON: %s', (value) => {
    expect(() => encodeStruct({ value } as unknown as JsonObject)).toThrow(
      expect.objectContaining({ code: 'ERR_HANDLER_OUTPUT' }),
    );
  });
});
