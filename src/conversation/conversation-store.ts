/** What another replica needs to go on with a call: JSON text, small, without sound. It holds what the bot noted down. */
export type ConversationRecord = string;

/**
 * What came of asking for a conversation.
 *
 * `ours`: no other replica answers it until it is released, or until this replica is no longer seen alive; `record` is
 * what was kept last, `undefined` when nothing was, as for a new call. `theirs`: a replica that is alive has it, and
 * takes RPCs for it at `address`. `ended`: the call is over. `unsure`: the store has lost its memory a moment ago, and may
 * hear of the conversation from whoever had it: ask again.
 */
export type Claim =
  | {
      readonly type: 'ours';
      readonly lease: Lease;
      readonly record: ConversationRecord | undefined;
    }
  | { readonly type: 'theirs'; readonly owner: Owner }
  | { readonly type: 'ended' }
  | { readonly type: 'unsure' };

/** The replica that answers a call. */
export interface Owner {
  /** Made anew by each process. */
  readonly replicaId: string;
  /** Where its peers reach it, as a gRPC target: `host:port` or `unix:/path`. */
  readonly address: string;
}

/** The right to answer one conversation. A newer one of the same conversation makes it worthless. */
export interface Lease {
  readonly key: string;
  /**
   * When it was given, in milliseconds since the epoch, or a little later: it rises with each owner, and goes on rising when
   * a store has lost its memory.
   */
  readonly epoch: number;
}

/** The circumstances of a claim. */
export interface ClaimOptions {
  /** The caller begins a call: one of this key that has ended is forgotten. */
  readonly begins?: boolean;
  /** An owner that could not be reached: whatever the store believes of it, it has lost the conversation. */
  readonly dead?: Owner | undefined;
}

/**
 * Conversations that several replicas share: who answers which, and where each stands. One object a replica. Nothing here
 * is asked for while the conversation stays with its owner.
 *
 * A lease counts unless the store knows that another replica has had a newer one of its key: so a store that has lost its
 * memory believes those who hold one. What nobody touches is forgotten after some time.
 *
 * Every method rejects with a `GatewayError` `ERR_STORE_UNAVAILABLE` when the store cannot be asked.
 */
export interface ConversationStore {
  readonly replicaId: string;
  /** Asks for a conversation. Whoever has it already gets a newer lease. */
  claim(key: string, options?: ClaimOptions): Promise<Claim>;
  /** Keeps where the conversation stands; the lease goes on. `false`: it was lost, and nothing was kept. */
  save(lease: Lease, record: ConversationRecord): Promise<boolean>;
  /**
   * Gives the lease back and keeps where the conversation stands; without a record, what was kept before stays.
   *
   * @returns `false`: it was lost, and nothing was kept.
   */
  release(lease: Lease, record: ConversationRecord | undefined): Promise<boolean>;
  /**
   * The call is over: the record is forgotten, and for a while the key is known as ended. A lease that was released will do.
   *
   * @returns `false`: there is a newer lease, and nothing was changed.
   */
  end(lease: Lease): Promise<boolean>;
  /**
   * Shows that this replica is alive; to be called once a second. A replica that is silent for three loses its leases.
   *
   * @returns A name of the store's memory; another one than before says that it has lost what it knew.
   */
  beat(): Promise<string>;
  /** Shows this replica as gone: what it still holds may be claimed. Idempotent; never rejects. */
  close(): Promise<void>;
}
