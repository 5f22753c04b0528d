import { isRecord } from '../../core/json.ts';
import { type NameUse, findSensitive, listNameUses } from './sensitive-names.ts';
import { findNameProblem } from './value-names.ts';

/** Most variables of a script: each is kept for each call. */
const MAX_VARIABLES = 64;

/**
 * Finds what is wrong with the names that a script reads and sets: unknown ones, and confidential ones where they would
 * be spoken or kept.
 *
 * @param document The file as read; parts that do not have the form of a script are passed over.
 */
export function findNameProblems(document: unknown): readonly string[] {
  if (!isRecord(document)) return [];
  const settings = listSettings(document);
  const variables = new Set(settings.map(({ name }) => name));
  const sensitive = findSensitive(document);
  return [
    ...(variables.size > MAX_VARIABLES ? [`variables: more than ${MAX_VARIABLES} of them`] : []),
    ...listNameUses(document).flatMap((use) => {
      const problem = findUseProblem(use, variables, sensitive);
      return problem === undefined ? [] : [`${use.path}: ${problem}`];
    }),
    ...settings
      .filter(({ name, value }) => sensitive.has(name) && value !== null && value !== COLLECTED)
      .map(({ path }) => `${path}: is collected in confidence; it can only be set to null`),
  ];
}

const COLLECTED = Symbol('collected');

interface SettingSource {
  readonly path: string;
  readonly name: string;
  readonly value: unknown;
}

function listSettings(document: Readonly<Record<string, unknown>>): readonly SettingSource[] {
  const nodes = isRecord(document['nodes']) ? Object.entries(document['nodes']) : [];
  return [
    ...toSettings('variables', document['variables']),
    ...nodes.flatMap(([node, parts]) => {
      if (!isRecord(parts)) return [];
      const { set, collect } = parts;
      const into: unknown = isRecord(collect) ? collect['into'] : undefined;
      return [
        ...toSettings(`nodes.${node}.set`, set),
        ...(typeof into === 'string'
          ? [{ path: `nodes.${node}.collect.into`, name: into, value: COLLECTED }]
          : []),
      ];
    }),
  ];
}

function toSettings(path: string, values: unknown): readonly SettingSource[] {
  if (!isRecord(values)) return [];
  return Object.entries(values).map(([name, value]) => ({ path: `${path}.${name}`, name, value }));
}

function findUseProblem(
  { path, name, allowsSensitive, isInSensitiveQuestion }: NameUse,
  variables: ReadonlySet<string>,
  sensitive: ReadonlyMap<string, unknown>,
): string | undefined {
  if (name === undefined) return 'expected a name between {{ and }}, such as {{ account }}';
  const problem = findNameProblem(name, variables);
  if (problem !== undefined) return problem;
  if (path === 'language.from' && name === 'language') return 'the language cannot follow itself';
  const isAnswer = isInSensitiveQuestion && (name === 'digits' || name === 'speech');
  if ((!sensitive.has(name) && !isAnswer) || allowsSensitive) return undefined;
  return `"${name}" is confidential: only a condition, or metadata, beside allowSensitive: true may read it`;
}
