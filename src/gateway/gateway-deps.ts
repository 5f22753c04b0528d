import type { ReplayStore } from '../auth/replay-store.ts';
import type { SpeechSynthesiser } from '../conversation/speech-synthesiser.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { LogDestination } from '../telemetry/log-destination.ts';
import type { ProcessLogger } from '../telemetry/logger.ts';
import type { OpenAdmin } from './open-admin.ts';
import type { LentConversations } from './open-conversations.ts';

/** What the process lends the gateway. */
export interface GatewayDeps {
  readonly clock: Clock;
  /** With `setLevel` a reload changes its level. */
  readonly logger: Logger & Partial<Pick<ProcessLogger, 'setLevel'>>;
  /** What stands behind the logger, for metrics; absent: it is not watched. */
  readonly logQueue?: Pick<LogDestination, 'dropped' | 'waitingBytes'>;
  readonly fetch: typeof fetch;
  /** The voice; default: the embedded one, with a memory in front of it. One that is lent is not closed. */
  readonly synthesiser?: SpeechSynthesiser;
  /** What is done instead of opening the admin port; a worker shows itself to its primary. */
  readonly openAdmin?: OpenAdmin;
  /** How the processes of this machine share conversations, where the configuration names no Redis. */
  readonly sharedConversations?: LentConversations;
  /** The replay memory that the processes of this machine share, where the configuration names no Redis; closed with the gateway. */
  readonly sharedReplay?: ReplayStore;
}
