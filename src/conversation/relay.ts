/** Where an RPC goes: the method and what is said of the call in headers. */
export interface RelayRpc {
  /** HTTP/2 path of the method. */
  readonly path: string;
  /** Header names are in lower case, values printable ASCII. */
  readonly headers: Readonly<Record<string, string>>;
}

/** How a relayed RPC ended at the other side. */
export interface RelayEnd {
  /** Name of the gRPC status, such as `OK` or `UNAVAILABLE`. */
  readonly status: string;
  /** Whether the RPC was begun on a connection; if not, nothing was sent and it may be tried elsewhere. */
  readonly hasBegun: boolean;
  /** What the other side says of it; from a stranger, so never to be logged. */
  readonly details: string;
}

/** Hears of a relayed RPC, in order, and nothing after `relayEnded`. Never called before `open` has returned. */
export interface RelayListener {
  /** One message, as it came; it may be kept, and must not be changed. */
  relayed(bytes: Buffer): void;
  /** There is room again after `send` gave `false`. */
  relayDrained(): void;
  /** The RPC is over, and everything that it brought was handed over. */
  relayEnded(end: RelayEnd): void;
}

/** The caller's half of a relayed RPC. After its end, or after `cancel`, everything here does nothing. */
export interface RelayStream {
  /** Queues one message; `false`: wait for `relayDrained` before the next. */
  send(bytes: Buffer): boolean;
  halfClose(): void;
  /** Ends the RPC at once; the listener hears nothing more. */
  cancel(): void;
  /** Holds messages back, and with them the sender. */
  pause(): void;
  resume(): void;
}

/** Opens RPCs at another address and passes bytes both ways as they are. Bounded in connections, RPCs and bytes. */
export interface RelayClient {
  /** Opens one RPC. Never throws: whatever goes wrong is told to the listener. */
  open(rpc: RelayRpc, listener: RelayListener): RelayStream;
  /** Closes the connections; RPCs that are open end. */
  close(): void;
}

/** Where an agent's RPCs are answered instead of here. */
export interface AgentRelay {
  readonly client: RelayClient;
  /** The `authorization` header of every RPC; `undefined`: none. */
  readonly authorization: string | undefined;
  /** Send the `authorization` header that came with the RPC instead. */
  readonly passAuthorization: boolean;
  /** What the agent is called over there; `undefined`: as it is here. */
  readonly virtualAgentId: string | undefined;
}
