/** What a recogniser should know of an utterance before it hears it. */
export interface RecognitionRequest {
  /** Language of the caller, such as `en-US`; empty when nobody said. */
  readonly language: string;
  /** The utterance is confidential: an engine that keeps what it hears must be told not to. */
  readonly sensitive: boolean;
}

/** What a recogniser understood. */
export interface Recognition {
  /** Empty when there was nothing to understand. */
  readonly text: string;
  /** 0 to 1; `undefined` when the engine does not say. */
  readonly confidence: number | undefined;
}

/** Turns speech into text. Declared here because the turn engine consumes it; engines live in `speech/`. */
export interface SpeechRecogniser {
  readonly name: string;
  /**
   * Listens to one utterance while it is spoken.
   *
   * @param audio µ-law, 8000 Hz, mono, pieces of 20 ms and more as they come; ends when the utterance is complete.
   * @param signal Fires when nobody wants the text any more, or when it is late.
   * @throws {GatewayError} `ERR_SPEECH_FAILED` when the engine could not; never with what the caller said.
   */
  recognise(
    audio: AsyncIterable<Uint8Array>,
    request: RecognitionRequest,
    signal: AbortSignal,
  ): Promise<Recognition>;
  close(): Promise<void>;
}
