import type { Command } from 'commander';

import type { IssuerKey } from '../simulator/issuer-key.ts';
import { createTokenIssuer } from '../simulator/token-issuer.ts';
import { type ClaimFlags, addClaimOptions, toClaims } from './claim-options.ts';
import type { CliIo } from './cli-io.ts';
import {
  DEVELOPMENT_KEY_FILE,
  DEVELOPMENT_KEY_PORT,
  type DevelopmentBroker,
  loadOrCreateIssuerKey,
  startDevelopmentBroker,
} from './development.ts';
import { parseMinutes, parsePort } from './option-values.ts';
import { untilSignal } from './until-signal.ts';

interface TokenFlags extends ClaimFlags {
  readonly minutes: number;
  readonly nonce?: string;
  readonly key: string;
  /** `true` without a port. */
  readonly serve?: number | true;
  readonly json?: true;
}

const SECONDS_PER_MINUTE = 60;

/** Adds `byova token`: the broker of a developer. It alone prints a token. */
export function addToken(program: Command, io: CliIo): void {
  addClaimOptions(
    program.command('token').description('mint a signed development token, and serve its key'),
  )
    .option('--minutes <n>', 'life of the token, 1 to 1440', parseMinutes, 60)
    .option('--nonce <text>', 'the jti claim (default: a random UUID)')
    .option('--key <file>', 'key to sign with; created when missing', DEVELOPMENT_KEY_FILE)
    .option(
      '--serve [port]',
      `serve the public key on the loopback interface until stopped (default port: ${DEVELOPMENT_KEY_PORT})`,
      parsePort,
    )
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Nothing but the token goes to standard output.

Examples:
  $ TOKEN=$(byova token --org 00000000-0000-4000-8000-000000000001)
  $ byova token --org 00000000-0000-4000-8000-000000000001 --serve`,
    )
    .action(async (flags: TokenFlags) => mintToken(flags, io));
}

async function mintToken(flags: TokenFlags, io: CliIo): Promise<void> {
  const { key, isNew } = await loadOrCreateIssuerKey(flags.key, io.cwd);
  if (isNew) io.note(`created ${flags.key}: whoever has it can call gateways that trust it`);
  const broker = await startBroker(flags, key);
  const issuer = broker?.issuer ?? (await createTokenIssuer({ issuer: flags.issuer, key }));
  const token = issuer.mint({
    ...toClaims(flags),
    lifetimeSeconds: flags.minutes * SECONDS_PER_MINUTE,
    ...(flags.nonce !== undefined && { tokenId: flags.nonce }),
  });
  const jwksUri = broker?.jwksUri;
  io.print(
    flags.json === true
      ? JSON.stringify({ token, issuer: flags.issuer, jwksUri, keyId: key.keyId }, null, 2)
      : token,
  );
  if (broker === undefined) return;
  io.note(`keys of ${flags.issuer} are served at ${broker.jwksUri}; Ctrl-C stops`);
  await untilSignal(io.events);
  await broker.close();
}

async function startBroker(
  { serve, issuer }: TokenFlags,
  key: IssuerKey,
): Promise<DevelopmentBroker | undefined> {
  if (serve === undefined) return undefined;
  return startDevelopmentBroker({
    key,
    issuer,
    port: serve === true ? DEVELOPMENT_KEY_PORT : serve,
  });
}
