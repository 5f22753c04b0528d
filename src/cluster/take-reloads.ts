import type { Config } from '../config/config.ts';
import type { Logger } from '../core/logger.ts';
import type { Gateway } from '../gateway.ts';
import type { PreparedReload } from '../gateway/plan-reload.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { logEvent } from '../telemetry/log-events.ts';
import type { Channel } from './channel.ts';

/** Answers what the primary asks when the configuration has changed: `reload.prepare`, then `reload.commit` or `reload.cancel`. */
export function takeReloads(
  channel: Pick<Channel, 'answer'>,
  gateway: Pick<Gateway, 'prepareReload'>,
  logger: Logger,
): void {
  let wanted: unknown;
  let prepared: PreparedReload | undefined;
  const drop = async (): Promise<void> => {
    const dropped = prepared;
    prepared = undefined;
    await dropped?.cancel();
  };
  channel.answer('reload.prepare', async (body) => {
    const [attempt, config] = body as readonly [number, Config];
    wanted = attempt;
    await drop();
    try {
      const reload = await gateway.prepareReload(config);
      // The primary did not wait for so long.
      if (wanted !== attempt) return await reload.cancel();
      prepared = reload;
    } catch (error) {
      logEvent(logger, 'config.refused', describeError(error));
      throw error;
    }
    return undefined;
  });
  channel.answer('reload.commit', (attempt) => {
    if (prepared === undefined || wanted !== attempt)
      throw new TypeError('this configuration was not prepared');
    const reload = prepared;
    prepared = undefined;
    return reload.commit();
  });
  channel.answer('reload.cancel', async (attempt) => {
    if (wanted !== attempt) return;
    wanted = undefined;
    await drop();
  });
}
