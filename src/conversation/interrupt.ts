import type { Interrupter } from './barge-in.ts';
import type { CallObserver } from './call-observer.ts';
import type { Conversation } from './conversation.ts';
import type { CutOff } from './playback.ts';

/** The caller cuts in on whatever may be cut short; gives what was not heard of it, if anything was playing. */
export function interrupt(
  conversation: Conversation,
  by: Interrupter,
  observe: CallObserver,
): CutOff | undefined {
  const cut = conversation.interrupt(by);
  if (cut !== undefined) observe(conversation, { type: 'interrupted', by, heardMs: cut.heardMs });
  return cut;
}
