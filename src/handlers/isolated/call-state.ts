import { GatewayError } from '../../core/gateway-error.ts';
import { isRecord } from '../../core/json.ts';

/**
 * Writes `call.state` down.
 *
 * @throws {GatewayError} `ERR_HANDLER_OUTPUT` when it is not JSON or longer than `maxLength` characters.
 */
export function writeState(state: Readonly<Record<string, unknown>>, maxLength: number): string {
  let text: string;
  try {
    text = JSON.stringify(state);
  } catch (cause) {
    throw new GatewayError('ERR_HANDLER_OUTPUT', 'call.state is not JSON', { cause });
  }
  if (text.length > maxLength)
    throw new GatewayError(
      'ERR_HANDLER_OUTPUT',
      `call.state is longer than ${maxLength} characters`,
    );
  return text;
}

/** Makes `state` what was written down; the object stays the same, for others hold it. */
export function readState(state: Record<string, unknown>, text: string): void {
  const read: unknown = JSON.parse(text);
  if (!isRecord(read)) return;
  for (const key of Object.keys(state)) if (!Object.hasOwn(read, key)) delete state[key];
  for (const [key, value] of Object.entries(read)) if (key !== '__proto__') state[key] = value;
}
