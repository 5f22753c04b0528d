import { randomUUID } from 'node:crypto';

import type { BotCall, BotInput, BotTurn, EndReason } from '../bot-handler.ts';

/** Where the notes of the webhook stand in `call.state`. */
export const STATE_KEY = 'webhook';

/** What a webhook is told of: an input of the caller, or that the call is over. */
export type WebhookInput = BotInput | { readonly type: 'end'; readonly reason: EndReason };

/**
 * Writes the JSON that a webhook gets: `id` (new for each message), `input`, `call`, `state` as the webhook returned it
 * last, or `null`, and `interrupted` when the caller spoke over the answer before. Sound is not part of it.
 */
export function toMessage(
  call: BotCall,
  input: WebhookInput,
  interrupted: BotTurn['interrupted'],
): string {
  const { conversationId, organisationId, agentId, language, parameters, vendorConfig } = call;
  return JSON.stringify({
    id: randomUUID(),
    input: withoutSound(input),
    call: { conversationId, organisationId, agentId, language, parameters, vendorConfig },
    ...(interrupted && { interrupted }),
    state: call.state[STATE_KEY] ?? null,
  });
}

function withoutSound(input: WebhookInput): unknown {
  if (input.type !== 'speech') return input;
  const { type, text, durationMs, sensitive } = input;
  return { type, text: text ?? null, durationMs, sensitive };
}
