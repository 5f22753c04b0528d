import type { LogFields } from '../core/logger.ts';
import { type PlainAware, type PlainFields, writePlain } from './plain-logger.ts';

/**
 * Every event the gateway logs: its level and its message. Alerts and tests key on the name.
 *
 * Fields never hold a token, audio, digits or text of the caller. Those of a `plain` event, which comes with every call, hold
 * nothing in which one could hide, so nobody searches them; what is foreign, such as errors, is searched.
 */
const LOG_EVENTS = {
  'gateway.ready': { level: 'info', message: 'gateway is listening' },
  'gateway.draining': { level: 'info', message: 'gateway is draining' },
  'gateway.stopped': { level: 'info', message: 'gateway has stopped' },
  'auth.refused': { level: 'warn', message: 'credential refused' },
  'auth.limited': { level: 'warn', message: 'more credentials failed than are logged one by one' },
  'tls.refused': { level: 'warn', message: 'TLS handshake refused' },
  'tls.reloaded': { level: 'info', message: 'TLS certificate reloaded' },
  'tls.reload.failed': { level: 'error', message: 'changed TLS files cannot be used' },
  'auth.keys.fetched': { level: 'info', message: 'issuer keys fetched' },
  'auth.keys.failed': { level: 'warn', message: 'issuer keys could not be fetched' },
  'auth.keys.stale': { level: 'warn', message: 'stale issuer keys in use' },
  'auth.keys.expired': { level: 'error', message: 'stale issuer keys are used no more' },
  'auth.keys.snapshot': { level: 'warn', message: 'snapshot of issuer keys failed' },
  'auth.replay.degraded': { level: 'error', message: 'shared replay store does not answer' },
  'auth.replay.recovered': { level: 'info', message: 'shared replay store answers again' },
  'tenants.changed': { level: 'info', message: 'known organisations changed' },
  'tenants.refused': { level: 'error', message: 'changed file of organisations cannot be used' },
  'call.started': { level: 'info', message: 'call started', plain: true },
  'call.ended': { level: 'info', message: 'call ended', plain: true },
  'conversation.restored': { level: 'debug', message: 'call goes on in this process', plain: true },
  'conversation.lost': { level: 'warn', message: 'another process has taken the call over' },
  'conversation.unwritable': {
    level: 'warn',
    message: 'call cannot go on in another process: its state is no JSON, or too long',
  },
  'conversation.store.degraded': { level: 'error', message: 'conversation store does not answer' },
  'conversation.store.recovered': { level: 'info', message: 'conversation store answers again' },
  'turn.failed': { level: 'error', message: 'turn failed' },
  'rpc.opened': { level: 'debug', message: 'RPC of a call opened', plain: true },
  'rpc.refused': { level: 'warn', message: 'RPC refused' },
  'rpc.failed': { level: 'error', message: 'RPC failed unexpectedly' },
  'bot.failed': { level: 'error', message: 'bot failed' },
  'bot.script.unreachable': { level: 'warn', message: 'script has nodes that nothing leads to' },
  'speech.failed': { level: 'warn', message: 'speech recogniser failed' },
  'bot.worker.lost': { level: 'error', message: 'worker of a bot was lost' },
  'bot.worker.started': { level: 'info', message: 'worker of a bot was started again' },
  'bot.worker.discarded': { level: 'warn', message: 'output of a bot worker was discarded' },
  'bot.breaker': { level: 'warn', message: 'breaker of a bot changed' },
  'recorder.started': { level: 'info', message: 'call is being recorded' },
  'recorder.failed': { level: 'warn', message: 'recording of a call failed' },
  'bot.reloaded': { level: 'info', message: 'bots reloaded' },
  'admin.revoked': { level: 'warn', message: 'credential revoked by an operator' },
  'admin.restored': { level: 'warn', message: 'revocation taken back by an operator' },
  'admin.refused': { level: 'warn', message: 'operator refused' },
  'admin.signed-in': { level: 'info', message: 'operator signed in' },
  'admin.drain': { level: 'warn', message: 'operator asked the process to drain' },
  'admin.log-level': { level: 'warn', message: 'operator changed a log level' },
  'admin.failed': { level: 'error', message: 'admin request failed' },
  'config.reloaded': { level: 'info', message: 'configuration reloaded' },
  'config.refused': { level: 'error', message: 'changed configuration cannot be used' },
  'worker.started': { level: 'info', message: 'worker process answers calls' },
  'worker.died': { level: 'error', message: 'worker process ended' },
  'process.fault': { level: 'error', message: 'a fault reached the process' },
} as const satisfies Record<
  string,
  {
    readonly level: 'debug' | 'info' | 'warn' | 'error';
    readonly message: string;
    readonly plain?: true;
  }
>;

/** The name of one of {@link LOG_EVENTS}. */
export type LogEventName = keyof typeof LOG_EVENTS;

/** The names of events that are `plain`. */
type PlainEventName = {
  [Name in LogEventName]: (typeof LOG_EVENTS)[Name] extends { readonly plain: true } ? Name : never;
}[LogEventName];

/** What an event may say; of several, what each of them may. */
type FieldsOf<Name extends LogEventName> = [Extract<Name, PlainEventName>] extends [never]
  ? LogFields
  : PlainFields;

/** Writes one event with its fixed level and message. */
export function logEvent<Name extends LogEventName>(
  logger: PlainAware,
  event: Name,
  fields?: FieldsOf<Name>,
): void {
  const kind = LOG_EVENTS[event];
  if ('plain' in kind || isFlat(fields)) writePlain(logger, event, kind, fields ?? {});
  else logger[kind.level]({ event, ...fields }, kind.message);
}

/** Whether no value is an object in which a secret could hide; names on top are looked at on the shorter way too. */
function isFlat(fields: LogFields | undefined): boolean {
  for (const name in fields) if (typeof fields[name] === 'object') return false;
  return true;
}
