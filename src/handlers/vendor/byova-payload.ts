import { type JsonObject, type JsonValue, isRecord } from '../../core/json.ts';
import type { BotOutput } from '../bot-handler.ts';

/**
 * Reads what a bot's author put for this gateway into a vendor's free-form payload:
 * `{ "byova": { "event": "name", "metadata": { … } } }` tells the flow something. Any other payload is for somebody else.
 */
export function* readByovaPayload(payload: unknown): Iterable<BotOutput> {
  const ours = isRecord(payload) ? payload['byova'] : undefined;
  if (!isRecord(ours)) return;
  const { event, metadata } = ours;
  if (typeof event === 'string' && event !== '')
    yield { type: 'custom-event', name: event, metadata: toJsonObject(metadata) };
}

/** A copy of `value` as JSON; empty when it is no object. */
function toJsonObject(value: unknown): JsonObject {
  if (!isRecord(value)) return {};
  const copy: JsonValue = JSON.parse(JSON.stringify(value));
  return isRecord(copy) ? copy : {};
}
