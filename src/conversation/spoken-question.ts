import type { BotInput } from '../handlers/bot-handler.ts';
import type { Question, Resumption } from './answer.ts';
import type { Conversation } from './conversation.ts';
import type { Utterance } from './ear.ts';
import type { CutOff } from './playback.ts';
import type { Recognition } from './recognition.ts';

/**
 * What is done with an utterance that is complete: the bot is asked, or, when it was no interruption after all, what it
 * cut off goes on.
 */
export function askOf(
  conversation: Conversation,
  { audio, speechMs }: Utterance,
  cut: CutOff | undefined,
  recognition: Recognition | undefined,
): Question['input'] {
  const spoken = (text: string | undefined): BotInput => ({
    type: 'speech',
    audio,
    durationMs: speechMs,
    text,
    sensitive: conversation.isSensitive,
  });
  const sounds = cut?.unheard ?? [];
  const resume: Resumption | undefined = sounds.length > 0 ? { type: 'resume', sounds } : undefined;
  if (resume !== undefined && speechMs < conversation.agent.bargeIn.minSpeechMs) {
    recognition?.cancel();
    return async () => resume;
  }
  if (recognition === undefined) return spoken(undefined);
  return async (cancellation) => {
    const text = await recognition.text(cancellation.signal);
    return text === '' && resume !== undefined ? resume : spoken(text ?? '');
  };
}
