import type { Metrics } from '../telemetry/metrics.ts';
import type { CallObserver } from './call-observer.ts';

/** Counts what happens in calls. */
export function countCalls(metrics: Metrics): CallObserver {
  return (_conversation, moment) => {
    switch (moment.type) {
      case 'first-audio':
        return metrics.firstAnswerSeconds.observe(moment.afterMs / 1000);
      case 'interrupted':
        return metrics.bargeIns.inc({ by: moment.by });
      case 'filler':
        return metrics.fillers.inc();
      case 'answer-ended':
        return metrics.turns.inc({ input: moment.input, outcome: moment.outcome });
      default:
        return undefined;
    }
  };
}
