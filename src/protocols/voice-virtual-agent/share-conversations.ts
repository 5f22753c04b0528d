import type { TurnMessage } from '../../conversation/caller-input.ts';
import type { Owner } from '../../conversation/conversation-store.ts';
import type { Found } from '../../conversation/find-conversation.ts';
import { ForwardedTurn } from '../../conversation/forwarded-turn.ts';
import type { Peers } from '../../conversation/peers.ts';
import { type Principal, assertOrganisation } from '../../conversation/principal.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { RequestListener, ResponseWriter, RpcContext } from '../rpc.ts';
import { Arrival } from './arrival.ts';
import { PROCESS_CALLER_INPUT_PATH } from './schema.ts';

/** How this process shares conversations with others. */
export interface Sharing {
  /** See `ConversationFinder.find`. */
  readonly find: (
    principal: Principal,
    message: TurnMessage,
    dead?: Owner,
  ) => Promise<Found> | undefined;
  /** The replicas to whom RPCs are sent on; absent: none is. */
  readonly peers?: Peers;
}

/** What {@link shareConversations} works with. */
export interface SharingDeps {
  readonly sharing: Sharing;
  readonly metrics: Pick<Metrics, 'forwardedRpcs'>;
  readonly requireOrganisation: boolean;
  readonly decode: (bytes: Buffer) => TurnMessage;
}

/**
 * Lets an RPC be answered where its conversation is. `here` takes it when that is this process; what is answered elsewhere
 * passes through as it is, with the caller's credential, and is not looked at.
 */
export function shareConversations(
  { sharing, metrics, requireOrganisation, decode }: SharingDeps,
  context: RpcContext,
  responses: ResponseWriter,
  here: RequestListener<Buffer>,
): RequestListener<Buffer> {
  const { principal, trackingId } = context;
  const { peers } = sharing;
  const forward = (
    owner: Owner,
    onRefused: (brought: readonly Buffer[]) => void,
  ): RequestListener<Buffer> => {
    if (peers === undefined)
      throw new GatewayError('ERR_CONVERSATION_OWNER_LOST', 'the owner cannot be asked');
    const authorization = context.header('authorization');
    const headers = {
      trackingid: trackingId,
      ...(authorization !== undefined && { authorization }),
    };
    return new ForwardedTurn({
      open: (listener) => peers.open(owner, { path: PROCESS_CALLER_INPUT_PATH, headers }, listener),
      sink: {
        forward: (bytes) => responses.write(bytes),
        ready: () => responses.ready(),
        complete: () => responses.complete(),
        fail: (error) => responses.fail(error),
      },
      onRefused(refusal, brought) {
        if (refusal === 'unreachable') peers.forget(owner);
        onRefused(brought);
      },
      onOver: (status) => metrics.forwardedRpcs.inc({ status }),
    });
  };
  const begin = (bytes: Buffer): RequestListener<Buffer> => {
    const message = { ...decode(bytes), trackingId };
    assertOrganisation(principal, message.organisationId, requireOrganisation);
    const found = sharing.find(principal, message);
    if (found === undefined) return here;
    return new Arrival(
      {
        here,
        forward,
        findAgain: (dead) => sharing.find(principal, message, dead),
        fail: (error) => responses.fail(error),
      },
      found,
    );
  };
  let listener: RequestListener<Buffer> | undefined;
  return {
    message: (bytes) => (listener ??= begin(bytes)).message(bytes),
    halfClose: () => (listener ?? here).halfClose(),
    closed: () => (listener ?? here).closed(),
  };
}
