import { type JsonObject, isRecord } from '../../core/json.ts';
import type { BotOutput } from '../bot-handler.ts';
import type { RealtimeOptions } from './realtime-options.ts';
import type { ToolCall } from './server-event.ts';

/** What a reason may be long, in characters: it travels in an event of the flow. */
const MAX_REASON_LENGTH = 500;
const MAX_ARGUMENTS_LENGTH = 8192;

/** What follows from the functions that a response called. */
export interface ToolOutcome {
  /** In order; an ending stands before what is said with it, so that this cannot be interrupted. */
  readonly outputs: readonly BotOutput[];
  /** What the model is told of each call that does not end the conversation. */
  readonly results: readonly { readonly callId: string; readonly output: string }[];
  /** Whether the model is to speak on in this answer. */
  readonly continues: boolean;
}

/** The functions, as both dialects declare them to the model. */
export function declareTools({ transferTool, endTool, tools }: RealtimeOptions) {
  const endings = [transferTool, endTool].flatMap((tool) =>
    tool === false ? [] : [{ ...tool, parameters: REASON }],
  );
  return [...endings, ...tools].map(({ name, description, parameters }) => ({
    type: 'function',
    name,
    description,
    parameters,
  }));
}

const REASON: JsonObject = {
  type: 'object',
  properties: { reason: { type: 'string', description: 'Why, in a few words.' } },
  required: ['reason'],
};

/**
 * Turns calls of functions into what the gateway is to do. The first call that ends the conversation wins over all others.
 *
 * @param hasSpoken Whether the model said something in this answer; the gateway's words stand in for it when it did not.
 */
export function runTools(
  calls: readonly ToolCall[],
  options: RealtimeOptions,
  hasSpoken: boolean,
): ToolOutcome {
  const { transferTool, endTool, tools } = options;
  const outputs: BotOutput[] = [];
  const results: { callId: string; output: string }[] = [];
  let continues = false;
  for (const call of calls) {
    const { name, callId } = call;
    const values = parseArguments(call.arguments);
    for (const [type, ending] of [
      ['transfer', transferTool],
      ['end', endTool],
    ] as const) {
      if (ending === false || ending.name !== name) continue;
      outputs.push({ type, name: '', metadata: reasonOf(values) });
      if (!hasSpoken && ending.say !== undefined) outputs.push({ type: 'say', text: ending.say });
      return { outputs, results: [], continues: false };
    }
    const tool = tools.find((candidate) => candidate.name === name);
    if (tool === undefined || values === undefined) {
      const error = tool === undefined ? 'no such function' : 'the arguments are not a JSON object';
      results.push({ callId, output: JSON.stringify({ error }) });
      continues = true;
    } else {
      outputs.push({ type: 'custom-event', name: tool.event ?? name, metadata: values });
      results.push({ callId, output: JSON.stringify({ status: 'passed on' }) });
      continues ||= tool.next === 'continue';
    }
  }
  return { outputs, results, continues };
}

function parseArguments(text: string): JsonObject | undefined {
  if (text.length > MAX_ARGUMENTS_LENGTH) return undefined;
  try {
    const value: unknown = JSON.parse(text === '' ? '{}' : text);
    // It came out of JSON, which the type of isRecord cannot say.
    return isRecord(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

function reasonOf(values: JsonObject | undefined): JsonObject {
  const reason = values?.['reason'];
  return typeof reason === 'string' && reason !== ''
    ? { reason: reason.slice(0, MAX_REASON_LENGTH) }
    : {};
}
