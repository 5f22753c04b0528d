/**
 * What a look at a relayed answer tells; the answer itself is passed on as it is.
 *
 * `kind`: a piece of audio, an interim answer, an event on its own, or the one answer that closes the turn.
 */
export interface RelayedAnswer {
  readonly kind: 'chunk' | 'partial' | 'event-only' | 'closing';
  readonly event: 'end-of-input' | 'session-end' | 'transfer-to-agent' | 'other' | undefined;
  readonly hasPrompts: boolean;
}
