import type { GatewayChild } from './gateway-child.ts';
import { startScriptedGateway } from './scripted-gateway.ts';

/** A caller who is not heard of for so long is given up; looked for once a second. */
const IDLE_SECONDS = 1;

/**
 * Starts the gateway with one agent that greets every call, and room for all. Build before.
 *
 * @param promptBytes Of the greeting, µ-law, 8000 Hz.
 * @param question What the agent asks for, as a script's `ask`; whatever comes, it greets again.
 */
export function startGreeter(
  promptBytes: number,
  question: object = { digits: { '1': 'answer' } },
  workers?: number,
): Promise<GatewayChild> {
  return startScriptedGateway(
    [{ id: 'load', promptBytes, question }],
    [],
    { conversation: { maxConversations: 1_000_000, idleTimeoutSeconds: IDLE_SECONDS } },
    workers,
  );
}
