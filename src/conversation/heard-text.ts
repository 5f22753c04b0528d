/** A phrase and where it ends, in bytes since the call began. */
interface Phrase {
  readonly text: string;
  readonly startsAt: number;
  readonly endsAt: number;
}

/** Knows which words belong to which bytes of sound. */
export interface HeardText {
  /** `bytes` of sound will be sent next, in which `text` is spoken. */
  add(text: string, bytes: number): void;
  /** What is sent next begins to play in silence. */
  begin(): void;
  /** `bytes` were sent. */
  sent(bytes: number): void;
  /** What of the text is in the first `heardBytes` since {@link begin}, cut between words; forgets the rest. */
  cut(heardBytes: number): string;
}

/** Phrases of one answer that are remembered; a bot that streams names its words in small pieces. */
const MAX_PHRASES = 512;

/** Creates the memory of one call. @param playedBytes What of the present run was sent before. */
export function createHeardText(playedBytes: number): HeardText {
  let phrases: Phrase[] = [];
  let addedBytes = playedBytes;
  let sentBytes = playedBytes;
  let beganAt = 0;
  return {
    add(text, bytes) {
      // What was added and never sent was discarded.
      addedBytes = Math.max(addedBytes, sentBytes);
      if (text !== '' && phrases.length < MAX_PHRASES)
        phrases.push({ text, startsAt: addedBytes, endsAt: addedBytes + bytes });
      addedBytes += bytes;
    },
    begin() {
      beganAt = sentBytes;
      phrases = phrases.filter(({ endsAt }) => endsAt > beganAt);
    },
    sent(bytes) {
      sentBytes += bytes;
    },
    cut(heardBytes) {
      const heardUntil = beganAt + heardBytes;
      const heard = phrases
        .filter(({ startsAt }) => startsAt < heardUntil)
        .map(({ text, startsAt, endsAt }) =>
          endsAt <= heardUntil
            ? text
            : beginningOf(text, (heardUntil - startsAt) / (endsAt - startsAt)),
        );
      phrases = [];
      addedBytes = sentBytes;
      return heard.join(' ').replace(/\s+/gu, ' ').trim();
    },
  };
}

/** The words of `text` that were spoken to their end when `share` of it was; speech is taken to be even. */
function beginningOf(text: string, share: number): string {
  const length = Math.floor(text.length * share);
  const lastSpace = text.lastIndexOf(' ', length);
  return text.slice(0, Math.max(lastSpace, 0));
}
