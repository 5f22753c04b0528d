import { isDeepStrictEqual } from 'node:util';

import type { Config } from '../config/config.ts';

/** What a changed configuration means for a gateway that runs. */
export interface ReloadPlan {
  /** Sections that are taken over; agents always are, since their files may have changed. */
  readonly taken: readonly string[];
  /** Changed settings that a running gateway cannot take over. */
  readonly needRestart: readonly string[];
}

/** A new configuration that can be taken over. One of the two is called, once. */
export interface PreparedReload {
  /** Takes it over, at once. */
  commit(): ReloadPlan;
  /** Closes what was opened for it. */
  cancel(): Promise<void>;
}

/** Limits of new calls; the rest of `conversation` is fixed for the life of the process. */
const LIMITS = ['maxConversations', 'maxPerOrganisation', 'organisationLimits'] as const;
/** Certificates, the file of organisations and the keys of issuers follow their own files and addresses. */
const FIXED = ['grpc', 'admin', 'trust', 'peers', 'speech', 'recorder', 'log'] as const;
/** Of these sections, what is taken over all the same. */
const TAKEN = ['log.level'] as const;

/** Compares two configurations. Settings are named as in the file, as far as that says who reads them. */
export function planReload(before: Config, after: Config): ReloadPlan {
  const differs = (name: string): boolean =>
    !isDeepStrictEqual(settingOf(before, name), settingOf(after, name));
  const conversation = Object.keys(after.conversation).filter(
    (key) => !LIMITS.some((limit) => limit === key),
  );
  return {
    taken: [
      'agents',
      ...(differs('dataSources') ? ['dataSources'] : []),
      ...[...LIMITS.map((key) => `conversation.${key}`), ...TAKEN].filter(differs),
    ],
    needRestart: [
      ...FIXED.flatMap((section) => childrenOf(after, section)).filter(
        (name) => !TAKEN.some((taken) => taken === name),
      ),
      ...conversation.map((key) => `conversation.${key}`),
    ].filter(differs),
  };
}

/** A section, or what stands in it. */
function childrenOf(config: Config, section: string): readonly string[] {
  const value = settingOf(config, section);
  return typeof value === 'object' && value !== null
    ? Object.keys(value).map((key) => `${section}.${key}`)
    : [section];
}

function settingOf(config: Config, name: string): unknown {
  return name
    .split('.')
    .reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null
          ? (value as Readonly<Record<string, unknown>>)[key]
          : undefined,
      config,
    );
}
