import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import { z } from 'zod';

import { GatewayError } from '../../core/gateway-error.ts';
import { findProblems } from '../../handlers/strict-object.ts';

/** Visible ASCII: what a header can carry and nobody pastes a line break into. */
const VISIBLE = /^[\x21-\x7e]{1,512}$/u;

/** A key or token that is sent in a header. */
export const secretSchema = z.string().regex(VISIBLE, 'expected visible ASCII without spaces');

/** Where a recogniser is: wss, or ws on the loopback interface; no user, query or fragment. */
export const socketUrlSchema = z
  .string()
  .max(2048)
  .refine(
    isSafeUrl,
    'expected a wss URL without user, query and fragment; ws is for the loopback interface only',
  );

/** What every recogniser that is reached over a WebSocket lets choose. */
export const socketOptionsShape = {
  /** PEM file of the authorities to trust instead of the public ones. */
  ca: z.string().min(1).optional(),
  /** When the final text is late: fail, or take the last guess. */
  whenLate: z.enum(['fail', 'guess']).default('fail'),
  /** Most utterances at a time; one more fails at once. */
  maxSessions: z.int().min(1).max(10_000).default(100),
  /** Longest utterance, in seconds; what comes later is not heard. Bounds what is kept while connecting: 8 KB a second. */
  maxUtteranceSeconds: z.number().min(1).max(600).default(60),
  /** Longest wait for the connection, in seconds. */
  connectTimeoutSeconds: z.number().min(0.1).max(30).default(3),
  /** Longest wait for the final text once the sound has ended, in seconds. */
  resultTimeoutSeconds: z.number().min(0.1).max(30).default(3),
};

/** {@link socketOptionsShape} as it is read. */
export type SocketOptions = z.output<z.ZodObject<typeof socketOptionsShape>> & {
  readonly sensitive: 'send' | 'skip';
};

/**
 * Reads the options of a recogniser.
 *
 * @throws {GatewayError} `ERR_CONFIG_INVALID` with every problem and its path.
 */
export function parseRecogniserOptions<T>(schema: z.ZodType<T>, options: unknown, name: string): T {
  const result = schema.safeParse(options ?? {});
  if (result.success) return result.data;
  const problems = findProblems(schema, options ?? {});
  throw new GatewayError(
    'ERR_CONFIG_INVALID',
    `options of recogniser ${name}: ${problems.join('\n  ')}`,
    { detail: { problems } },
  );
}

/**
 * Reads the authorities of the option `ca`.
 *
 * @returns PEM; `undefined` when the public authorities are trusted.
 * @throws {GatewayError} `ERR_CONFIG_INVALID` when the file cannot be read.
 */
export async function loadAuthorities(
  file: string | undefined,
  baseDir = '.',
): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    const pem = await readFile(resolve(baseDir, file), 'utf8');
    // A file without a certificate would otherwise show with the first utterance.
    void new X509Certificate(pem);
    return pem;
  } catch (cause) {
    const message = 'options of recogniser: ca: expected a PEM file with certificates';
    throw new GatewayError('ERR_CONFIG_INVALID', message, { cause });
  }
}

function isSafeUrl(text: string): boolean {
  if (/[\s\p{Cc}?#]/u.test(text) || !URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return false;
  return protocol === 'wss:' || (protocol === 'ws:' && isLoopback(hostname));
}

function isLoopback(hostname: string): boolean {
  // The parser keeps the host of ws URLs as it does of http: any IPv4 form is four decimal numbers by now.
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/u.test(hostname);
}
