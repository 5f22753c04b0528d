import type { Command } from 'commander';

import { systemClock } from '../core/clock.ts';
import { type Webex, type WebexTls, connectWebex } from '../simulator/caller.ts';
import { createTokenIssuer } from '../simulator/token-issuer.ts';
import { type ClaimFlags, addClaimOptions, toClaims } from './claim-options.ts';
import { CliError, EXIT_USAGE } from './cli-error.ts';
import type { CliIo } from './cli-io.ts';
import { DEVELOPMENT_KEY_FILE, loadIssuerKey } from './development.ts';
import { parseTarget } from './option-values.ts';
import { readUserFile } from './user-files.ts';

/** What the options of {@link addConnectionOptions} give. */
export interface ConnectionFlags extends ClaimFlags {
  readonly target: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly issuerKey?: string;
  readonly rawToken?: true;
  readonly tls?: true;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
}

/** Adds the options that say which gateway to call, and with what credential. */
export function addConnectionOptions(command: Command): Command {
  command
    .requiredOption('--target <host:port>', 'gateway to call', parseTarget)
    .option('--token <jws>', 'token to present')
    .option('--token-file <file>', 'file that holds the token')
    .option('--issuer-key <file>', `key to mint a token with, such as ${DEVELOPMENT_KEY_FILE}`)
    .option('--raw-token', 'send the token without "Bearer " before it, as Webex may');
  return addClaimOptions(command)
    .option('--tls', 'speak TLS')
    .option('--ca <file>', 'certificates to trust instead of the machine’s')
    .option('--cert <file>', 'client certificate, for a gateway that demands one')
    .option('--key <file>', 'key of the client certificate')
    .option('--server-name <name>', 'name to expect in the gateway’s certificate');
}

/**
 * Creates the simulated Webex that the options describe; it connects at the first RPC.
 *
 * @throws {CliError} When options do not go together, or a file cannot be read.
 */
export async function connect(flags: ConnectionFlags, io: Pick<CliIo, 'cwd'>): Promise<Webex> {
  const tls = await readTls(flags, io.cwd);
  return connectWebex({
    target: flags.target,
    token: await readToken(flags, io.cwd),
    scheme: flags.rawToken === true ? 'raw' : 'bearer',
    ...(tls && { tls }),
  });
}

async function readToken(flags: ConnectionFlags, cwd: string): Promise<string> {
  const { token, tokenFile, issuerKey, issuer } = flags;
  if ([token, tokenFile, issuerKey].filter((given) => given !== undefined).length !== 1)
    throw new CliError('give exactly one of --token, --token-file and --issuer-key', EXIT_USAGE);
  if (issuerKey !== undefined) {
    const broker = await createTokenIssuer({ issuer, key: await loadIssuerKey(issuerKey, cwd) });
    return broker.mint(toClaims(flags), { claims: toGeneration(systemClock.now()) });
  }
  const text = tokenFile === undefined ? token : (await readUserFile(tokenFile, cwd)).toString();
  const jws = text?.trim() ?? '';
  // What a header cannot carry would fail deep inside, with the token in the message.
  if (!/^[\x21-\x7e]+$/u.test(jws))
    throw new CliError('the token must be one word of printable ASCII characters', EXIT_USAGE);
  return jws;
}

const HOUR_SECONDS = 3_600;

/**
 * One token an hour, the same whoever mints it with this key: the calls of a developer share a generation, as the calls of a
 * data source do. A fresh nonce for each call would make each a renewal that retires the one before the last.
 */
function toGeneration(nowMs: number): {
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
} {
  const hour = Math.floor(nowMs / 1000 / HOUR_SECONDS);
  const iat = hour * HOUR_SECONDS;
  return { jti: `development-${hour}`, iat, exp: iat + 2 * HOUR_SECONDS };
}

async function readTls(flags: ConnectionFlags, cwd: string): Promise<WebexTls | undefined> {
  const { tls, ca, cert, key, serverName } = flags;
  const needsTls = [ca, cert, key, serverName].some((given) => given !== undefined);
  if (tls !== true) {
    if (needsTls)
      throw new CliError('--ca, --cert, --key and --server-name need --tls', EXIT_USAGE);
    return undefined;
  }
  if ((cert === undefined) !== (key === undefined))
    throw new CliError('--cert and --key need each other', EXIT_USAGE);
  const read = async (file: string | undefined): Promise<Buffer | undefined> =>
    file === undefined ? undefined : readUserFile(file, cwd);
  const [caPem, certPem, keyPem] = await Promise.all([read(ca), read(cert), read(key)]);
  return {
    ...(caPem && { ca: caPem }),
    ...(certPem && { cert: certPem }),
    ...(keyPem && { key: keyPem }),
    ...(serverName !== undefined && { serverName }),
  };
}
