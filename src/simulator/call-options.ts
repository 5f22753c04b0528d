import { randomUUID } from 'node:crypto';

import type { AudioEncoding, AudioFormat } from '../audio/audio-format.ts';
import type { JsonObject } from '../core/json.ts';
import type { CallEvent } from './call-event.ts';
import type { CallerAction } from './caller-script.ts';

/** How the caller's audio is sent. */
interface CallerAudioOptions {
  /** Default `mulaw`. */
  readonly encoding?: AudioEncoding;
  /** 8000 or 16000; default 8000. */
  readonly sampleRateHz?: 8000 | 16_000;
  /** Which messages of an RPC name the format. Default `never`, as live Webex does with µ-law; else `first`. */
  readonly declare?: 'never' | 'first' | 'always';
  /** Begin each audio RPC with a message without audio. Default `false`. */
  readonly configFirst?: boolean;
  /** Begin each audio RPC with a packet of three bytes. Default `false`. */
  readonly probe?: boolean;
}

/** One call. */
export interface CallOptions {
  /** UUID of the customer's organisation. */
  readonly organisationId: string;
  /** Default: empty, the default agent. */
  readonly agentId?: string;
  /** Default: a random UUID. */
  readonly conversationId?: string;
  /** Whether PARTIAL answers are welcome; default `false`. */
  readonly allowPartial?: boolean;
  readonly vendorConfig?: string;
  /** Name and parameters of the session start. */
  readonly sessionName?: string;
  readonly sessionParameters?: JsonObject;
  /** What the caller does; default nothing. A script that ends without hanging up is followed by `hang-up`. */
  readonly script?: readonly CallerAction[];
  /** 1: real time (default). 20: twenty times as fast. `Infinity`: as fast as possible. */
  readonly speed?: number;
  readonly audio?: CallerAudioOptions;
  /** Keep sound of both sides for the result; default `true`. Switch it off for hundreds of calls. */
  readonly record?: boolean;
  /** Longest call, in milliseconds of the caller's time, 1000 to 3,600,000; default ten minutes. */
  readonly maxCallMs?: number;
  /** How long an RPC may stay open after the half-close, in milliseconds of the machine; default 45,000. */
  readonly completionTimeoutMs?: number;
  /** Called for everything that happens, as it happens. */
  readonly onEvent?: (event: CallEvent) => void;
}

/** {@link CallOptions}, whole. */
export type CompiledCallOptions = Required<Omit<CallOptions, 'audio'>> & {
  readonly format: AudioFormat;
  readonly audio: Required<Pick<CallerAudioOptions, 'declare' | 'configFirst' | 'probe'>>;
};

const DEFAULT_MAX_CALL_MS = 600_000;
const LONGEST_CALL_MS = 3_600_000;
/** A gateway gives up on a bot after 30 s; this leaves it time to apologise. */
const DEFAULT_COMPLETION_TIMEOUT_MS = 45_000;
const KEYS = /^[0-9A-D*#]+$/u;

/**
 * Completes the options of a call.
 *
 * @throws {TypeError} Naming the option that is out of range.
 */
export function compileCallOptions(options: CallOptions): CompiledCallOptions {
  const { audio = {} } = options;
  const format: AudioFormat = {
    encoding: audio.encoding ?? 'mulaw',
    sampleRateHz: audio.sampleRateHz ?? 8000,
  };
  const isLiveFormat = format.encoding === 'mulaw' && format.sampleRateHz === 8000;
  const compiled: CompiledCallOptions = {
    organisationId: options.organisationId,
    agentId: options.agentId ?? '',
    conversationId: options.conversationId ?? randomUUID(),
    allowPartial: options.allowPartial ?? false,
    vendorConfig: options.vendorConfig ?? '',
    sessionName: options.sessionName ?? '',
    sessionParameters: options.sessionParameters ?? {},
    script: options.script ?? [],
    speed: options.speed ?? 1,
    format,
    audio: {
      declare: audio.declare ?? (isLiveFormat ? 'never' : 'first'),
      configFirst: audio.configFirst ?? false,
      probe: audio.probe ?? false,
    },
    record: options.record ?? true,
    maxCallMs: options.maxCallMs ?? DEFAULT_MAX_CALL_MS,
    completionTimeoutMs: options.completionTimeoutMs ?? DEFAULT_COMPLETION_TIMEOUT_MS,
    onEvent: options.onEvent ?? (() => undefined),
  };
  if (!(compiled.speed > 0)) throw new TypeError('speed must be above 0');
  if (!(compiled.maxCallMs >= 1000 && compiled.maxCallMs <= LONGEST_CALL_MS))
    throw new TypeError('maxCallMs must be from 1000 to 3600000');
  for (const action of compiled.script)
    if (action.type === 'press' && !KEYS.test(action.digits))
      throw new TypeError('digits must be of 0-9 A-D * #');
  return Object.freeze(compiled);
}
