import { isIPv6 } from 'node:net';
import { z } from 'zod';

import type { ListenAddress } from './config.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu;
const HOST_NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/iu;
/** `[IPv6]:port` or `name:port`. */
const ADDRESS = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/u;
const LOOPBACK = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/u;
const MAX_TEXT_LENGTH = 2_048;
const MAX_ORGANISATIONS = 10_000;

/** Tells whether `text` is a UUID, in any case. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** A text that is there, up to 2048 characters. */
export const text = z.string().min(1).max(MAX_TEXT_LENGTH);

/** A length of time in seconds; fractions are allowed. */
export function seconds(min: number, max: number): z.ZodNumber {
  return z.number().min(min).max(max);
}

/** A whole number. */
export function integer(min: number, max: number): z.ZodInt {
  return z.int().min(min).max(max);
}

/** `"host:port"`, IPv6 in brackets. */
export const listenAddress = z
  .string()
  .meta({ format: 'host:port' })
  .transform((value, context): ListenAddress => {
    const [, address, name, port] = ADDRESS.exec(value) ?? [];
    const isHost = address === undefined ? HOST_NAME.test(name ?? '') : isIPv6(address);
    if (isHost && Number(port) <= 65_535)
      return { host: address ?? name ?? '', port: Number(port) };
    context.addIssue({
      code: 'custom',
      message: 'must be "host:port" with a port from 0 to 65535, an IPv6 address in brackets',
    });
    return z.NEVER;
  });

/** An absolute URL, kept character for character: `https`, or `http` on the loopback interface. */
export const secureUrl = text.meta({ format: 'URL' }).superRefine((value, context) => {
  const wrong = faultOfUrl(value);
  if (wrong !== undefined) context.addIssue({ code: 'custom', message: wrong });
});

/** A secret that a header can carry, and long enough not to be guessed. */
export const secretToken = z
  .string()
  .regex(/^[\x21-\x7e]{16,1024}$/u, { error: 'must be 16 to 1024 visible ASCII characters' });

/** A Redis that replicas share. @param meaning What for, as its URL explains it. */
export function redisSectionOf(meaning: string) {
  return z.strictObject({
    url: z
      .string()
      .regex(/^rediss?:\/\/\S+$/u, { error: 'must be a redis:// or rediss:// URL' })
      .describe(meaning),
    keyPrefix: text.default('byova:').describe('What its keys begin with'),
  });
}

/** The UUID of an organisation, in lower case. */
export const organisationId = z
  .string()
  .meta({ format: 'UUID' })
  .refine(isUuid, { error: 'must be the UUID of an organisation' })
  .toLowerCase();

/** `any`, or organisations by their UUID. */
export const organisations = z
  .union([z.literal('any'), z.array(organisationId).min(1).max(MAX_ORGANISATIONS)], {
    error: 'must be "any" or a list of organisation UUIDs',
  })
  .default('any');

function faultOfUrl(value: string): string | undefined {
  if (/[\s\p{Cc}]/u.test(value) || !URL.canParse(value)) return 'must be an absolute URL';
  const { protocol, hostname, username, password } = new URL(value);
  if (protocol !== 'https:' && !(protocol === 'http:' && LOOPBACK.test(hostname)))
    return 'must be an https URL; http is for the loopback interface only';
  if (username !== '' || password !== '') return 'must hold no user name or password';
  if (value.includes('#')) return 'must hold no fragment';
  return undefined;
}
