import type { Command } from 'commander';

import type { Listing } from '../simulator/listing.ts';
import { CliError, EXIT_FAILED } from './cli-error.ts';
import type { CliIo } from './cli-io.ts';
import { type ConnectionFlags, addConnectionOptions, connect } from './connection-options.ts';
import { createPalette } from './palette.ts';
import { describeRefusal } from './status-words.ts';
import { formatTable } from './table.ts';

/** Adds `byova agents`: what the author of a flow sees. */
export function addAgents(program: Command, io: CliIo): void {
  addConnectionOptions(
    program
      .command('agents')
      .description('list the virtual agents that an organisation may choose'),
  )
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Example:
  $ byova agents --target 127.0.0.1:50051 --issuer-key .byova/issuer-key.json \\
      --org 00000000-0000-4000-8000-000000000001`,
    )
    .action(async (flags: ConnectionFlags & { readonly json?: true }) => {
      const webex = await connect(flags, io);
      const listing = await webex.listVirtualAgents(flags.org).finally(() => webex.close());
      if (listing.status.name !== 'OK')
        throw new CliError(describeRefusal(flags.target, listing.status));
      if (flags.json === true) io.print(JSON.stringify(toDocument(listing), null, 2));
      else for (const line of formatListing(listing, io.hasColour)) io.print(line);
      if (listing.violations.length > 0) io.exitWith(EXIT_FAILED);
    });
}

function toDocument({ agents, violations }: Listing): object {
  return { agents, contract: { kept: violations.length === 0, violations } };
}

/** Shows a catalogue as a table, and what is wrong with it. */
export function formatListing(
  { agents, violations }: Pick<Listing, 'agents' | 'violations'>,
  hasColour: boolean,
): readonly string[] {
  const { bold, red } = createPalette(hasColour);
  const [head = '', ...rows] = formatTable([
    ['ID', 'NAME', 'DEFAULT', 'ATTRIBUTES'],
    ...agents.map(({ id, name, isDefault, attributes }) => [
      id,
      name,
      isDefault ? '✓' : '',
      Object.entries(attributes)
        .map(([key, value]) => `${key}=${value}`)
        .join(' '),
    ]),
  ]);
  return [
    ...(agents.length === 0 ? ['no virtual agents'] : [bold(head), ...rows]),
    ...violations.map(({ check, rule }) => red(`✗ contract broken, check ${check}: ${rule}`)),
  ];
}
