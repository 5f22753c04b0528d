import { z } from 'zod';

import { describeUnknown } from '../strict-object.ts';

/** Names of the gateway's own, which no variable may have. */
const RESERVED = ['digits', 'speech', 'language', 'call', 'event'];

const PATH = String.raw`(\.[\w-]{1,64}){1,8}`;
const BUILT_IN = [
  /^(digits|speech|language)$/u,
  /^call\.(conversationId|organisationId|agentId|language|vendorConfig)$/u,
  new RegExp(`^call\\.(parameters|vendorConfig)${PATH}$`, 'u'),
  /^event\.name$/u,
  new RegExp(`^event\\.parameters${PATH}$`, 'u'),
];

/** How built-in names begin, to guess what a wrong one was meant to be. */
const EXAMPLES = [
  'digits',
  'speech',
  'language',
  'event.name',
  'event.parameters',
  'call.conversationId',
  'call.organisationId',
  'call.agentId',
  'call.language',
  'call.vendorConfig',
  'call.parameters',
];

/** The name of a variable of a script. */
export const variableNameSchema = z
  .string()
  .regex(/^[A-Za-z]\w{0,63}$/u, 'expected a name: letters, digits and _, a letter first')
  .refine((name) => !RESERVED.includes(name), 'this name is built in; choose another');

/** What is wrong with a name that a script reads, if anything. */
export function findNameProblem(name: string, variables: ReadonlySet<string>): string | undefined {
  if (variables.has(name) || BUILT_IN.some((form) => form.test(name))) return undefined;
  return describeUnknown('variable', name, [...variables, ...EXAMPLES]);
}
