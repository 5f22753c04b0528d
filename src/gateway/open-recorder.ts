import type { Config } from '../config/config.ts';
import type { SpeechSynthesiser } from '../conversation/speech-synthesiser.ts';
import type { Closers } from '../core/closers.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { type Recorder, createRecorder } from '../recorder/recorder.ts';
import { toOrganisations } from './load-agents.ts';

/** Opens the flight recorder where the configuration has one; `undefined`: nothing is in any call's way. */
export function openRecorder(
  { recorder }: Config,
  deps: {
    readonly clock: Clock;
    readonly logger: Logger;
    readonly synthesiser: SpeechSynthesiser;
  },
  closers: Closers,
): Recorder | undefined {
  if (recorder === undefined) return undefined;
  const organisations = toOrganisations(recorder.organisations);
  return closers.add(createRecorder({ ...recorder, organisations }, deps), (opened) =>
    opened.close(),
  );
}
