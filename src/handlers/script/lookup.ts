import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { BotCall } from '../bot-handler.ts';
import type { Scalar } from './script-state.ts';
import type { Lookup } from './template.ts';

/** What a script may know of a call. */
export type ScriptCall = Pick<
  BotCall,
  'conversationId' | 'organisationId' | 'agentId' | 'language' | 'parameters' | 'vendorConfig'
>;

/** What the caller or the flow just did, as far as a script may read it. */
export interface Heard {
  readonly digits?: string | undefined;
  readonly speech?: string | undefined;
  readonly event?: { readonly name: string; readonly parameters: JsonObject } | undefined;
}

/** Where names are looked for. */
export interface LookupSources {
  readonly call: ScriptCall;
  readonly heard: Heard;
  readonly variables: Readonly<Record<string, Scalar>>;
  readonly sensitive: Readonly<Record<string, Scalar>>;
  /** The language of the call. */
  readonly language: () => string;
}

/**
 * Makes the look-up of names: built-in ones, then variables. Whether a name may be used where it stands was decided
 * when the script was loaded.
 */
export function createLookup({ call, heard, ...sources }: LookupSources): Lookup {
  let vendorConfig: { readonly parsed: unknown } | undefined;
  return (name) => {
    const [first = '', second = '', ...path] = name.split('.');
    switch (first) {
      case 'digits':
      case 'speech':
        return heard[first];
      case 'language':
        return sources.language();
      case 'event':
        return second === 'name' ? heard.event?.name : follow(heard.event?.parameters, path);
      case 'call':
        if (second !== 'vendorConfig') return lookUpCall(call, second, path);
        if (path.length === 0) return call.vendorConfig;
        vendorConfig ??= { parsed: parseJson(call.vendorConfig) };
        return follow(vendorConfig.parsed, path);
      default:
        return own(sources.variables, first) ?? own(sources.sensitive, first);
    }
  };
}

function lookUpCall(
  call: ScriptCall,
  field: string,
  path: readonly string[],
): JsonValue | undefined {
  switch (field) {
    case 'conversationId':
    case 'organisationId':
    case 'agentId':
    case 'language':
      return call[field];
    case 'parameters':
      return follow(call.parameters, path);
    default:
      return undefined;
  }
}

/** Text that is no JSON has no parts. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function follow(value: unknown, path: readonly string[]): JsonValue | undefined {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = own(at as Readonly<Record<string, unknown>>, key);
  }
  // What it starts from is JSON, and so is every part of it.
  return at as JsonValue | undefined;
}

function own<T>(map: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}
