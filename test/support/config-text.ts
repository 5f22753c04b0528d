import { GatewayError } from '../../src/core/gateway-error.ts';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/parse-config.ts';

/** The smallest configuration that answers calls. */
export const MINIMAL_CONFIG = `
dataSources:
  - { url: "https://voice.example.com:443", schema: voice-virtual-agent, audience: A, subject: S }
agents:
  - { id: front-desk, bot: { use: echo } }
`;

/** Parses a text as if it were `/etc/byova/byova.yaml`. */
export function parse(text: string, env: Readonly<Record<string, string>> = {}): Config {
  return parseConfig(text, { env, baseDir: '/etc/byova', fileName: 'byova.yaml' });
}

/** The lines that name a problem, without indentation; empty when there is none. */
export function problemsOf(text: string, env: Readonly<Record<string, string>> = {}): string[] {
  try {
    parse(text, env);
    return [];
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'ERR_CONFIG_INVALID') throw error;
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
}
