import type { Clock } from '../../core/clock.ts';
import { GatewayError } from '../../core/gateway-error.ts';

/**
 * Waits for `task`, at most `timeoutMs`; the task itself goes on.
 *
 * @throws {GatewayError} `ERR_HANDLER_TIMEOUT`.
 */
export async function withDeadline<T>(
  task: Promise<T>,
  timeoutMs: number,
  clock: Clock,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = clock.setTimer(timeoutMs, () =>
      reject(
        new GatewayError(
          'ERR_HANDLER_TIMEOUT',
          `the realtime server was silent for ${timeoutMs} ms`,
        ),
      ),
    );
    task.then(resolve, reject).finally(() => timer.cancel());
  });
}
