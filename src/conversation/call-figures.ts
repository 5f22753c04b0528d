import type { EndReason } from '../handlers/bot-handler.ts';

/** What became of a call. */
export type CallOutcome = 'completed' | 'transferred' | 'abandoned' | 'timed-out' | 'failed';

/** What of a moment in a call is looked at here; see `CallMoment`. */
interface NotedMoment {
  readonly type: string;
  readonly afterMs?: number;
  readonly outcome?: string;
}

/** The numbers of a call as they travel, in the order in which {@link CallFigures} takes them. */
export type FigureCounts = readonly number[];

/** A {@link CallFigures} as it stands in the log. */
type FigureFields = {
  readonly answers: number;
  readonly meanFirstAudioMs: number | undefined;
  readonly slowestFirstAudioMs: number | undefined;
  readonly interruptions: number | undefined;
  readonly fillers: number | undefined;
  readonly botFailures: number | undefined;
};

/** The story of one call in numbers, for its last line in the log. One object a call, hence a class. */
export class CallFigures {
  #answers = 0;
  #failures = 0;
  #interruptions = 0;
  #fillers = 0;
  #underWay = 0;
  #hasFailedLast = false;
  #firstAudios = 0;
  #firstAudioMs = 0;
  #slowestFirstAudioMs = 0;

  /** Takes in what has happened. */
  note({ type, afterMs = 0, outcome }: NotedMoment): void {
    switch (type) {
      case 'asked':
        this.#underWay += 1;
        return;
      case 'first-audio':
        this.#firstAudios += 1;
        this.#firstAudioMs += afterMs;
        this.#slowestFirstAudioMs = Math.max(this.#slowestFirstAudioMs, afterMs);
        return;
      case 'interrupted':
        this.#interruptions += 1;
        return;
      case 'filler':
        this.#fillers += 1;
        return;
      case 'bot-failed':
        this.#failures += 1;
        return;
      case 'answer-ended':
        this.#underWay = Math.max(0, this.#underWay - 1);
        this.#answers += outcome === 'answered' ? 1 : 0;
        this.#hasFailedLast = outcome === 'failed' || outcome === 'timed-out';
        return;
      default:
        return;
    }
  }

  /** What another process needs to go on counting; what is under way is lost with this one. */
  toCounts(): FigureCounts {
    return [
      this.#answers,
      this.#failures,
      this.#interruptions,
      this.#fillers,
      Number(this.#hasFailedLast),
      this.#firstAudios,
      this.#firstAudioMs,
      this.#slowestFirstAudioMs,
    ];
  }

  /** Goes on from what another process has counted. */
  restore(counts: FigureCounts): void {
    const [answers = 0, failures = 0, interruptions = 0, fillers = 0, hasFailedLast = 0] = counts;
    const [firstAudios = 0, firstAudioMs = 0, slowestFirstAudioMs = 0] = counts.slice(5);
    this.#answers = answers;
    this.#failures = failures;
    this.#interruptions = interruptions;
    this.#fillers = fillers;
    this.#hasFailedLast = hasFailedLast === 1;
    this.#firstAudios = firstAudios;
    this.#firstAudioMs = firstAudioMs;
    this.#slowestFirstAudioMs = slowestFirstAudioMs;
  }

  /**
   * Judges an end. A caller who hangs up has abandoned the call when he had said nothing yet, was waiting for an answer, or
   * had just heard an apology; else it was complete for him.
   */
  outcomeOf(reason: EndReason): CallOutcome {
    switch (reason) {
      case 'bot':
        return 'completed';
      case 'transfer':
        return 'transferred';
      case 'idle':
        return 'timed-out';
      case 'caller':
        return this.#answers <= 1 || this.#underWay > 0 || this.#hasFailedLast
          ? 'abandoned'
          : 'completed';
      case 'shutdown':
      case 'revoked':
      case 'error':
        return 'failed';
      default:
        return reason satisfies never;
    }
  }

  /** Fields of a log line; what did not happen is left out. */
  toFields(): FigureFields {
    const hasSpoken = this.#firstAudios > 0;
    return {
      answers: this.#answers,
      meanFirstAudioMs: hasSpoken ? Math.round(this.#firstAudioMs / this.#firstAudios) : undefined,
      slowestFirstAudioMs: hasSpoken ? Math.round(this.#slowestFirstAudioMs) : undefined,
      interruptions: this.#interruptions || undefined,
      fillers: this.#fillers || undefined,
      botFailures: this.#failures || undefined,
    };
  }
}
