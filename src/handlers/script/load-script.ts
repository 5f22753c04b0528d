import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';

import { parseDocument } from 'yaml';

import { loadResampler } from '../../audio/resample.ts';
import { toTelephoneAudio } from '../../audio/to-telephone.ts';
import { decodeWav } from '../../audio/wav.ts';
import { GatewayError, isGatewayError } from '../../core/gateway-error.ts';
import { isRecord } from '../../core/json.ts';
import { findProblems, problemsError } from '../strict-object.ts';
import { type Script, compileScript } from './compile-script.ts';
import { findNameProblems } from './script-names.ts';
import { findReferenceProblems } from './script-references.ts';
import { scriptSchema } from './script-schema.ts';

/**
 * Reads a script and the sounds that it plays; WAV files are looked for from the folder of the script.
 *
 * @throws {GatewayError} `ERR_HANDLER_LOAD` with every problem of the file and its path, or, when it is no YAML, every
 * problem and its line.
 */
export async function loadScript(file: string): Promise<Script> {
  const title = `script ${basename(file)}`;
  const document = parseYaml(await readScript(file), title);
  const { sounds, problems } = await loadSounds(document, dirname(file));
  const all = [
    ...findProblems(scriptSchema, document),
    ...findReferenceProblems(document),
    ...findNameProblems(document),
    ...problems,
  ];
  if (all.length > 0) throw problemsError(title, all);
  return compileScript(scriptSchema.parse(document), sounds);
}

async function readScript(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new GatewayError('ERR_HANDLER_LOAD', `script ${basename(file)}: cannot be read`, {
      cause,
      detail: { file },
    });
  }
}

function parseYaml(text: string, title: string): unknown {
  // As strings, so that a key that begins with 0 is not a number.
  const document = parseDocument(text, { stringKeys: true, prettyErrors: true });
  const problems = document.errors.map(({ message }) => message.split('\n')[0] ?? message);
  if (problems.length > 0) throw problemsError(title, problems);
  return document.toJS();
}

interface Sounds {
  readonly sounds: ReadonlyMap<string, Uint8Array>;
  readonly problems: readonly string[];
}

async function loadSounds(document: unknown, folder: string): Promise<Sounds> {
  const sounds = new Map<string, Uint8Array>();
  const problems: string[] = [];
  const resamplers = await loadResampler();
  for (const { path, file } of listSounds(document)) {
    if (sounds.has(file)) continue;
    try {
      const wav = decodeWav(await readFile(resolve(folder, file)));
      sounds.set(file, toTelephoneAudio(wav, resamplers));
    } catch (error) {
      problems.push(`${path}: ${isGatewayError(error) ? error.message : `cannot read "${file}"`}`);
    }
  }
  return { sounds, problems };
}

/** Looks at a file whose form was not checked, so that all problems come at once. */
function listSounds(
  document: unknown,
): readonly { readonly path: string; readonly file: string }[] {
  if (!isRecord(document) || !isRecord(document['nodes'])) return [];
  return Object.entries(document['nodes']).flatMap(([name, node]) => {
    const play: unknown = isRecord(node) ? node['play'] : undefined;
    const items: readonly unknown[] = Array.isArray(play) ? play : [play];
    return items
      .flatMap((item) => (isRecord(item) ? Object.values(item) : [item]))
      .flatMap((file) => (typeof file === 'string' ? [{ path: `nodes.${name}.play`, file }] : []));
  });
}
