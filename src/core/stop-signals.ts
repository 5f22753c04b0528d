/** Exit codes of a process that a signal ended before it had stopped by itself: 128 and the signal's number. */
export const STOP_SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;
