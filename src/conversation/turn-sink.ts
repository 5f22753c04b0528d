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

/** A sink that writes a message of its own before the first message of others. */
export interface PrecededSink extends TurnSink {
  /** Writes that message now, unless it was written. */
  begin(): void;
}

/** Puts `first` before whatever is written first. @param onBegin Called just before `first` is written. */
export function beginWith(first: TurnOutput, sink: TurnSink, onBegin?: () => void): PrecededSink {
  let hasBegun = false;
  const begin = (): void => {
    if (hasBegun) return;
    hasBegun = true;
    onBegin?.();
    sink.write(first);
  };
  return {
    begin,
    write(output) {
      begin();
      return sink.write(output);
    },
    ready: () => sink.ready(),
    complete: () => sink.complete(),
    fail: (error) => sink.fail(error),
  };
}
