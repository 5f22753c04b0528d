import type { GatewayChild } from './gateway-child.ts';
import { startScriptedGateway } from './scripted-gateway.ts';

/** How the gateway is started. */
export interface AnsweringGatewayOptions {
  /** Agents by id, with the bytes of what each says to whatever it hears: µ-law, 8000 Hz. */
  readonly prompts: Readonly<Record<string, number>>;
  /** Of Node.js. */
  readonly options?: readonly string[];
  /** More sections of the configuration. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Nobody is turned away, so that what is too much is seen. */
const OPEN_TO_ALL = { maxConversations: 100_000, shedding: { loopDelayMs: 60_000 } };

/** Starts the gateway, with trust, metrics and call logs, and agents that listen and answer: one prompt, again and again. Build before. */
export function startAnsweringGateway({
  prompts,
  options = [],
  settings = { conversation: OPEN_TO_ALL },
}: AnsweringGatewayOptions): Promise<GatewayChild> {
  const question = { listen: 'voice-and-digits', speech: 'answer', digits: { any: 'answer' } };
  const agents = Object.entries(prompts).map(([id, promptBytes]) => ({
    id,
    promptBytes,
    question,
  }));
  return startScriptedGateway(agents, options, settings);
}
