import type { TurnOutput } from './turn-output.ts';

/** Where a turn's messages go: the writing half of one RPC. After it was completed or failed, it takes no more. */
export interface TurnSink {
  /** Queues one message; `false` says that the writer is full: wait for `ready` before the next. */
  write(output: TurnOutput): boolean;
  /** Resolves when there is room again, or when the RPC is gone. */
  ready(): Promise<void>;
  /** Ends the RPC with OK after what was written. Only the first of `complete` and `fail` counts. */
  complete(): void;
  /** Ends the RPC with the status that belongs to `error`. */
  fail(error: unknown): void;
}

/** A sink that writes `first` before whatever is written first. */
export function beginWith(first: TurnOutput, sink: TurnSink): TurnSink {
  let hasBegun = false;
  return {
    ...sink,
    write(output) {
      if (!hasBegun) sink.write(first);
      hasBegun = true;
      return sink.write(output);
    },
  };
}
