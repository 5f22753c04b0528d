import type { GatewayChild } from './gateway-child.ts';
import { type CallingOrganisation } from './key-callers.ts';
import { ORGANISATION } from './gateway-child.ts';
import { startScriptedGateway } from './scripted-gateway.ts';

/** How the gateway is started. */
export interface MeasuredGatewayOptions {
  /** Agents by id, with the bytes of what each says to whatever it hears: µ-law, 8000 Hz. */
  readonly prompts: Readonly<Record<string, number>>;
  /** Of Node.js. */
  readonly options?: readonly string[];
  /** Of the section `grpc`, beside `listen`. */
  readonly grpc?: Readonly<Record<string, unknown>>;
  /** Of the section `conversation`, beside limits that turn nobody away. */
  readonly conversation?: Readonly<Record<string, unknown>>;
  /** More sections of the configuration. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Of the agents of a measured gateway: takes one key, or what is said. */
const QUESTION = {
  listen: 'voice-and-digits',
  speech: 'answer',
  digits: { any: 'answer' },
  maxLength: 1,
};

/** What a configuration says so that nobody is turned away. */
export const OPEN_TO_ALL = { maxConversations: 200_000, shedding: { loopDelayMs: 60_000 } };

/** Starts the gateway, with trust, metrics and call logs, and agents that answer keys and speech with a prompt. Build before. */
export function startMeasuredGateway({
  prompts,
  options = [],
  grpc = {},
  conversation = {},
  settings = {},
}: MeasuredGatewayOptions): Promise<GatewayChild> {
  const agents = Object.entries(prompts).map(([id, promptBytes]) => ({
    id,
    promptBytes,
    question: QUESTION,
  }));
  return startScriptedGateway(agents, options, {
    conversation: { ...OPEN_TO_ALL, ...conversation },
    grpc: { listen: '127.0.0.1:0', ...grpc },
    ...settings,
  });
}

/** The organisation of every call that needs no other. */
export function defaultOrganisation({
  token,
}: Pick<GatewayChild, 'token'>): readonly CallingOrganisation[] {
  return [{ organisationId: ORGANISATION, token }];
}
