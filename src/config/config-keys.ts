import { z } from 'zod';

import { configSchema } from './config-schema.ts';

/** One key of the configuration file, for people. */
export interface ConfigKey {
  /** Such as `agents[].bot.use`. */
  readonly path: string;
  /** Such as `whole number, 1 to 64`. */
  readonly type: string;
  /** As it would be written in the file; empty when the key has none, or its meaning tells. */
  readonly default: string;
  readonly meaning: string;
  readonly isRequired: boolean;
}

type JsonSchema = z.core.JSONSchema.JSONSchema;

/** A default longer than this is told in the meaning. */
const MAX_DEFAULT_LENGTH = 60;

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: 'true or false',
  object: 'mapping',
};

/** Every key that holds a value or a list, in the order of the schema; a section is the keys in it. */
export const CONFIG_KEYS: readonly ConfigKey[] = listKeys(
  z.toJSONSchema(configSchema, { io: 'input' }),
  '',
);

/** The keys that may stand in a mapping. `pattern` is its path with `[]` for every index; empty is the top. */
export function knownKeysAt(pattern: string): readonly string[] {
  const prefix = pattern === '' ? '' : `${pattern}.`;
  const names = CONFIG_KEYS.filter(({ path }) => path.startsWith(prefix)).map(
    ({ path }) => path.slice(prefix.length).split(/[.[]/u, 1)[0] ?? '',
  );
  return [...new Set(names)];
}

function listKeys(schema: JsonSchema, path: string): readonly ConfigKey[] {
  const prefix = path === '' ? '' : `${path}.`;
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    if (typeof property === 'boolean') return [];
    if (property.properties !== undefined) return listKeys(property, prefix + name);
    const written = property.default === undefined ? '' : JSON.stringify(property.default);
    const key = {
      path: prefix + name,
      type: typeOf(property),
      default: written.length > MAX_DEFAULT_LENGTH ? '' : written,
      meaning: property.description ?? '',
      isRequired: schema.required?.includes(name) ?? false,
    };
    const { items } = property;
    return isSchema(items) ? [key, ...listKeys(items, `${prefix}${name}[]`)] : [key];
  });
}

function typeOf(schema: JsonSchema): string {
  const { anyOf, const: constant, enum: options, format, items, type } = schema;
  if (anyOf !== undefined) return anyOf.filter(isSchema).map(typeOf).join(', or ');
  if (constant !== undefined) return `\`${String(constant)}\``;
  if (options !== undefined) return options.map((option) => `\`${String(option)}\``).join(', ');
  if (isSchema(items)) return `list of ${typeOf(items)}`;
  if (format !== undefined) return format;
  if (type === 'integer' || type === 'number') {
    const name = type === 'integer' ? 'whole number' : 'number';
    return `${name}, ${schema.minimum ?? ''} to ${schema.maximum ?? ''}`;
  }
  return TYPE_NAMES[String(type)] ?? 'anything';
}

function isSchema(schema: unknown): schema is JsonSchema {
  return typeof schema === 'object' && schema !== null && !Array.isArray(schema);
}
