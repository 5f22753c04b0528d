import type { AgentCatalogue } from '../../conversation/agent.ts';
import type { TurnMessage } from '../../conversation/caller-input.ts';
import { assertOrganisation } from '../../conversation/principal.ts';
import type { AgentRelay } from '../../conversation/relay.ts';
import { RelayedTurn } from '../../conversation/relayed-turn.ts';
import { Turn, type TurnDeps } from '../../conversation/turn.ts';
import type { TurnSink } from '../../conversation/turn-sink.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { ListVARequest__Output } from '../generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/ListVARequest.ts';
import type {
  BidiHandler,
  ProtocolService,
  ResponseWriter,
  RpcContext,
  UnaryHandler,
} from '../rpc.ts';
import { decodeListRequest, decodeTurnMessage } from './decode.ts';
import { encodeAgentList, encodeTurnOutput } from './encode.ts';
import { inspectResponse } from './inspect-response.ts';
import { createAgentRenamer } from './rename-agent.ts';
import { PROCESS_CALLER_INPUT_PATH, VOICE_VIRTUAL_AGENT_SCHEMA_ID } from './schema.ts';
import { loadVoiceVirtualAgent } from './wire.ts';

/** What the service is made of. */
export interface VoiceVirtualAgentDeps {
  readonly turns: TurnDeps;
  readonly catalogue: () => AgentCatalogue;
}

/** A conversation id that may stand in a header. */
const SAFE_ID = /^[\w.:-]{1,256}$/u;

/**
 * Creates the voice virtual agent service: one turn an RPC, and the catalogue.
 *
 * Messages of a turn come here as bytes and are decoded here, so that those of a relayed agent can go on as they are.
 */
export function createVoiceVirtualAgentService(deps: VoiceVirtualAgentDeps): ProtocolService {
  const definition = loadVoiceVirtualAgent();
  const relays = { ...deps.turns, inspect: inspectResponse };
  const decode = (bytes: Buffer): TurnMessage => {
    try {
      return decodeTurnMessage(definition.ProcessCallerInput.requestDeserialize(bytes));
    } catch (cause) {
      if (cause instanceof GatewayError) throw cause;
      throw new GatewayError('ERR_PROTOCOL_INPUT_MISSING', 'A message cannot be read', { cause });
    }
  };
  const relay = (
    context: RpcContext,
    responses: ResponseWriter,
    first: TurnMessage,
  ): RelayingTurn | undefined => {
    const { principal } = context;
    const agent = deps.turns.directory.agentOf(principal, first);
    if (agent?.relay === undefined) return undefined;
    const { client, virtualAgentId } = agent.relay;
    const rename = createAgentRenamer(virtualAgentId);
    const rpc = {
      path: PROCESS_CALLER_INPUT_PATH,
      headers: toRelayHeaders(context, first, agent.relay),
    };
    const sink = { ...toSink(responses), forward: (bytes: Buffer) => responses.write(bytes) };
    const turn = new RelayedTurn(
      relays,
      { principal, agent, open: (listener) => client.open(rpc, listener) },
      sink,
    );
    return {
      message: (message, bytes) => turn.message(message, rename(bytes)),
      halfClose: () => turn.halfClose(),
      cancelled: () => turn.cancelled(),
    };
  };
  const processCallerInput: BidiHandler<Buffer> = (context, responses) => {
    const turn = new Turn(deps.turns, context.principal, toSink(responses));
    let isFirst = true;
    let relayed: RelayingTurn | undefined;
    return {
      message(bytes) {
        const message = decode(bytes);
        if (isFirst) {
          isFirst = false;
          relayed = relay(context, responses, message);
        }
        return relayed === undefined ? turn.message(message) : relayed.message(message, bytes);
      },
      halfClose: () => (relayed ?? turn).halfClose(),
      closed: () => (relayed ?? turn).cancelled(),
    };
  };
  const listVirtualAgents: UnaryHandler<ListVARequest__Output> = ({ principal }, request) => {
    const { organisationId } = decodeListRequest(request);
    assertOrganisation(principal, organisationId, deps.turns.requireOrganisation);
    return encodeAgentList(deps.catalogue().list(principal.organisationId));
  };
  return {
    schemaId: VOICE_VIRTUAL_AGENT_SCHEMA_ID,
    definition: {
      ...definition,
      ProcessCallerInput: {
        ...definition.ProcessCallerInput,
        requestDeserialize: (bytes: Buffer) => bytes,
      },
    },
    bidi: { ProcessCallerInput: processCallerInput },
    unary: { ListVirtualAgents: listVirtualAgents },
  };
}

/** A turn that is answered elsewhere. */
interface RelayingTurn {
  message(message: TurnMessage, bytes: Buffer): void | Promise<void>;
  halfClose(): void;
  cancelled(): void;
}

/** What is said to another server of an RPC; of what the caller's side sent, nothing else goes on. */
function toRelayHeaders(
  { trackingId, header }: RpcContext,
  { conversationId }: TurnMessage,
  { authorization, passAuthorization }: AgentRelay,
): Readonly<Record<string, string>> {
  const credential = passAuthorization ? header('authorization') : authorization;
  return {
    trackingid: trackingId,
    ...(SAFE_ID.test(conversationId) && { 'x-conversation-id': conversationId }),
    ...(credential !== undefined && { authorization: credential }),
  };
}

function toSink(responses: ResponseWriter): TurnSink {
  return {
    write: (output) => responses.write(encodeTurnOutput(output)),
    ready: () => responses.ready(),
    complete: () => responses.complete(),
    fail: (error) => responses.fail(error),
  };
}
