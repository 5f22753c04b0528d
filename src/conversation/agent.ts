import { GatewayError } from '../core/gateway-error.ts';
import type { BotHandler } from '../handlers/bot-handler.ts';
import type { ListenSettings } from '../handlers/listen-settings.ts';
import type { BargeInSettings } from './barge-in.ts';
import type { PatienceSettings } from './patience.ts';
import type { SpeechRecogniser } from './speech-recogniser.ts';
import type { AgentRelay } from './relay.ts';

/** A virtual agent: an entry of the catalogue and the bot behind it. */
export interface Agent {
  readonly id: string;
  readonly name: string;
  readonly isDefault: boolean;
  /** Most calls at once; absent: as many as the process takes. */
  readonly maxConversations?: number | undefined;
  /** UUIDs in lower case, or everybody. */
  readonly organisations: 'any' | ReadonlySet<string>;
  readonly attributes: Readonly<Record<string, string>>;
  readonly bot: BotHandler;
  /** Set when another server answers the RPCs of this agent's calls; the bot then only lends its name. */
  readonly relay?: AgentRelay | undefined;
  /** When the caller may speak over prompts. */
  readonly bargeIn: BargeInSettings;
  /** Turns speech into text for the bot; `undefined`: the bot gets none. */
  readonly recogniser: SpeechRecogniser | undefined;
  /** How prompts are sent; fixed for a call. */
  readonly playback: 'chunk' | 'wav';
  /** How to listen when the bot does not say; single settings fill what a bot leaves out. */
  readonly listen: ListenSettings;
  /** How caller speech is found, in milliseconds. */
  readonly endpointing: Endpointing;
  /** Whether keys are looked for in the sound, for callers whose keys do not come as digits. */
  readonly inBandDigits: boolean;
  /** When Webex learns that the caller has finished: in the silence, or when the answer begins. */
  readonly endOfInput: 'at-silence' | 'at-first-audio';
  /** What the caller hears when the bot fails: µ-law, 8000 Hz, mono. Made at start, so that it needs nothing then. */
  readonly apology: Uint8Array;
  /** How long the caller is left waiting, and with what. */
  readonly patience: PatienceSettings;
  /** What happens when the bot fails again and again. */
  readonly fallback: Fallback;
}

/** How caller speech is found, in milliseconds. */
export interface Endpointing {
  readonly onsetMs: number;
  readonly completeTimeoutMs: number;
  readonly incompleteTimeoutMs: number;
  readonly maxSpeechMs: number;
}

/** The end of the ladder: what is done with a caller whose bot does not answer. */
export interface Fallback {
  /** Answers in a row that may fail; with the last of them the call is given up. */
  readonly attempts: number;
  /** `listen` goes on apologising. */
  readonly action: 'transfer' | 'end' | 'listen';
  /** What the caller hears then: µ-law, 8000 Hz, mono. */
  readonly farewell: Uint8Array;
}

/** The virtual agents of this gateway, as one organisation sees them. */
export interface AgentCatalogue {
  /** Whether any agent is answered by another server. */
  readonly hasRelays: boolean;
  list(organisationId: string): readonly Agent[];
  /** Finds the agent as {@link resolve} does; `undefined` when there is none. */
  find(organisationId: string, agentId: string): Agent | undefined;
  /**
   * Finds the agent that a call asks for; an empty id is the organisation's default, or its only agent.
   *
   * @throws {GatewayError} `ERR_CONVERSATION_AGENT_UNKNOWN`; the same for an agent of another organisation.
   */
  resolve(organisationId: string, agentId: string): Agent;
}

/** Creates the catalogue. Ids are unique; the configuration has checked that. */
export function createAgentCatalogue(agents: readonly Agent[]): AgentCatalogue {
  const sees = (organisationId: string, { organisations }: Agent): boolean =>
    organisations === 'any' || organisations.has(organisationId);
  const list = (organisationId: string): readonly Agent[] =>
    agents.filter((agent) => sees(organisationId, agent));
  const byId = new Map(agents.map((agent) => [agent.id, agent]));
  const byDefault = agents.filter(({ isDefault }) => isDefault);
  const find = (organisationId: string, agentId: string): Agent | undefined => {
    if (agentId !== '') {
      const agent = byId.get(agentId);
      return agent !== undefined && sees(organisationId, agent) ? agent : undefined;
    }
    for (const agent of byDefault) if (sees(organisationId, agent)) return agent;
    const visible = list(organisationId);
    return visible.length === 1 ? visible[0] : undefined;
  };
  return {
    hasRelays: agents.some(({ relay }) => relay !== undefined),
    list,
    find,
    resolve(organisationId, agentId) {
      const agent = find(organisationId, agentId);
      if (agent === undefined)
        throw new GatewayError(
          'ERR_CONVERSATION_AGENT_UNKNOWN',
          agentId === '' ? 'there is no default virtual agent' : 'unknown virtual agent',
        );
      return agent;
    },
  };
}
