import { isRecord } from '../../core/json.ts';

/** A place of a script that names a node. */
export interface Reference {
  readonly path: string;
  /** The node that it is part of; empty for the script itself. */
  readonly from: string;
  readonly target: string;
  /** Whether a call goes there without an answer of the caller. */
  readonly isAtOnce: boolean;
}

/** Finds every place that names a node; what does not have the form of a script is passed over. */
export function listReferences(document: Readonly<Record<string, unknown>>): readonly Reference[] {
  const nodes = isRecord(document['nodes']) ? Object.entries(document['nodes']) : [];
  return [
    ...toReferences('', '', document, ['start']),
    ...toReferences('', 'events.', document['events']),
    ...nodes.flatMap(([name, node]) => (isRecord(node) ? listOfNode(name, node) : [])),
  ];
}

function listOfNode(name: string, node: Readonly<Record<string, unknown>>): readonly Reference[] {
  const at = `nodes.${name}.`;
  const branches: readonly unknown[] = Array.isArray(node['branch'])
    ? node['branch']
    : [node['branch']];
  return [
    ...toReferences(name, at, node, ['goto'], true),
    ...branches.flatMap((branch, index) =>
      toReferences(name, `${at}branch.${index}.`, branch, ['goto'], true),
    ),
    ...['ask', 'collect'].flatMap((key) => listOfQuestion(name, `${at}${key}.`, node[key])),
  ];
}

function listOfQuestion(from: string, at: string, question: unknown): readonly Reference[] {
  if (!isRecord(question)) return [];
  const { hears } = question;
  return [
    ...toReferences(from, at, question, ['goto', 'speech', 'otherwise']),
    ...toReferences(from, `${at}digits.`, question['digits']),
    ...toReferences(from, `${at}events.`, question['events']),
    // Here the node is the key, for it has many phrases.
    ...(isRecord(hears) ? Object.keys(hears) : []).map((target) => ({
      path: `${at}hears.${target}`,
      from,
      target,
      isAtOnce: false,
    })),
  ];
}

function toReferences(
  from: string,
  at: string,
  map: unknown,
  keys?: readonly string[],
  isAtOnce = false,
): readonly Reference[] {
  if (!isRecord(map)) return [];
  return (keys ?? Object.keys(map)).flatMap((key) => {
    const target = map[key];
    return typeof target === 'string' ? [{ path: `${at}${key}`, from, target, isAtOnce }] : [];
  });
}
