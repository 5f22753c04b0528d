import type { Owner } from './conversation-store.ts';
import type { RelayListener, RelayRpc, RelayStream } from './relay.ts';

/** The other replicas. Bounded in connections; one that is gone is forgotten. */
export interface Peers {
  /** Opens an RPC at a replica. Never rejects: whatever goes wrong is told to the listener. */
  open(owner: Owner, rpc: RelayRpc, listener: RelayListener): Promise<RelayStream>;
  /** A replica could not be reached. */
  forget(owner: Owner): void;
  close(): void;
}
