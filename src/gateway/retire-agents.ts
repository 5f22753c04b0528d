import type { Agent } from '../conversation/agent.ts';
import { runInBackground } from '../core/background.ts';
import { type Clock, every } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { closeBots } from '../handlers/close-bots.ts';

/** Agents that were replaced, until the last of their calls has ended. */
export interface RetiredAgents {
  add(agents: readonly Agent[]): void;
  /** Closes those that are left. */
  close(): Promise<void>;
}

/** A bot whose calls are over may wait this long to be closed. */
const SWEEP_MS = 5_000;

/** Creates the register. @param isInUse Whether a call that began with the agent goes on. */
export function createRetiredAgents(deps: {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly isInUse: (agent: Agent) => boolean;
}): RetiredAgents {
  let retired: readonly Agent[] = [];
  const close = (agents: readonly Agent[]): Promise<void> => closeAgents(agents, deps.logger);
  const sweep = every(deps.clock, SWEEP_MS, () => {
    const free = retired.filter((agent) => !deps.isInUse(agent));
    if (free.length === 0) return;
    retired = retired.filter((agent) => !free.includes(agent));
    // What a bot throws when it is closed has been logged there.
    runInBackground(() => close(free), ignore);
  });
  return {
    add(agents) {
      retired = [...retired, ...agents];
    },
    async close() {
      sweep.close();
      const left = retired;
      retired = [];
      await close(left);
    },
  };
}

/** Closes the bots and recognisers of agents. */
export function closeAgents(agents: readonly Agent[], logger: Logger): Promise<void> {
  const bots = agents.map(({ bot }) => bot);
  const recognisers = agents.flatMap(({ recogniser }) => recogniser ?? []);
  return closeBots([...bots, ...recognisers], logger);
}

const ignore = (): void => undefined;
