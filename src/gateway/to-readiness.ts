import type { ReadinessReport } from '../admin/readiness.ts';
import type { KeySource } from '../auth/key-source.ts';
import type { ReplayGuard } from '../auth/replay-guard.ts';
import type { Admission } from '../conversation/admission.ts';

/** Says what of the trust and of the room keeps calls away, and what an operator should know of it. */
export function toReadiness(
  keys: Pick<KeySource, 'status'>,
  { policy }: Pick<ReplayGuard, 'policy'>,
  { saturation }: Pick<Admission, 'saturation'>,
): Pick<ReadinessReport, 'reasons' | 'notices'> {
  const issuers = keys.status();
  return {
    reasons: [
      ...(issuers.every((issuer) => issuer.keys === 0) ? ['keys-missing'] : []),
      ...(saturation() === undefined ? [] : ['saturated']),
    ],
    notices: [
      ...(issuers.some((issuer) => issuer.keys === 0) ? ['keys-missing-for-some'] : []),
      ...(issuers.some(({ isStale }) => isStale) ? ['keys-stale'] : []),
      ...(policy === 'off' ? ['replay-off'] : []),
    ],
  };
}
