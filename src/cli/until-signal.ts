import type { ProcessEvents } from '../main.ts';

/** Waits until the process is told to stop; a second signal then has its usual effect. */
export function untilSignal(events: ProcessEvents): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      events.off('SIGINT', stop);
      events.off('SIGTERM', stop);
      resolve();
    };
    events.on('SIGINT', stop);
    events.on('SIGTERM', stop);
  });
}
