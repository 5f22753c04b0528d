import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { BotCall } from '../bot-handler.ts';
import type { Values } from './script-state.ts';
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

/** Where names are looked for, each time that one is. */
export interface LookupSources {
  readonly call: ScriptCall;
  readonly heard: Heard;
  readonly variables: Values;
  readonly sensitive: Values;
  /** The language of the call. */
  readonly language: string;
}

/**
 * Makes the look-up of names: built-in ones, then variables. Whether a name may be used where it stands was decided
 * when the script was loaded.
 */
export function createLookup(sources: LookupSources): Lookup {
  const { call, heard } = sources;
  let vendorConfig: { readonly parsed: unknown } | undefined;
  return (name) => {
    switch (name) {
      case 'digits':
      case 'speech':
        return heard[name];
      case 'language':
        return sources.language;
      case 'event.name':
        return heard.event?.name;
      case 'call.conversationId':
        return call.conversationId;
      case 'call.organisationId':
        return call.organisationId;
      case 'call.agentId':
        return call.agentId;
      case 'call.language':
        return call.language;
      case 'call.vendorConfig':
        return call.vendorConfig;
      default:
    }
    if (!name.includes('.')) return own(sources.variables, name) ?? own(sources.sensitive, name);
    if (!name.startsWith('call.vendorConfig.')) return lookUpPath(sources, name);
    vendorConfig ??= { parsed: parseJson(call.vendorConfig) };
    return follow(vendorConfig.parsed, name.split('.').slice(2));
  };
}

function lookUpPath({ call, heard }: LookupSources, name: string): JsonValue | undefined {
  const [first, second, ...path] = name.split('.');
  if (first === 'event') return follow(heard.event?.parameters, path);
  return first === 'call' && second === 'parameters' ? follow(call.parameters, path) : undefined;
}

/** Text that is no JSON has no parts, and an error for it costs more than the rest of an answer. */
function parseJson(text: string): unknown {
  if (!/^\s*[[{]/u.test(text)) return undefined;
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
