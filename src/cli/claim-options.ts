import { type Command, Option } from 'commander';

import type { TokenClaims } from '../simulator/token-issuer.ts';
import { DEVELOPMENT_CLAIMS, DEVELOPMENT_ISSUER } from './development.ts';
import { parseOrganisation, parseSchema } from './option-values.ts';

/** What the options of {@link addClaimOptions} give. */
export interface ClaimFlags {
  readonly org: string;
  readonly url: string;
  readonly audience: string;
  readonly subject: string;
  readonly schema: string;
  readonly issuer: string;
}

/** Adds the options that say for whom a token is and what it claims; their defaults are those of `byova dev`. */
export function addClaimOptions(command: Command): Command {
  return command
    .requiredOption('--org <uuid>', 'organisation that calls', parseOrganisation)
    .option('--url <url>', 'registered URL of the data source', DEVELOPMENT_CLAIMS.url)
    .option('--audience <text>', 'registered audience', DEVELOPMENT_CLAIMS.audience)
    .option('--subject <text>', 'registered subject', DEVELOPMENT_CLAIMS.subject)
    .addOption(
      new Option('--schema <name>', 'data-exchange schema, by name or UUID')
        .argParser(parseSchema)
        .default(DEVELOPMENT_CLAIMS.schemaId, 'voice-virtual-agent'),
    )
    .option('--issuer <url>', 'issuer that the token names', DEVELOPMENT_ISSUER);
}

/** Reads the claims from the options. */
export function toClaims(flags: ClaimFlags): TokenClaims {
  return {
    organisationId: flags.org,
    audience: flags.audience,
    subject: flags.subject,
    url: flags.url,
    schemaId: flags.schema,
  };
}
