import type { BotCall, BotInput } from '../bot-handler.ts';
import { pickParameters, toSessionId, translateLanguage } from '../vendor/call-parameters.ts';
import type { DialogflowOptions } from './dialogflow-options.ts';
import type { DialogflowInput, DialogflowRequest } from './dialogflow-sdk.ts';
import { toStruct } from './struct.ts';

const TELEPHONE_INPUT = { audioEncoding: 'AUDIO_ENCODING_MULAW', sampleRateHertz: 8000 };
const TELEPHONE_OUTPUT = { audioEncoding: 'OUTPUT_AUDIO_ENCODING_MULAW', sampleRateHertz: 8000 };

/** The first message of a stream, which says what it is about. */
export function toFirstRequest(
  call: BotCall,
  input: BotInput,
  options: DialogflowOptions,
): DialogflowRequest {
  const { voice, voiceName } = options;
  const parameters = {
    ...(input.type === 'start' && pickParameters(call.parameters, options.parameters)),
    ...(input.type === 'custom-event' && input.parameters),
  };
  return {
    session: toSession(call, options),
    ...(Object.keys(parameters).length > 0 && {
      queryParams: { parameters: toStruct(parameters) },
    }),
    queryInput: { ...toQuery(input, options), languageCode: toLanguage(call, options) },
    ...(voice === 'dialogflow' && {
      outputAudioConfig: {
        ...TELEPHONE_OUTPUT,
        ...(voiceName !== undefined && { synthesizeSpeechConfig: { voice: { name: voiceName } } }),
      },
    }),
    enablePartialResponse: true,
  };
}

/** A message with sound, after the first. */
export function toAudioRequest(
  audio: Uint8Array,
  { queryInput: { languageCode } }: DialogflowRequest,
): DialogflowRequest {
  return { queryInput: { audio: { audio }, languageCode } };
}

function toQuery(input: BotInput, options: DialogflowOptions): DialogflowInput {
  switch (input.type) {
    case 'start':
      return options.welcomeText === undefined
        ? { event: { event: options.welcomeEvent } }
        : { text: { text: options.welcomeText } };
    case 'digits':
      return { dtmf: { digits: input.digits } };
    case 'speech':
    case 'speech-stream':
      return {
        audio: {
          config: {
            ...TELEPHONE_INPUT,
            singleUtterance: true,
            ...(options.speechModel !== undefined && { model: options.speechModel }),
            ...(options.phraseHints.length > 0 && { phraseHints: options.phraseHints }),
          },
        },
      };
    case 'no-input':
      return { event: { event: options.noInputEvent } };
    case 'custom-event':
      return { event: { event: input.name } };
    default:
      return input satisfies never;
  }
}

function toSession(
  call: BotCall,
  { projectId, location, agentId, environment }: DialogflowOptions,
): string {
  const agent = `projects/${projectId}/locations/${location}/agents/${agentId}`;
  const version = environment === undefined ? '' : `/environments/${environment}`;
  return `${agent}${version}/sessions/${toSessionId(call)}`;
}

function toLanguage({ language: spoken }: BotCall, options: DialogflowOptions): string {
  return (
    translateLanguage(spoken, options.languages) ?? (spoken === '' ? options.language : spoken)
  );
}
