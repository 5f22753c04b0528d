import { readFile } from 'node:fs/promises';

/** What objects of one kind add up to. */
interface Holding {
  readonly count: number;
  readonly bytes: number;
}

interface Snapshot {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: readonly string[];
      readonly node_types: readonly [readonly string[], ...unknown[]];
    };
  };
  readonly nodes: readonly number[];
  readonly strings: readonly string[];
}

/** Kinds whose names are contents. */
const UNNAMED = new Set(['string', 'concatenated string', 'sliced string', 'number', 'code']);

/** Adds up a heap snapshot by kind of object. */
export async function readHoldings(file: string): Promise<ReadonlyMap<string, Holding>> {
  // The form is V8's own.
  const { snapshot, nodes, strings } = JSON.parse(await readFile(file, 'utf8')) as Snapshot;
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const [typeAt, nameAt, sizeAt] = ['type', 'name', 'self_size'].map((name) =>
    fields.indexOf(name),
  );
  const holdings = new Map<string, Holding>();
  for (let at = 0; at < nodes.length; at += fields.length) {
    const type = types[0][nodes[at + (typeAt ?? 0)] ?? 0] ?? '';
    const name = strings[nodes[at + (nameAt ?? 0)] ?? 0] ?? '';
    const kind = UNNAMED.has(type) ? `(${type})` : `${name.slice(0, 60)} (${type})`;
    const { count, bytes } = holdings.get(kind) ?? { count: 0, bytes: 0 };
    holdings.set(kind, { count: count + 1, bytes: bytes + (nodes[at + (sizeAt ?? 0)] ?? 0) });
  }
  return holdings;
}

/** What came in between two snapshots, per one of `count` things, the most first. */
export function grownHoldings(
  before: ReadonlyMap<string, Holding>,
  after: ReadonlyMap<string, Holding>,
  count: number,
): readonly { readonly kind: string; readonly objects: number; readonly bytes: number }[] {
  return [...after]
    .map(([kind, held]) => {
      const was = before.get(kind) ?? { count: 0, bytes: 0 };
      return {
        kind,
        objects: (held.count - was.count) / count,
        bytes: (held.bytes - was.bytes) / count,
      };
    })
    .toSorted((a, b) => b.bytes - a.bytes);
}
