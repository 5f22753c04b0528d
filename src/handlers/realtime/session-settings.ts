import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { BotCall } from '../bot-handler.ts';
import { renderText } from '../script/template.ts';
import type { RealtimeOptions } from './realtime-options.ts';
import { declareTools } from './tools.ts';

/** G.711 µ-law, 8000 Hz, as each dialect calls it. */
export const MULAW_NAMES = { ga: 'audio/pcmu', beta: 'g711_ulaw' } as const;

/** Builds the `session` of `session.update` for a call: everything that the bot relies on, then what the configuration adds. */
export function toSessionSettings(options: RealtimeOptions, call: BotCall): JsonObject {
  const language = options.language ?? call.language;
  const common: JsonObject = {
    instructions: renderText(options.instructions, (name) =>
      // Own properties only: a flow's parameters are a plain object.
      name === 'language'
        ? language
        : Object.hasOwn(call.parameters, name)
          ? call.parameters[name]
          : undefined,
    ),
    tools: declareTools(options),
    tool_choice: 'auto',
    ...options.settings,
  };
  return options.dialect === 'ga'
    ? toGaSettings(options, common, language)
    : toBetaSettings(options, common, language);
}

function toGaSettings(options: RealtimeOptions, common: JsonObject, language: string): JsonObject {
  const { voice, speed, noiseReduction } = options;
  const format = { type: MULAW_NAMES.ga };
  return {
    ...common,
    type: 'realtime',
    output_modalities: ['audio'],
    audio: {
      input: {
        format,
        turn_detection: turnDetectionOf(options),
        ...transcriptionOf(options, 'transcription', language),
        ...(noiseReduction && { noise_reduction: { type: noiseReduction } }),
      },
      output: { format, ...(voice && { voice }), ...(speed && { speed }) },
    },
  };
}

function toBetaSettings(
  options: RealtimeOptions,
  common: JsonObject,
  language: string,
): JsonObject {
  const { voice, speed, noiseReduction } = options;
  return {
    ...common,
    modalities: ['audio', 'text'],
    input_audio_format: MULAW_NAMES.beta,
    output_audio_format: MULAW_NAMES.beta,
    turn_detection: turnDetectionOf(options),
    ...transcriptionOf(options, 'input_audio_transcription', language),
    ...(noiseReduction && { input_audio_noise_reduction: { type: noiseReduction } }),
    ...(voice && { voice }),
    ...(speed && { speed }),
  };
}

/** The gateway alone decides what an interruption is, so the server never stops its answer by itself. */
function turnDetectionOf({ turnDetection }: RealtimeOptions): JsonValue {
  return turnDetection === 'gateway'
    ? null
    : { type: 'server_vad', create_response: true, interrupt_response: false };
}

function transcriptionOf(
  { transcriptionModel }: RealtimeOptions,
  key: string,
  language: string,
): JsonObject {
  if (transcriptionModel === undefined) return {};
  // ISO 639-1, which is what the transcribers take.
  const [short = ''] = language.split('-');
  return { [key]: { model: transcriptionModel, ...(short && { language: short.toLowerCase() }) } };
}
