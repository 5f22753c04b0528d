/** Turns text into sound. Declared here because the turn engine consumes it; engines live in `speech/`. */
export interface SpeechSynthesiser {
  /**
   * Speaks `text`.
   *
   * The same text gives the same (identical) array as long as the engine remembers it, so that later stages can
   * remember what they made of it. The array must not be changed.
   *
   * @returns µ-law, 8000 Hz, mono, no header.
   * @throws {GatewayError} `ERR_SPEECH_FAILED` when the engine could not.
   */
  synthesise(text: string, signal: AbortSignal): Promise<Uint8Array>;
  /** Texts that wait for an engine which is busy; absent where none ever waits here. */
  readonly waiting?: (() => number) | undefined;
  close(): Promise<void>;
}
