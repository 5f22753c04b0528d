import { decodeWav } from '../../audio/wav.ts';
import type { JsonObject } from '../../core/json.ts';
import type { BargeIn, BotOutput } from '../bot-handler.ts';
import { readByovaPayload } from '../vendor/byova-payload.ts';
import { toPlainText } from '../vendor/plain-text.ts';
import type { DialogflowOptions } from './dialogflow-options.ts';
import type { DetectIntentResponse, ResponseMessage } from './dialogflow-sdk.ts';
import { fromStruct } from './struct.ts';

/** What of the options an answer depends on. */
export type DialogflowAnswerOptions = Pick<DialogflowOptions, 'voice' | 'bargeIn'>;

/** Turns the parts of one answer into what the caller hears and the flow learns. */
export interface DialogflowAnswer {
  take(response: DetectIntentResponse): Iterable<BotOutput>;
}

/**
 * Creates the reader of one answer. Of a transfer and an end in one answer the transfer counts, wherever it stands in the
 * part that brings it. Recordings that a message names by URI are not fetched.
 */
export function createDialogflowAnswer(options: DialogflowAnswerOptions): DialogflowAnswer {
  let hasTransfer = false;
  return {
    *take(response) {
      const messages = response.queryResult?.responseMessages ?? [];
      const transfer = messages.map(toTransfer).find((found) => found !== undefined);
      if (transfer !== undefined && !hasTransfer) yield transfer;
      hasTransfer ||= transfer !== undefined;
      if (!hasTransfer && messages.some(isSet('endInteraction')))
        yield { type: 'end', name: '', metadata: {} };
      for (const { payload } of messages) yield* readByovaPayload(fromStruct(payload));
      yield* toSpeech(messages, response.outputAudio, options);
    },
  };
}

function* toSpeech(
  messages: readonly ResponseMessage[],
  outputAudio: Uint8Array | null | undefined,
  options: DialogflowAnswerOptions,
): Iterable<BotOutput> {
  const prompts = toPrompts(messages);
  const bargeIn = toBargeIn(prompts, options);
  const text = prompts.map((prompt) => prompt.text).join(' ');
  if (options.voice === 'gateway') {
    if (text !== '') yield { type: 'say', text, ...bargeIn };
    return;
  }
  const sounds = [outputAudio, ...messages.flatMap(toSegments)].filter(
    (sound): sound is Uint8Array => (sound?.length ?? 0) > 0,
  );
  for (const [index, sound] of sounds.entries())
    yield {
      type: 'audio',
      ...withoutHeader(sound),
      ...(index === 0 && text !== '' && { text }),
      ...bargeIn,
    };
}

interface Prompt {
  readonly text: string;
  readonly canInterrupt: boolean;
}

/** What is to be spoken: as the service does it, the texts made for speech where there are any. */
function toPrompts(messages: readonly ResponseMessage[]): readonly Prompt[] {
  const spoken = messages.flatMap(({ outputAudioText: said }) =>
    said ? toPrompt(said.ssml ?? said.text, said.allowPlaybackInterruption) : [],
  );
  if (spoken.length > 0) return spoken;
  return messages.flatMap(({ text: said }) =>
    said ? toPrompt(said.text?.join(' '), said.allowPlaybackInterruption) : [],
  );
}

function toPrompt(
  source: string | null | undefined,
  canInterrupt: boolean | null | undefined,
): readonly Prompt[] {
  const text = toPlainText(source ?? '');
  return text === '' ? [] : [{ text, canInterrupt: canInterrupt === true }];
}

function toBargeIn(
  prompts: readonly Prompt[],
  options: DialogflowAnswerOptions,
): { readonly bargeIn?: BargeIn } {
  if (options.bargeIn === 'gateway' || prompts.length === 0) return {};
  return { bargeIn: prompts.every(({ canInterrupt }) => canInterrupt) };
}

function toSegments({ mixedAudio }: ResponseMessage): readonly (Uint8Array | null | undefined)[] {
  return mixedAudio?.segments?.map(({ audio }) => audio) ?? [];
}

/** Each part of an answer may have a header of its own, so that they would not make one WAV file together. */
function withoutHeader(sound: Uint8Array) {
  if (Buffer.from(sound.subarray(0, 4)).toString('latin1') !== 'RIFF') return { audio: sound };
  const { data, format } = decodeWav(sound);
  return { audio: data, format };
}

function toTransfer(message: ResponseMessage): BotOutput | undefined {
  const { liveAgentHandoff: handoff, telephonyTransferCall: telephony } = message;
  if (handoff) return transferWith(fromStruct(handoff.metadata));
  return telephony ? transferWith({ phoneNumber: telephony.phoneNumber ?? '' }) : undefined;
}

function transferWith(metadata: JsonObject): BotOutput {
  return { type: 'transfer', name: '', metadata };
}

function isSet(key: keyof ResponseMessage): (message: ResponseMessage) => boolean {
  return (message) => message[key] !== undefined && message[key] !== null;
}
