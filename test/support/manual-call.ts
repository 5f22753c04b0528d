import { type Webex } from '../../src/simulator/caller.ts';
import type { ContractViolation } from '../../src/simulator/contract-rules.ts';
import { createContractChecker } from '../../src/simulator/contract.ts';
import type { RpcStatus } from '../../src/simulator/rpc-status.ts';
import { type WireRequest, createRequestWriter } from '../../src/simulator/wire-message.ts';
import { ORGANISATION } from './gateway-rig.ts';

/** A call without sound of its own: the cheapest that has turns. */
export interface ManualCall {
  /** Starts the call and hears the greeting. */
  start(webex: Webex): Promise<RpcStatus>;
  /** Presses keys and hears the answer. */
  press(webex: Webex, digits: string): Promise<RpcStatus>;
  /** What the answers broke of the contract, a status that is not OK included. */
  readonly violations: readonly ContractViolation[];
}

/** Creates a call; each turn may come over another connection, as it may in Webex. */
export function createManualCall(conversationId: string): ManualCall {
  const checker = createContractChecker();
  const write = createRequestWriter({
    conversationId,
    organisationId: ORGANISATION,
  });
  const take = async (webex: Webex, request: WireRequest): Promise<RpcStatus> => {
    const observer = checker.open();
    const rpc = webex.openTurn();
    rpc.send(request);
    observer.sent(request);
    rpc.halfClose();
    observer.halfClosed();
    for (let message = await rpc.next(); message !== undefined; message = await rpc.next())
      observer.received(message);
    const status = await rpc.status;
    observer.closed(status);
    return status;
  };
  return {
    start: (webex) => take(webex, write.event('SESSION_START')),
    press: (webex, digits) => take(webex, write.digits(digits)),
    violations: checker.violations,
  };
}
