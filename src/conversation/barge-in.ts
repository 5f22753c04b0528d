import type { BargeIn } from '../handlers/bot-handler.ts';

/** What a caller cuts in with. */
export type Interrupter = 'speech' | 'digits';

/** What may cut a prompt short. */
export type BargeInBy = 'either' | Interrupter | 'none';

/** When a caller may speak over a prompt, and what counts as doing so. */
export interface BargeInSettings {
  /** What cuts prompts short when the bot does not say. */
  readonly by: BargeInBy;
  /** The beginning of what plays that nothing cuts short, in milliseconds. */
  readonly protectMs: number;
  /** Speech that counts as an interruption while a prompt plays, in milliseconds: longer than a cough or a "yes". */
  readonly onsetMs: number;
  /**
   * An interruption with less speech than this was none: the prompt goes on where it was cut, and the bot is not asked.
   * In milliseconds; 0 takes every interruption for one, unless a recogniser finds no word in it.
   */
  readonly minSpeechMs: number;
}

/** What a bot asked for, or else what the agent is set to. */
export function toBargeInBy(asked: BargeIn | undefined, agents: BargeInBy): BargeInBy {
  if (asked === undefined || asked === true) return asked === true ? 'either' : agents;
  return asked === false ? 'none' : asked;
}

/** Whether `interrupter` may cut a prompt of that kind short. */
export function allows(by: BargeInBy, interrupter: Interrupter): boolean {
  return by === 'either' || by === interrupter;
}
