import type { Metrics } from '../telemetry/metrics.ts';
import type { CallObserver } from './call-observer.ts';

/** Counts what happens in calls, for all of them and in the figures of each. */
export function countCalls(metrics: Metrics): CallObserver {
  return (conversation, moment) => {
    const { figures, agent } = conversation;
    const bot = agent.bot.name;
    figures.note(moment);
    switch (moment.type) {
      case 'call-ended':
        return metrics.callOutcomes.inc({ outcome: figures.outcomeOf(moment.reason) });
      case 'bot-answered':
        return metrics.botLatencySeconds.observe({ bot }, moment.afterMs / 1000);
      case 'first-audio':
        metrics.firstAudioSeconds.observe({ bot }, moment.afterMs / 1000);
        return metrics.firstAnswerSeconds.observe(moment.afterMs / 1000);
      case 'interrupted':
        return metrics.bargeIns.inc({ by: moment.by });
      case 'filler':
        return metrics.fillers.inc();
      case 'answer-ended':
        if (moment.silencedAfterMs !== undefined)
          metrics.bargeInStopSeconds.observe(moment.silencedAfterMs / 1000);
        metrics.turnSeconds.observe({ bot }, moment.durationMs / 1000);
        metrics.botAnswers.inc({ bot, outcome: moment.outcome });
        return metrics.turns.inc({ input: moment.input, outcome: moment.outcome });
      default:
        return undefined;
    }
  };
}
