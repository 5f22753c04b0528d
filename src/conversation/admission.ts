import { GatewayError } from '../core/gateway-error.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Pressure } from './admission-pressure.ts';

/** How many calls may be held. */
export interface AdmissionLimits {
  /** Most conversations at once; more are refused, none is forgotten for a new one. */
  readonly maxConversations: number;
  /** Most conversations of one organisation, unless it has a limit of its own. */
  readonly maxPerOrganisation: number;
  /** Limits of single organisations, by UUID in lower case. */
  readonly organisationLimits: Readonly<Record<string, number>>;
}

/** Whose a new call is. */
interface Newcomer {
  readonly organisationId: string;
  readonly agentId: string;
  /** Most calls of the agent; `undefined`: as many as the process takes. */
  readonly agentLimit: number | undefined;
}

/** Why a new call is refused. */
type Refusal = 'process' | 'organisation' | 'agent' | 'share' | 'loop-delay' | 'memory';

/** What admission works with. */
export interface AdmissionDeps {
  readonly metrics: Pick<Metrics, 'admissions'>;
  /** Absent: limits alone decide. */
  readonly pressure?: Pressure | undefined;
  /** For jitter, 0 to below 1; default `Math.random`. */
  readonly random?: () => number;
}

/** Decides on new calls. Whoever was let in is never asked again: turns of admitted calls always go first. */
export interface Admission {
  /**
   * Lets a new call in and counts it until it is {@link left}.
   *
   * @throws {GatewayError} `ERR_CONVERSATION_CAPACITY`, with `reason` and `retryAfterMs` in its detail.
   */
  enter(newcomer: Newcomer): void;
  /** Counts a call that was let in before, here or by another process; it is never refused. */
  readmit(newcomer: Pick<Newcomer, 'organisationId' | 'agentId'>): void;
  /** A call that was let in has ended, or left for another process. */
  left(newcomer: Pick<Newcomer, 'organisationId' | 'agentId'>): void;
  /** Takes over new limits; calls that are in stay. */
  setLimits(limits: AdmissionLimits): void;
  /** Why any new call would be refused now; `undefined`: there is room. */
  readonly saturation: () => Refusal | undefined;
}

/** From here on the room that is left is shared out: an organisation that has more than its part gets no more. */
const NEARLY_FULL = 0.9;
/** A client that comes back at once finds nothing changed. */
const RETRY_AFTER_MS = 1_000;
const RETRY_SPREAD_MS = 2_000;

/** Creates the admission of a process. It costs a few comparisons a call, and nothing a turn. */
export function createAdmission(initial: AdmissionLimits, deps: AdmissionDeps): Admission {
  const { metrics, pressure, random = Math.random } = deps;
  let limits = initial;
  let held = 0;
  /** Who holds none is not in it. */
  const byOrganisation = new Map<string, number>();
  const byAgent = new Map<string, number>();

  const saturation = (): Refusal | undefined =>
    held >= limits.maxConversations ? 'process' : pressure?.reason();

  const refusalOf = ({ organisationId, agentId, agentLimit }: Newcomer): Refusal | undefined => {
    const all = saturation();
    if (all !== undefined) return all;
    const own = byOrganisation.get(organisationId) ?? 0;
    if (own >= (limits.organisationLimits[organisationId] ?? limits.maxPerOrganisation))
      return 'organisation';
    if (agentLimit !== undefined && (byAgent.get(agentId) ?? 0) >= agentLimit) return 'agent';
    if (held < limits.maxConversations * NEARLY_FULL) return undefined;
    const sharers = byOrganisation.size + (own === 0 ? 1 : 0);
    return sharers > 1 && own >= limits.maxConversations / sharers ? 'share' : undefined;
  };

  const count = ({
    organisationId,
    agentId,
  }: Pick<Newcomer, 'organisationId' | 'agentId'>): void => {
    held += 1;
    add(byOrganisation, organisationId, 1);
    add(byAgent, agentId, 1);
  };

  return {
    enter(newcomer) {
      const reason = refusalOf(newcomer);
      metrics.admissions.inc({ decision: reason ?? 'admitted' });
      if (reason !== undefined)
        throw new GatewayError('ERR_CONVERSATION_CAPACITY', 'too many conversations', {
          detail: {
            reason,
            organisation: newcomer.organisationId,
            retryAfterMs: RETRY_AFTER_MS + Math.floor(random() * RETRY_SPREAD_MS),
          },
        });
      count(newcomer);
    },
    readmit: count,
    left({ organisationId, agentId }) {
      held -= 1;
      add(byOrganisation, organisationId, -1);
      add(byAgent, agentId, -1);
    },
    setLimits(changed) {
      limits = changed;
    },
    saturation,
  };
}

function add(counts: Map<string, number>, name: string, by: number): void {
  const count = (counts.get(name) ?? 0) + by;
  if (count > 0) counts.set(name, count);
  else counts.delete(name);
}
