import type { EventEmitter } from 'node:events';

import type { Config } from './config/config.ts';
import { runInBackground } from './core/background.ts';
import { STOP_SIGNALS } from './core/stop-signals.ts';
import { type Gateway, startGateway } from './gateway.ts';
import type { GatewayDeps } from './gateway/gateway-deps.ts';
import { describeError } from './telemetry/describe-error.ts';
import { logEvent } from './telemetry/log-events.ts';

/** Where signals and faults of the process come from: `process`, or a stand-in. */
export type ProcessEvents = Pick<EventEmitter, 'on' | 'off'>;

/** Where the configuration came from. */
interface ConfigSource {
  /** @throws {GatewayError} `ERR_CONFIG_INVALID`. */
  load(): Promise<Config>;
  /** Calls `onChange` after the file has changed. */
  watch(onChange: () => void): { readonly close: () => void };
}

/** What the process around a gateway works with. */
export interface ServerDeps extends GatewayDeps {
  readonly events: ProcessEvents;
  /** How the configuration is read anew, on SIGHUP and when its file changes; absent: never. */
  readonly source?: ConfigSource;
}

/**
 * Runs a gateway until the process is told to stop.
 *
 * SIGHUP, and a change of the configuration's file, reload what can be reloaded. SIGTERM or SIGINT drains: new RPCs go
 * elsewhere, open ones finish. A second one ends at once. A fault that nobody caught is logged as `process.fault`, and the
 * process goes on.
 *
 * @param onReady Called when calls are answered; what it throws stops the gateway.
 * @returns The exit code: 0 after a complete drain, 128 and the number of the signal when a second one cut it short.
 * @throws {GatewayError} What `startGateway` throws.
 */
export async function runServer(
  config: Config,
  deps: ServerDeps,
  onReady: (gateway: Gateway) => void | Promise<void> = () => undefined,
): Promise<number> {
  const { events, logger } = deps;
  // A bot's stray timer or forgotten promise must not hang up on everybody else's calls. What a fault can have left
  // half done belongs to one call: rooms share no state that is not whole between two awaits.
  const onFault = (fault: unknown): void => logEvent(logger, 'process.fault', describeError(fault));
  events.on('uncaughtException', onFault);
  events.on('unhandledRejection', onFault);
  const stop = listenForStop(events);
  try {
    const starting = startGateway(config, deps);
    const gateway = await Promise.race([starting, stop.asked]);
    if (typeof gateway === 'number') {
      // Told to stop before the first call: nobody waits for what is still starting.
      runInBackground(async () => (await starting).close(), onFault);
      return 0;
    }
    const reloads = followConfig(gateway, deps);
    try {
      await onReady(gateway);
    } catch (error) {
      reloads.close();
      await gateway.close();
      throw error;
    }
    await Promise.race([stop.asked, gateway.stopAsked]);
    reloads.close();
    return await Promise.race([gateway.drain().then(() => 0), stop.insisted]);
  } finally {
    stop.forget();
    events.off('uncaughtException', onFault);
    events.off('unhandledRejection', onFault);
  }
}

/** Reloads on SIGHUP and when the file changes, once at a time. What is wrong is logged, and changes nothing. */
function followConfig(gateway: Gateway, { source, events, logger }: ServerDeps): { close(): void } {
  if (source === undefined) return { close: () => undefined };
  let running: Promise<void> | undefined;
  let isAskedAgain = false;
  const reload = async (): Promise<void> => {
    do {
      isAskedAgain = false;
      try {
        const plan = await gateway.reload(await source.load());
        logEvent(logger, 'config.reloaded', { ...plan });
      } catch (error) {
        logEvent(logger, 'config.refused', describeError(error));
      }
    } while (isAskedAgain);
    running = undefined;
  };
  const ask = (): void => {
    if (running === undefined) running = reload();
    else isAskedAgain = true;
  };
  events.on('SIGHUP', ask);
  const watch = source.watch(ask);
  return {
    close() {
      events.off('SIGHUP', ask);
      watch.close();
    },
  };
}

interface Stop {
  /** Resolves with the first signal, and its exit code. */
  readonly asked: Promise<number>;
  /** Resolves with the second. */
  readonly insisted: Promise<number>;
  forget(): void;
}

function listenForStop(events: ProcessEvents): Stop {
  const heard: ((code: number) => void)[] = [];
  const signal = (): Promise<number> => new Promise((resolve) => void heard.push(resolve));
  const [asked, insisted] = [signal(), signal()];
  const listeners = Object.entries(STOP_SIGNALS).map(
    ([name, code]) => [name, () => heard.shift()?.(code)] as const,
  );
  for (const [name, listener] of listeners) events.on(name, listener);
  return {
    asked,
    insisted,
    forget() {
      for (const [name, listener] of listeners) events.off(name, listener);
    },
  };
}
