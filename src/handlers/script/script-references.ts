import { isRecord } from '../../core/json.ts';
import { describeUnknown } from '../strict-object.ts';

/**
 * Finds what the form of a script cannot tell: nodes that are named and do not exist, `goto` circles in which nobody is
 * ever asked, and questions that no caller can answer.
 *
 * @param document The file as read; parts that do not have the form of a script are passed over, so that their own
 * problems and these are reported together.
 */
export function findReferenceProblems(document: unknown): readonly string[] {
  if (!isRecord(document) || !isRecord(document['nodes'])) return [];
  const { nodes } = document;
  const names = Object.keys(nodes);
  return [
    ...listReferences(document, nodes)
      .filter(({ target }) => !Object.hasOwn(nodes, target))
      .map(({ path, target }) => `${path}: ${describeUnknown('node', target, names)}`),
    ...names
      .filter((name) => isInCircle(nodes, name))
      .map((name) => `nodes.${name}.goto: goes in a circle`),
    ...Object.entries(nodes).flatMap(([name, node]) =>
      isRecord(node) && isRecord(node['ask'])
        ? findAskProblems(`nodes.${name}.ask`, node['ask'])
        : [],
    ),
  ];
}

interface Reference {
  readonly path: string;
  readonly target: string;
}

function listReferences(document: Readonly<Record<string, unknown>>, nodes: object): Reference[] {
  return [
    ...toReferences('', document, ['start']),
    ...toReferences('events.', document['events']),
    ...Object.entries(nodes).flatMap(([name, node]: [string, unknown]) => {
      const ask = isRecord(node) ? node['ask'] : undefined;
      const at = `nodes.${name}.`;
      return [
        ...toReferences(at, node, ['goto']),
        ...toReferences(`${at}ask.`, ask, ['speech', 'otherwise']),
        ...toReferences(`${at}ask.digits.`, isRecord(ask) ? ask['digits'] : undefined),
        ...toReferences(`${at}ask.events.`, isRecord(ask) ? ask['events'] : undefined),
      ];
    }),
  ];
}

function toReferences(at: string, map: unknown, keys?: readonly string[]): Reference[] {
  if (!isRecord(map)) return [];
  return (keys ?? Object.keys(map)).flatMap((key) => {
    const target = map[key];
    return typeof target === 'string' ? [{ path: `${at}${key}`, target }] : [];
  });
}

function isInCircle(nodes: Readonly<Record<string, unknown>>, name: string): boolean {
  const passed = new Set<string>();
  for (let at: unknown = name; typeof at === 'string' && Object.hasOwn(nodes, at);) {
    if (passed.has(at)) return at === name;
    passed.add(at);
    const node = nodes[at];
    at = isRecord(node) ? node['goto'] : undefined;
  }
  return false;
}

function findAskProblems(at: string, ask: Readonly<Record<string, unknown>>): readonly string[] {
  const problems: string[] = [];
  const digits = isRecord(ask['digits']) ? Object.keys(ask['digits']) : [];
  const { minLength, maxLength } = ask;
  if (digits.length === 0 && ask['speech'] === undefined)
    problems.push(`${at}: expected digits or speech, or no answer leads anywhere`);
  if (typeof maxLength === 'number' && typeof minLength === 'number' && minLength > maxLength)
    problems.push(`${at}.minLength: is more than maxLength`);
  for (const key of digits)
    if (key !== 'any' && typeof maxLength === 'number' && key.length > maxLength)
      problems.push(`${at}.digits.${key}: is longer than maxLength`);
  return problems;
}
