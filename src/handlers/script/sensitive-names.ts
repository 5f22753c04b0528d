import { isRecord } from '../../core/json.ts';
import { readPlaceholders } from './template.ts';

/** A place of a script that reads a name. */
export interface NameUse {
  readonly path: string;
  /** `undefined`: something that looks like a placeholder and is none. */
  readonly name: string | undefined;
  /** Whether what is confidential may be read there: by a condition or metadata whose author says so. */
  readonly allowsSensitive: boolean;
  /** Whether it is part of a question whose answer is confidential. */
  readonly isInSensitiveQuestion: boolean;
}

interface Place extends Pick<NameUse, 'path' | 'isInSensitiveQuestion'> {
  readonly kind: 'text' | 'condition' | 'metadata';
  /** Whether `allowSensitive` stands here or above. */
  readonly isAllowed: boolean;
}

/**
 * Finds every place that reads a name: placeholders in texts, the variables of conditions, and where the language comes
 * from.
 *
 * @param document The file as read, whatever its form, or a script that fits its schema.
 */
export function listNameUses(document: unknown): readonly NameUse[] {
  if (!isRecord(document)) return [];
  const { nodes, language, ...rest } = document;
  const at = (path: string): Place => ({
    path,
    kind: 'text',
    isAllowed: false,
    isInSensitiveQuestion: false,
  });
  return [
    ...Object.entries(rest).flatMap(([key, value]) => walk(value, at(key))),
    ...(isRecord(language) ? toList(language['from']) : []).flatMap((name) =>
      typeof name === 'string' ? [toUse(name, at('language.from'))] : [],
    ),
    // Names of nodes are the author's own, so the keys of `nodes` mean nothing.
    ...(isRecord(nodes) ? Object.entries(nodes) : []).flatMap(([node, parts]) =>
      (isRecord(parts) ? Object.entries(parts) : []).flatMap(([key, value]) =>
        walk(value, {
          ...at(`nodes.${node}.${key}`),
          isInSensitiveQuestion: isRecord(value) && value['sensitive'] === true,
        }),
      ),
    ),
  ];
}

function walk(value: unknown, place: Place): readonly NameUse[] {
  if (typeof value === 'string') {
    const { names, isMalformed } = readPlaceholders(value);
    return [...names, ...(isMalformed ? [undefined] : [])].map((name) => toUse(name, place));
  }
  if (Array.isArray(value))
    return value.flatMap((item, index) => walk(item, { ...place, path: `${place.path}.${index}` }));
  if (!isRecord(value)) return [];
  const isAllowed =
    place.isAllowed || (place.kind !== 'metadata' && value['allowSensitive'] === true);
  return Object.entries(value).flatMap(([key, item]) => {
    const inner = { ...place, isAllowed, path: `${place.path}.${key}` };
    if (place.kind === 'condition' && key === 'variable' && typeof item === 'string')
      return [toUse(item, inner)];
    return walk(item, { ...inner, kind: toKind(place.kind, key) });
  });
}

function toKind(kind: Place['kind'], key: string): Place['kind'] {
  if (kind !== 'text') return kind;
  if (key === 'when') return 'condition';
  return key === 'metadata' ? 'metadata' : 'text';
}

function toUse(name: string | undefined, place: Place): NameUse {
  const { path, kind, isAllowed, isInSensitiveQuestion } = place;
  return { path, name, allowsSensitive: isAllowed && kind !== 'text', isInSensitiveQuestion };
}

/**
 * The variables that are collected in confidence anywhere in a script; they are confidential everywhere in it. One that
 * nothing reads need not be kept.
 */
export function findSensitive(
  document: unknown,
): ReadonlyMap<string, { readonly isUsed: boolean }> {
  const nodes = isRecord(document) ? document['nodes'] : undefined;
  const uses = new Set(listNameUses(document).map(({ name }) => name));
  return new Map(
    (isRecord(nodes) ? Object.values(nodes) : []).flatMap((node) => {
      const collect = isRecord(node) ? node['collect'] : undefined;
      if (!isRecord(collect) || collect['sensitive'] !== true) return [];
      const { into } = collect;
      return typeof into === 'string' ? [[into, { isUsed: uses.has(into) }] as const] : [];
    }),
  );
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}
