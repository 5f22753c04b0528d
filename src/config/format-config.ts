import { stringify } from 'yaml';

import type { Config } from './config.ts';
import { redactedConfig } from './redacted-config.ts';

/** Writes the effective configuration for people, as YAML or JSON, without its secrets. */
export function formatConfig(config: Config, format: 'yaml' | 'json'): string {
  const redacted = redactedConfig(config);
  return format === 'json' ? JSON.stringify(redacted, null, 2) : stringify(redacted).trimEnd();
}
