import { isRecord } from '../../core/json.ts';
import { describeUnknown } from '../strict-object.ts';
import { type Reference, listReferences } from './list-references.ts';

/**
 * Finds what the form of a script cannot tell: nodes that are named and do not exist, circles in which nobody is ever
 * asked, and questions that no caller can answer.
 *
 * That there is no circle bounds every answer: a call passes each node at most once before the caller is asked.
 *
 * @param document The file as read; parts that do not have the form of a script are passed over, so that their own
 * problems and these are reported together.
 */
export function findReferenceProblems(document: unknown): readonly string[] {
  if (!isRecord(document) || !isRecord(document['nodes'])) return [];
  const { nodes } = document;
  const names = Object.keys(nodes);
  const references = listReferences(document);
  const atOnce = groupTargets(references.filter(({ isAtOnce }) => isAtOnce));
  return [
    ...references
      .filter(({ target }) => !Object.hasOwn(nodes, target))
      .map(({ path, target }) => `${path}: ${describeUnknown('node', target, names)}`),
    ...references
      .filter(({ from, target, isAtOnce }) => isAtOnce && findReached(atOnce, [target]).has(from))
      .map(({ path }) => `${path}: goes in a circle`),
    ...Object.entries(nodes).flatMap(([name, node]) =>
      isRecord(node)
        ? [
            ...findQuestionProblems(`nodes.${name}.ask`, node['ask'], true),
            ...findQuestionProblems(`nodes.${name}.collect`, node['collect'], false),
          ]
        : [],
    ),
  ];
}

/** The nodes that no call can come to. */
export function findUnreachable(document: Readonly<Record<string, unknown>>): readonly string[] {
  const references = listReferences(document);
  const reached = findReached(groupTargets(references), ['']);
  const { nodes } = document;
  return isRecord(nodes) ? Object.keys(nodes).filter((name) => !reached.has(name)) : [];
}

function groupTargets(references: readonly Reference[]): ReadonlyMap<string, readonly string[]> {
  const targets = new Map<string, string[]>();
  for (const { from, target } of references) {
    const list = targets.get(from);
    if (list === undefined) targets.set(from, [target]);
    else list.push(target);
  }
  return targets;
}

function findReached(
  targets: ReadonlyMap<string, readonly string[]>,
  from: readonly string[],
): ReadonlySet<string> {
  // A set that grows while it is read is read to its end.
  const reached = new Set(from);
  for (const name of reached) for (const target of targets.get(name) ?? []) reached.add(target);
  return reached;
}

function findQuestionProblems(at: string, question: unknown, isAsk: boolean): readonly string[] {
  if (!isRecord(question)) return [];
  const problems: string[] = [];
  const { digits: map, speech, hears, length, minLength, confirm } = question;
  const maxLength = question['maxLength'] ?? length;
  const digits = isRecord(map) ? Object.keys(map) : [];
  if (isAsk && digits.length === 0 && speech === undefined && hears === undefined)
    problems.push(`${at}: expected digits, hears or speech, or no answer leads anywhere`);
  if (typeof maxLength === 'number' && typeof minLength === 'number' && minLength > maxLength)
    problems.push(`${at}.minLength: is more than maxLength`);
  for (const key of digits)
    if (key !== 'any' && typeof maxLength === 'number' && key.length > maxLength)
      problems.push(`${at}.digits.${key}: is longer than maxLength`);
  if (isRecord(confirm) && (confirm['yes'] ?? '1') === (confirm['no'] ?? '2'))
    problems.push(`${at}.confirm: yes and no are the same key`);
  return problems;
}
