import { fileURLToPath } from 'node:url';

import { startChildServer } from './child-server.ts';
import { startGreeter } from './greeter.ts';

/** What is measured. */
export const VARIANT_NAMES = ['gateway', 'bare grpc-js', 'bare node:http2'] as const;
export type VariantName = (typeof VARIANT_NAMES)[number];

/** A server that is measured, in a process of its own on the servers' core. */
export interface Variant {
  readonly name: VariantName;
  readonly target: string;
  /** After so long without load, all that its last RPCs cost has been paid, in milliseconds. */
  readonly settleMs: number;
  /** What its process has used of the processor since it began, in microseconds. */
  cpuMicros(): Promise<number>;
  stop(): Promise<void>;
}

/** The gateway gives its last callers up. */
const SETTLE_MS = 2_200;
const BARE_FILES = { 'bare grpc-js': 'bare-echo.ts', 'bare node:http2': 'bare-http2.ts' } as const;

/** Servers that answer the same, the first of which is the gateway, with the token that it asks for. */
export interface Variants {
  readonly token: string;
  readonly all: readonly Variant[];
  stop(): Promise<void>;
}

/**
 * Starts the gateway, with trust, metrics and call logs, and bare servers; each greets a call with a prompt of so many bytes.
 * No caller comes back, so that a turn is a whole call, to its end and the line in the log. Build before.
 */
export async function startVariants(
  promptBytes: number,
  bare: readonly (keyof typeof BARE_FILES)[],
): Promise<Variants> {
  const { token, ...gateway } = await startGreeter(promptBytes);
  const all: Variant[] = [{ name: 'gateway', settleMs: SETTLE_MS, ...gateway }];
  const stop = async (): Promise<void> => {
    for (const variant of all) await variant.stop();
  };
  try {
    for (const name of bare) all.push(await startBare(name, promptBytes));
  } catch (error) {
    await stop();
    throw error;
  }
  return { token, all, stop };
}

async function startBare(name: keyof typeof BARE_FILES, promptBytes: number): Promise<Variant> {
  const file = fileURLToPath(new URL(BARE_FILES[name], import.meta.url));
  const server = await startChildServer(
    ['--max-semi-space-size=16', '--import', 'tsx', file, String(promptBytes)],
    (line) => Number(line.split(' ')[1]),
  );
  return { name, settleMs: 0, target: `127.0.0.1:${server.port}`, ...server };
}
