import { GatewayError } from '../core/gateway-error.ts';
import type { BotHandler } from '../handlers/bot-handler.ts';
import type { ListenSettings } from '../handlers/listen-settings.ts';

/** A virtual agent: an entry of the catalogue and the bot behind it. */
export interface Agent {
  readonly id: string;
  readonly name: string;
  readonly isDefault: boolean;
  /** UUIDs in lower case, or everybody. */
  readonly organisations: 'any' | ReadonlySet<string>;
  readonly attributes: Readonly<Record<string, string>>;
  readonly bot: BotHandler;
  /** Whether prompts may be interrupted when the bot does not say. */
  readonly bargeIn: boolean;
  /** How prompts are sent; fixed for a call. */
  readonly playback: 'chunk' | 'wav';
  /** How to listen when the bot does not say; single settings fill what a bot leaves out. */
  readonly listen: ListenSettings;
  /** How caller speech is found, in milliseconds. */
  readonly endpointing: {
    readonly onsetMs: number;
    readonly completeTimeoutMs: number;
    readonly maxSpeechMs: number;
  };
  /** When Webex learns that the caller has finished: in the silence, or when the answer begins. */
  readonly endOfInput: 'at-silence' | 'at-first-audio';
  /** What the caller hears when the bot fails: µ-law, 8000 Hz, mono. Made at start, so that it needs nothing then. */
  readonly apology: Uint8Array;
  /** Longest wait for the next piece of an answer, in milliseconds. */
  readonly answerTimeoutMs: number;
}

/** The virtual agents of this gateway, as one organisation sees them. */
export interface AgentCatalogue {
  list(organisationId: string): readonly Agent[];
  /**
   * Finds the agent that a call asks for; an empty id is the organisation's default, or its only agent.
   *
   * @throws {GatewayError} `ERR_CONVERSATION_AGENT_UNKNOWN`; the same for an agent of another organisation.
   */
  resolve(organisationId: string, agentId: string): Agent;
}

/** Creates the catalogue. Ids are unique; the configuration has checked that. */
export function createAgentCatalogue(agents: readonly Agent[]): AgentCatalogue {
  const list = (organisationId: string): readonly Agent[] =>
    agents.filter(
      ({ organisations }) => organisations === 'any' || organisations.has(organisationId),
    );
  return {
    list,
    resolve(organisationId, agentId) {
      const visible = list(organisationId);
      const agent =
        agentId === ''
          ? (visible.find(({ isDefault }) => isDefault) ??
            (visible.length === 1 ? visible[0] : undefined))
          : visible.find(({ id }) => id === agentId);
      if (agent === undefined)
        throw new GatewayError(
          'ERR_CONVERSATION_AGENT_UNKNOWN',
          agentId === '' ? 'there is no default virtual agent' : 'unknown virtual agent',
        );
      return agent;
    },
  };
}
