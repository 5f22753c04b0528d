import { z } from 'zod';

import { MEDIA_FORKING_SCHEMA_ID } from '../protocols/media-forking/schema.ts';
import { MEDIA_INTELLIGENCE_SCHEMA_ID } from '../protocols/media-intelligence/schema.ts';
import { VOICE_VIRTUAL_AGENT_SCHEMA_ID } from '../protocols/voice-virtual-agent/schema.ts';
import { isUuid, organisations, secureUrl, text } from './fields.ts';

/** Names of the data-exchange schemas; their UUIDs are in protocol.md section 1.1. */
const SCHEMA_IDS: ReadonlyMap<string, string> = new Map([
  ['voice-virtual-agent', VOICE_VIRTUAL_AGENT_SCHEMA_ID],
  ['media-forking', MEDIA_FORKING_SCHEMA_ID],
  ['media-intelligence', MEDIA_INTELLIGENCE_SCHEMA_ID],
]);
const SCHEMA_NAMES = [...SCHEMA_IDS.keys()].join(', ');

/** One of `dataSources`. */
export const dataSourceSection = z.strictObject({
  url: secureUrl.describe('The registered URL, character for character'),
  schema: z
    .string()
    .meta({ format: 'name or UUID' })
    .transform((value, context) => {
      const id = SCHEMA_IDS.get(value) ?? (isUuid(value) ? value.toLowerCase() : undefined);
      if (id !== undefined) return id;
      context.addIssue({ code: 'custom', message: `must be a UUID or one of ${SCHEMA_NAMES}` });
      return z.NEVER;
    })
    .describe(`Data-exchange schema: ${SCHEMA_NAMES}, or its UUID`),
  audience: text.describe('The `aud` claim, as registered'),
  subject: text.describe('The `sub` claim, as registered'),
  organizations: organisations.describe(
    'Organisations that may use the data source: `any`, or UUIDs',
  ),
});
