import { GatewayError } from '../core/gateway-error.ts';
import type { DigitSettings, ListenSettings } from '../handlers/listen-settings.ts';
import type { Endpointing } from './agent.ts';

const MODES: ReadonlySet<unknown> = new Set(['voice', 'digits', 'voice-and-digits']);
const KEY = /^[0-9A-D*#]$/u;
const MAX_DIGITS = 64;
/** No timer of the contract is longer than a call: one day. */
const MAX_TIMER_MS = 86_400_000;

const completed = new WeakMap<ListenSettings, WeakMap<ListenSettings, ListenSettings>>();

/**
 * Completes what a bot asked to listen for with the agent's own settings. The same two objects give the same result.
 *
 * @throws {GatewayError} `ERR_HANDLER_OUTPUT` naming the setting that is out of range.
 */
export function compileListenSettings(
  asked: ListenSettings,
  defaults: ListenSettings,
): ListenSettings {
  const ofAgent = completed.get(defaults) ?? new WeakMap<ListenSettings, ListenSettings>();
  completed.set(defaults, ofAgent);
  const known = ofAgent.get(asked);
  if (known !== undefined) return known;
  const settings = Object.freeze({
    mode: asked.mode,
    digits: { ...defaults.digits, ...asked.digits },
    speech: { ...defaults.speech, ...asked.speech },
    sensitive: asked.sensitive ?? false,
  });
  assertListenSettings(settings);
  ofAgent.set(asked, settings);
  return settings;
}

function assertListenSettings({ mode, digits, speech }: ListenSettings): void {
  if (!MODES.has(mode)) throw wrong('mode');
  assertDigits(digits ?? {});
  for (const [name, value] of Object.entries(speech ?? {}))
    assertInteger(name, value, 0, MAX_TIMER_MS);
}

function assertDigits({ maxLength, terminator, interDigitTimeoutMs }: DigitSettings): void {
  assertInteger('maxLength', maxLength, 1, MAX_DIGITS);
  assertInteger('interDigitTimeoutMs', interDigitTimeoutMs, 0, MAX_TIMER_MS);
  if (terminator !== undefined && !KEY.test(terminator)) throw wrong('terminator');
}

function assertInteger(name: string, value: unknown, min: number, max: number): void {
  if (value === undefined) return;
  if (!Number.isInteger(value) || Number(value) < min || Number(value) > max) throw wrong(name);
}

function wrong(name: string): GatewayError {
  return new GatewayError('ERR_HANDLER_OUTPUT', `the bot's listen setting ${name} is out of range`);
}

const endpointing = new WeakMap<ListenSettings, Endpointing>();

/** When the caller's next utterance begins and ends: as the bot asked, else as the agent is set. */
export function endpointingOf(agents: Endpointing, listen: ListenSettings): Endpointing {
  const known = endpointing.get(listen);
  if (known !== undefined) return known;
  const { speech = {} } = listen;
  const timing = {
    onsetMs: agents.onsetMs,
    completeTimeoutMs: speech.completeTimeoutMs ?? agents.completeTimeoutMs,
    incompleteTimeoutMs: speech.incompleteTimeoutMs ?? agents.incompleteTimeoutMs,
    maxSpeechMs: speech.maxSpeechMs ?? agents.maxSpeechMs,
  };
  endpointing.set(listen, timing);
  return timing;
}
