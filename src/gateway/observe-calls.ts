import type { Config } from '../config/config.ts';
import type { CallObserver } from '../conversation/call-observer.ts';
import { countCalls } from '../conversation/count-calls.ts';
import { type CallTracer, traceCalls } from '../conversation/trace-calls.ts';
import { type CallWatch, watchCalls } from '../conversation/watch-calls.ts';
import type { Clock } from '../core/clock.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Pseudonymise } from '../telemetry/pseudonyms.ts';
import { createTracing } from '../telemetry/tracing.ts';

/** All who watch calls, as one. */
export interface CallObservers {
  readonly observe: CallObserver;
  readonly tracer: CallTracer;
  readonly watch: CallWatch;
}

/** Puts the observers of calls together. @param recorder Sees each moment last; absent: nothing is recorded. */
export function observeCalls(
  { conversation: { maxConversations: maxCalls } }: Pick<Config, 'conversation'>,
  deps: {
    readonly clock: Clock;
    readonly metrics: Metrics;
    readonly pseudonymise: Pseudonymise | undefined;
  },
  recorder: { readonly observe: CallObserver } | undefined,
): CallObservers {
  const { clock, pseudonymise } = deps;
  const countMoment = countCalls(deps.metrics);
  const tracer = traceCalls({ ...deps, tracing: createTracing() });
  const watch = watchCalls({ maxCalls, pseudonymise }, clock);
  return {
    tracer,
    watch,
    observe(conversation, moment) {
      countMoment(conversation, moment);
      tracer.observe(conversation, moment);
      watch.observe(conversation, moment);
      recorder?.observe(conversation, moment);
    },
  };
}
