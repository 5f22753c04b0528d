import { resolve } from 'node:path';

import { GatewayError } from '../../core/gateway-error.ts';
import type { BotFactory, BotHandler } from '../bot-handler.ts';
import { parseBotOptions } from '../strict-object.ts';
import { isLocal, relayOptionsSchema } from './relay-options.ts';

/** What the composition root joins with a connection. */
export interface RelayPlan {
  readonly upstream: {
    /** `host:port`. */
    readonly target: string;
    /** Absolute paths of PEM files; `undefined`: plaintext. */
    readonly tls:
      | {
          readonly caFile: string | undefined;
          readonly certFile: string | undefined;
          readonly keyFile: string | undefined;
          readonly serverName: string | undefined;
        }
      | undefined;
    readonly maxConnections: number;
    readonly connectTimeoutMs: number;
    readonly keepaliveMs: number;
  };
  readonly authorization: string | undefined;
  readonly passAuthorization: boolean;
  readonly virtualAgentId: string | undefined;
}

/** A bot that answers nothing: the RPCs of its agent are answered by another server. */
interface RelayBot extends BotHandler {
  readonly plan: RelayPlan;
}

const NAME = 'relay-grpc';

/** Forwards each RPC of its agent to another BYOVA server; see `docs/bots/relay-grpc.md`. */
export const relayBot: BotFactory = {
  name: NAME,
  create(options, { baseDir }): RelayBot {
    const { target, tls, plaintext, ...rest } = parseBotOptions(relayOptionsSchema, options, NAME);
    const pathOf = (file: string | undefined): string | undefined =>
      file === undefined ? undefined : resolve(baseDir, file);
    const isPlain = plaintext || (tls === undefined && isLocal(target));
    return {
      name: NAME,
      plan: {
        upstream: {
          target,
          tls: isPlain
            ? undefined
            : {
                caFile: pathOf(tls?.ca),
                certFile: pathOf(tls?.cert),
                keyFile: pathOf(tls?.key),
                serverName: tls?.serverName,
              },
          maxConnections: rest.connections,
          connectTimeoutMs: rest.connectTimeoutSeconds * 1000,
          keepaliveMs: rest.keepaliveSeconds * 1000,
        },
        authorization: rest.authorization,
        passAuthorization: rest.passAuthorization,
        virtualAgentId: rest.virtualAgentId,
      },
      answer() {
        throw new GatewayError('ERR_HANDLER_FAILED', 'a relay answers RPCs, not single inputs');
      },
    };
  },
};

/** Where the agent of `bot` is answered, if that is elsewhere. */
export function relayPlanOf(bot: BotHandler): RelayPlan | undefined {
  return bot.name === NAME && 'plan' in bot ? (bot as RelayBot).plan : undefined;
}
