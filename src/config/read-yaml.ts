import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLMap,
} from 'yaml';

import { type ConfigProblem, formatPath, type SettingPath } from './config-problem.ts';
import { substituteEnvironment } from './substitute-environment.ts';
import { isNestedTooDeeply } from './yaml-depth.ts';

/** A YAML file as plain values, with what is to say about it. */
export interface YamlReading {
  /** `undefined` when the file is not YAML at all; then only `problems` counts. */
  readonly value: unknown;
  readonly problems: readonly ConfigProblem[];
  /** Formatted paths of the texts that hold something of the environment. */
  readonly environmentPaths: readonly string[];
  /** Line of a setting; of the nearest one around it when it is not in the file. */
  readonly lineOf: (path: SettingPath) => number | undefined;
}

/** Far beyond any real configuration; they keep a hostile or mistaken file from eating the process. */
const MAX_NODES = 50_000;
const MAX_DEPTH = 40;
const MAX_ALIASES = 100;

/**
 * Reads YAML 1.2 and replaces variables of the environment in its texts.
 *
 * A key that stands twice in a mapping is a problem; so is a tag that YAML 1.2 does not know.
 */
export function readYaml(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): YamlReading {
  const lines = new LineCounter();
  const lineAt = (offset: number | undefined): number | undefined =>
    offset === undefined ? undefined : lines.linePos(offset).line;
  const problems: ConfigProblem[] = [];
  const environmentPaths: string[] = [];
  const lineOfPath = new Map<string, number | undefined>();
  const reading = {
    problems,
    environmentPaths,
    lineOf: (path: SettingPath) => {
      for (let length = path.length; length > 0; length--) {
        const line = lineOfPath.get(formatPath(path.slice(0, length)));
        if (line !== undefined) return line;
      }
      return undefined;
    },
  };

  if (isNestedTooDeeply(text))
    return {
      ...reading,
      value: undefined,
      problems: [{ path: [], message: 'is nested too deeply' }],
    };
  // Duplicate keys are looked for while converting, where their path is known.
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
  });
  const faults = [...document.errors, ...document.warnings];
  for (const { message, pos } of faults) {
    // What the parser's messages have after these marks is quoted from the file.
    const [reason = ''] = message.split(/:| %| version/u, 1);
    problems.push({ path: [], message: `is not valid YAML: ${reason}`, line: lineAt(pos[0]) });
  }
  if (faults.length > 0) return { ...reading, value: undefined };

  let nodes = 0;
  let aliases = 0;
  let isBeyondLimits = false;

  const toPlain = (node: Node | null, path: SettingPath): unknown => {
    nodes++;
    if (nodes > MAX_NODES || path.length > MAX_DEPTH || aliases > MAX_ALIASES)
      isBeyondLimits = true;
    if (isBeyondLimits || node === null) return null;
    if (isAlias(node)) {
      aliases++;
      const target = node.resolve(document);
      if (target === undefined)
        problems.push({ path, message: 'is an alias of nothing', line: reading.lineOf(path) });
      return toPlain(target ?? null, path);
    }
    if (isMap<unknown, Node | null>(node)) return toObject(node, path);
    if (isSeq<Node>(node))
      return node.items.map((item, index) => {
        const itemPath = [...path, index];
        lineOfPath.set(formatPath(itemPath), lineAt(item.range?.[0]));
        return toPlain(item, itemPath);
      });
    const value = isScalar(node) ? node.value : undefined;
    return typeof value === 'string' ? toText(value, path) : value;
  };

  const toObject = (map: YAMLMap<unknown, Node | null>, path: SettingPath): unknown => {
    const entries = new Map<string, unknown>();
    for (const { key, value } of map.items) {
      if (!isScalar(key) || (typeof key.value !== 'string' && typeof key.value !== 'number')) {
        problems.push({ path, message: 'has a key that is not text', line: reading.lineOf(path) });
        continue;
      }
      const name = String(key.value);
      const valuePath = [...path, name];
      const line = lineAt(key.range?.[0]);
      if (entries.has(name)) problems.push({ path: valuePath, message: 'is there twice', line });
      else {
        lineOfPath.set(formatPath(valuePath), line);
        entries.set(name, toPlain(value, valuePath));
      }
    }
    return Object.fromEntries(entries);
  };

  const toText = (value: string, path: SettingPath): string => {
    const substitution = substituteEnvironment(value, env);
    if (substitution.isSubstituted) environmentPaths.push(formatPath(path));
    for (const message of substitution.problems)
      problems.push({ path, message, line: reading.lineOf(path) });
    return substitution.text;
  };

  const value = toPlain(document.contents, []);
  if (isBeyondLimits)
    return {
      ...reading,
      value: undefined,
      problems: [
        {
          path: [],
          message: `is too large: at most ${MAX_NODES} values, ${MAX_ALIASES} aliases, ${MAX_DEPTH} levels`,
        },
      ],
    };
  return { ...reading, value: value ?? {} };
}
