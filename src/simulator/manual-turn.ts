import type { RpcStatus } from './rpc-status.ts';
import type { TurnListener, TurnStream } from './turn-stream.ts';
import type { WireRequest, WireResponse } from './wire-message.ts';

/** One RPC driven by hand, message by message. */
export interface ManualTurn {
  /** Sends one message; `false` when the RPC takes no more. */
  send(message: WireRequest): boolean;
  halfClose(): void;
  cancel(): void;
  /** What has arrived so far. */
  readonly messages: readonly WireResponse[];
  /** The next message that was not taken yet; `undefined` when the RPC is over. */
  next(): Promise<WireResponse | undefined>;
  /** Resolves at the end of the RPC, however it ends. */
  readonly status: Promise<RpcStatus>;
}

/** Collects what comes on the stream that `open` opens. */
export function createManualTurn(open: (listener: TurnListener) => TurnStream): ManualTurn {
  const messages: WireResponse[] = [];
  const waiting: ((response: WireResponse | undefined) => void)[] = [];
  let taken = 0;
  let isOver = false;
  let end: (status: RpcStatus) => void = () => undefined;
  const status = new Promise<RpcStatus>((resolve) => {
    end = resolve;
  });
  const stream = open({
    received(response) {
      messages.push(response);
      const next = waiting.shift();
      if (next === undefined) return;
      taken += 1;
      next(response);
    },
    closed(how) {
      isOver = true;
      for (const next of waiting.splice(0)) next(undefined);
      end(how);
    },
  });
  return {
    send: (message) => stream.send(message),
    halfClose: () => stream.halfClose(),
    cancel: () => stream.cancel(),
    messages,
    next() {
      const ready = messages[taken];
      if (ready !== undefined) taken += 1;
      if (ready !== undefined || isOver) return Promise.resolve(ready);
      return new Promise((resolve) => waiting.push(resolve));
    },
    status,
  };
}
