import { z } from 'zod';

import { strictObject } from '../strict-object.ts';

/** Shorter secrets can be guessed from one signed request. */
const MIN_SECRET_LENGTH = 16;
/** A caller hears nothing in the meantime. */
const DEFAULT_TIMEOUT_SECONDS = 10;

/** Options of the bot `http`. */
export const httpOptionsSchema = strictObject({
  /** Where each input of a call is posted to: https, or http on this machine. */
  url: z
    .string()
    .refine(isSafeUrl, 'expected an https URL without user and fragment; http only on loopback'),
  /** Key of the signature. */
  secret: z.string().min(MIN_SECRET_LENGTH),
  /** Longest wait for a whole answer, in seconds. */
  timeoutSeconds: z.number().min(0.1).max(60).default(DEFAULT_TIMEOUT_SECONDS),
});

function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username !== '' || password !== '' || hash !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

/** Whether `hostname`, as an URL gives it, is this machine. */
export function isLoopback(hostname: string): boolean {
  // The parser has already written every form of an IPv4 address as four decimal numbers.
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/u.test(hostname);
}
