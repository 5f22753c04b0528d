import { LOG_LEVELS, type LogLevel } from '../telemetry/logger.ts';
import type { DashboardSource } from './dashboard-source.ts';
import type { LogLevelChange, LogScope } from './log-levels-contract.ts';

/** An hour: enough to see what is going on, too short to be forgotten. */
const MAX_SECONDS = 3_600;
const MAX_ID_LENGTH = 256;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu;
const BODY_ERROR =
  'the body must be {"level": text, "forSeconds": 1 to 3600} with one of {"organization": UUID}, {"call": number of a live call}, or both "organization" and "conversation"';

/**
 * Reads what an operator wants logged: an organisation, a call that he sees on the page, or a conversation whose whole id he
 * has from elsewhere.
 *
 * @param find Finds the call of a number.
 * @returns The change, or what is wrong with the body.
 */
export async function toLogLevelChange(
  body: unknown,
  find: DashboardSource['find'],
): Promise<LogLevelChange | string> {
  if (typeof body !== 'object' || body === null) return BODY_ERROR;
  const { level, forSeconds, ...scoped } = body as Readonly<Record<string, unknown>>;
  if (!isLevel(level) || !isWhole(forSeconds) || forSeconds > MAX_SECONDS) return BODY_ERROR;
  const scope = await toScope(scoped, find);
  return typeof scope === 'string' ? scope : { scope, level, forSeconds };
}

async function toScope(
  { organization, conversation, call, ...others }: Readonly<Record<string, unknown>>,
  find: DashboardSource['find'],
): Promise<LogScope | string> {
  if (Object.keys(others).length > 0) return BODY_ERROR;
  if (call !== undefined) {
    if (!isWhole(call) || organization !== undefined || conversation !== undefined)
      return BODY_ERROR;
    const found = await find(call);
    if (found === undefined) return 'the call has ended';
    const { organisation, conversationId } = found;
    return { type: 'conversation', organisationId: organisation, conversationId };
  }
  if (typeof organization !== 'string' || !UUID.test(organization)) return BODY_ERROR;
  const organisationId = organization.toLowerCase();
  if (conversation === undefined) return { type: 'organisation', organisationId };
  if (typeof conversation !== 'string') return BODY_ERROR;
  if (conversation === '' || conversation.length > MAX_ID_LENGTH) return BODY_ERROR;
  return { type: 'conversation', organisationId, conversationId: conversation };
}

function isLevel(value: unknown): value is LogLevel {
  return LOG_LEVELS.some((level) => level === value);
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}
