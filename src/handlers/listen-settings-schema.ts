import { z } from 'zod';

const MAX_TIMER_MS = 86_400_000;

const timerMs = z.int().min(0).max(MAX_TIMER_MS).optional();

/** What `listen` may be, wherever a bot's author writes it. */
export const inputModeSchema = z.enum(['voice', 'digits', 'voice-and-digits']);

/** The keys of `DigitSettings`, for a zod object that decides what to do with others. */
export const digitSettingsShape = {
  maxLength: z.int().min(1).max(64).optional(),
  terminator: z
    .string()
    .regex(/^[0-9A-D*#]$/u, 'expected one key: 0-9, A-D, "*" or "#"')
    .optional(),
  interDigitTimeoutMs: timerMs,
};

/** The keys of `SpeechTimers`, likewise. */
export const speechTimersShape = {
  noInputTimeoutMs: timerMs,
  completeTimeoutMs: timerMs,
  incompleteTimeoutMs: timerMs,
  maxSpeechMs: timerMs,
};
