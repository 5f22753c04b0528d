import type { Config } from './config.ts';
import { formatPath, type SettingPath } from './config-problem.ts';

const HIDDEN = '[hidden]';
/** Names under which bots are told secrets. */
const SECRET_NAME = /secret|token|passw|credential|authorization|private|key$/iu;
/** The user part of a URL. */
const URL_USER = /(?<=:\/\/)[^/@\s]+(?=@)/gu;

/**
 * Copies the configuration for people to read, without `admin.token`, `peers.token`, `log.pseudonymKey` and the
 * passwords of Redis. In bots' options, the one place whose meaning the
 * gateway does not know, it hides texts that came from the environment, what stands under a secret's name, and passwords in URLs.
 */
export function redactedConfig(config: Config): Config {
  const fromEnvironment = new Set(config.environmentPaths);
  const hide = (value: unknown, path: SettingPath): unknown => {
    if (typeof value === 'object' && value !== null) {
      if (Array.isArray(value)) return value.map((item, index) => hide(item, [...path, index]));
      return Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [
          key,
          SECRET_NAME.test(key) ? HIDDEN : hide(inner, [...path, key]),
        ]),
      );
    }
    if (typeof value !== 'string') return value;
    return fromEnvironment.has(formatPath(path)) ? HIDDEN : value.replace(URL_USER, HIDDEN);
  };
  const withoutPassword = <R extends { readonly url: string }>(redis: R | undefined) =>
    redis && { ...redis, url: redis.url.replace(URL_USER, HIDDEN) };
  const { conversation, peers } = config;
  return {
    ...config,
    trust: {
      ...config.trust,
      replay: {
        ...config.trust.replay,
        redis: withoutPassword(config.trust.replay.redis),
      },
    },
    conversation: {
      ...conversation,
      redis: withoutPassword(conversation.redis),
    },
    peers: peers && { ...peers, token: peers.token === undefined ? undefined : HIDDEN },
    admin: { ...config.admin, token: config.admin.token === undefined ? undefined : HIDDEN },
    log: {
      ...config.log,
      pseudonymKey: config.log.pseudonymKey === undefined ? undefined : HIDDEN,
    },
    agents: config.agents.map((agent, index) => {
      // An object becomes an object of the same keys.
      const hideOptions = <T extends { readonly options: object }>(what: T, key: string): T => ({
        ...what,
        options: hide(what.options, ['agents', index, key, 'options']) as T['options'],
      });
      return {
        ...agent,
        bot: hideOptions(agent.bot, 'bot'),
        recogniser: agent.recogniser && hideOptions(agent.recogniser, 'recogniser'),
      };
    }),
  };
}
