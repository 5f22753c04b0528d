import { isGatewayError } from '../core/gateway-error.ts';
import { VOICE_VIRTUAL_AGENT_SCHEMA_ID } from '../protocols/voice-virtual-agent/schema.ts';
import {
  type IssuerKey,
  exportIssuerKey,
  generateIssuerKey,
  importIssuerKey,
} from '../simulator/issuer-key.ts';
import { startKeyServer } from '../simulator/key-server.ts';
import { type TokenIssuer, createTokenIssuer } from '../simulator/token-issuer.ts';
import { CliError } from './cli-error.ts';
import { isFile, readUserFile, writeUserFile } from './user-files.ts';

/** Port at which `byova token --serve` publishes its keys. */
export const DEVELOPMENT_KEY_PORT = 50_080;

/** The `iss` of development tokens; its keys are where `byova token --serve` publishes them. */
export const DEVELOPMENT_ISSUER = `http://127.0.0.1:${DEVELOPMENT_KEY_PORT}/idb`;

/** Where `byova dev`, `byova token` and `byova call` find the development key. */
export const DEVELOPMENT_KEY_FILE = '.byova/issuer-key.json';

/** Whose calls the advice of `byova dev` and the demo place. */
export const DEVELOPMENT_ORGANISATION = '00000000-0000-4000-8000-000000000001';

/** What a development token says, unless told otherwise. */
export const DEVELOPMENT_CLAIMS = Object.freeze({
  url: 'https://voice.example.com:443',
  audience: 'byova-development',
  subject: 'byova-development',
  schemaId: VOICE_VIRTUAL_AGENT_SCHEMA_ID,
});

/** A broker in this process: it mints tokens, and serves the keys to check them with. */
export interface DevelopmentBroker {
  readonly issuer: TokenIssuer;
  readonly jwksUri: string;
  close(): Promise<void>;
}

/**
 * Starts a broker on the loopback interface.
 *
 * @param options.key Default: a fresh one.
 * @param options.issuer Default: {@link DEVELOPMENT_ISSUER}, wherever the keys are served.
 * @param options.port Default 0: any free one.
 */
export async function startDevelopmentBroker(
  options: { readonly key?: IssuerKey; readonly issuer?: string; readonly port?: number } = {},
): Promise<DevelopmentBroker> {
  const { key, port = 0 } = options;
  const issuer = await createTokenIssuer({
    issuer: options.issuer ?? DEVELOPMENT_ISSUER,
    ...(key && { key }),
  });
  const { jwksUri, close } = await startKeyServer(issuer, { port });
  return { issuer, jwksUri, close };
}

/**
 * Reads an issuer's key from a file that must be there.
 *
 * @throws {CliError} When it cannot be read, or holds no private RSA key.
 */
export async function loadIssuerKey(file: string, cwd: string): Promise<IssuerKey> {
  const text = (await readUserFile(file, cwd)).toString('utf8');
  try {
    return importIssuerKey(text);
  } catch (error) {
    throw new CliError(`cannot use ${file}: ${isGatewayError(error) ? error.message : 'no key'}`);
  }
}

/** Reads an issuer's key, or creates it in a file that only the owner may read. */
export async function loadOrCreateIssuerKey(
  file: string,
  cwd: string,
): Promise<{ readonly key: IssuerKey; readonly isNew: boolean }> {
  if (await isFile(file, cwd)) return { key: await loadIssuerKey(file, cwd), isNew: false };
  const key = await generateIssuerKey();
  await writeUserFile(file, cwd, exportIssuerKey(key, 'jwk'), true);
  return { key, isNew: true };
}
