/** Ways to go wrong in the gateway's own thread. */
const IN_PROCESS = [
  'hangs',
  'throws',
  'throws-late',
  'floods-sound',
  'floods-nothing',
  'floods-settings',
  'malformed',
  'never-stops',
] as const;
/** Ways to go wrong that end a thread: these bots are isolated. */
const IN_WORKER = ['crashes', 'exits', 'spins', 'leaks'] as const;

/** What the agents of {@link chaosAgents} are set to, in seconds. */
export const CHAOS_LADDER = {
  fillerAfterSeconds: 0.5,
  firstAudioTimeoutSeconds: 1.5,
  unresponsiveSeconds: 0.4,
} as const;

/** An entry of `agents` in a configuration. */
export interface AgentEntry {
  readonly id: string;
  readonly [key: string]: unknown;
}

/**
 * Agents with the bots of `bots/chaos.mjs`, whose path is `file`. Breakers hardly ever open, so that the bots get to do
 * their worst.
 */
export function chaosAgents(file: string): readonly AgentEntry[] {
  const agent = (kind: string, isolation: object): AgentEntry => ({
    id: kind,
    bot: { use: file, options: { kind }, limits: { breakerFailures: 1_000 }, ...isolation },
    filler: { afterSeconds: CHAOS_LADDER.fillerAfterSeconds },
    firstAudioTimeoutSeconds: CHAOS_LADDER.firstAudioTimeoutSeconds,
    fallback: { attempts: 3, action: 'transfer' },
  });
  const isolate = { unresponsiveSeconds: CHAOS_LADDER.unresponsiveSeconds, maxMemoryMb: 64 };
  return [
    ...IN_PROCESS.map((kind) => agent(kind, {})),
    ...IN_WORKER.map((kind) => agent(kind, { isolate })),
  ];
}
