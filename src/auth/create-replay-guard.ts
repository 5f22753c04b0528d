import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { Logger } from '../core/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { rememberDecisions, type DecisionMemoryOptions } from './remember-decisions.ts';
import type { ReplayGuard, TokenGeneration } from './replay-guard.ts';
import type {
  LocalReplayStore,
  ReplayStore,
  RotationAnswer,
  RotationDecision,
  UseAnswer,
} from './replay-store.ts';
import { createSharedReplay } from './shared-replay.ts';

/** Options of {@link createReplayGuard}. */
export interface ReplayGuardOptions extends DecisionMemoryOptions {
  readonly policy: ReplayGuard['policy'];
  /** `rotation`: how long the previous generation stays valid, in milliseconds; `undefined`, the default: until it expires. */
  readonly overlapMs?: number | undefined;
  /** When the shared store is down: decide by the memory of this process, or refuse. */
  readonly onStoreFailure: 'local' | 'refuse';
}

/** What {@link createReplayGuard} needs. */
export interface ReplayGuardDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<
    Metrics,
    'replayDecisions' | 'replayForgotten' | 'replayStoreFailures' | 'replayStoreDegraded'
  >;
  /** The memory of this process, always kept warm. */
  readonly memory: LocalReplayStore;
  /** What replicas share; without it the memory decides alone. */
  readonly shared?: ReplayStore | undefined;
  /** `registered`: whether our control plane minted the id for the identity, and it is the current or overlaps it. */
  readonly isRegisteredTokenId?: ((identity: string, tokenId: string) => boolean) | undefined;
}

/** A guard that owns its stores. */
export interface RunningReplayGuard extends ReplayGuard {
  /** Closes the stores. Idempotent. */
  close(): Promise<void>;
}

/**
 * Creates the guard for a policy.
 *
 * `rotation` follows the generations of a data source's token, see `rotateGeneration`; with a shared store decisions are
 * remembered for `recheckMs`. `registered` asks `isRegisteredTokenId`. `single-use` admits each token id once in its identity,
 * and asks on every call. `off` admits everything.
 *
 * @returns A guard that owns the stores in `deps`.
 * @throws {TypeError} When the policy is `registered` and nobody knows what is registered.
 */
export function createReplayGuard(
  options: ReplayGuardOptions,
  deps: ReplayGuardDeps,
): RunningReplayGuard {
  const { policy, overlapMs, onStoreFailure } = options;
  const { clock, metrics, memory, shared } = deps;
  const both =
    shared === undefined ? undefined : createSharedReplay(onStoreFailure, { ...deps, shared });

  /** Counts everything but the common case, which the count of authentications holds already. */
  const count = <A extends RotationAnswer | UseAnswer>({
    decision,
    forgotten,
  }: A): A['decision'] => {
    if (decision !== 'known') metrics.replayDecisions.inc({ policy, decision });
    if (forgotten > 0) metrics.replayForgotten.inc(forgotten);
    return decision;
  };
  const rotate = (generation: TokenGeneration): RotationDecision | Promise<RotationDecision> =>
    both === undefined
      ? count(memory.rotate(generation, { nowMs: clock.now(), overlapMs }))
      : whenKnown(both.rotate(generation, overlapMs), count<RotationAnswer>);

  const createAdmit = (): ReplayGuard['admit'] => {
    switch (policy) {
      case 'rotation': {
        const decide = both === undefined ? rotate : rememberDecisions(rotate, clock, options);
        return (generation) => whenKnown(decide(generation), assertAdmitted);
      }
      case 'single-use':
        return (generation) => {
          const answer =
            both === undefined ? memory.useOnce(generation, clock.now()) : both.useOnce(generation);
          return whenKnown(answer, (use) => assertAdmitted(count<UseAnswer>(use)));
        };
      case 'registered': {
        const { isRegisteredTokenId } = deps;
        if (isRegisteredTokenId === undefined)
          throw new TypeError('the replay policy "registered" needs isRegisteredTokenId');
        return ({ identity, tokenId }) => {
          if (isRegisteredTokenId(identity, tokenId)) return;
          metrics.replayDecisions.inc({ policy, decision: 'not-registered' });
          throw new GatewayError('ERR_AUTH_TOKEN_ID', 'the token id is not a registered one');
        };
      }
      case 'off':
        return () => undefined;
      default:
        return policy satisfies never;
    }
  };

  return {
    policy,
    admit: createAdmit(),
    async close() {
      both?.close();
      await Promise.all([memory.close(), shared?.close()]);
    },
  };
}

function assertAdmitted(decision: RotationDecision | UseAnswer['decision']): void {
  switch (decision) {
    case 'known':
    case 'current':
    case 'previous':
    case 'first-use':
      return;
    case 'superseded':
      throw new GatewayError('ERR_AUTH_SUPERSEDED', 'a newer token has replaced this one');
    case 'token-id-reused':
      throw new GatewayError('ERR_AUTH_TOKEN_ID_REUSED', 'the token id was used before');
    default:
      decision satisfies never;
  }
}

/** Goes on at once when it can, so that the common case makes no promise. */
function whenKnown<A, B>(value: A | Promise<A>, proceed: (value: A) => B): B | Promise<B> {
  return value instanceof Promise ? value.then((known) => proceed(known)) : proceed(value);
}
