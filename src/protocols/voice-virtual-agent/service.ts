import type { AgentCatalogue } from '../../conversation/agent.ts';
import { assertOrganisation } from '../../conversation/principal.ts';
import { Turn, type TurnDeps } from '../../conversation/turn.ts';
import type { TurnSink } from '../../conversation/turn-sink.ts';
import type { ListVARequest__Output } from '../generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/ListVARequest.ts';
import type { VoiceVARequest__Output } from '../generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/VoiceVARequest.ts';
import type { BidiHandler, ProtocolService, ResponseWriter, UnaryHandler } from '../rpc.ts';
import { decodeListRequest, decodeTurnMessage } from './decode.ts';
import { encodeAgentList, encodeTurnOutput } from './encode.ts';
import { VOICE_VIRTUAL_AGENT_SCHEMA_ID } from './schema.ts';
import { loadVoiceVirtualAgent } from './wire.ts';

/** What the service is made of. */
export interface VoiceVirtualAgentDeps {
  readonly turns: TurnDeps;
  readonly catalogue: () => AgentCatalogue;
}

/** Creates the voice virtual agent service: one turn an RPC, and the catalogue. */
export function createVoiceVirtualAgentService(deps: VoiceVirtualAgentDeps): ProtocolService {
  const processCallerInput: BidiHandler<VoiceVARequest__Output> = ({ principal }, responses) => {
    const turn = new Turn(deps.turns, principal, toSink(responses));
    return {
      message: (request) => turn.message(decodeTurnMessage(request)),
      halfClose: () => turn.halfClose(),
      closed: () => turn.cancelled(),
    };
  };
  const listVirtualAgents: UnaryHandler<ListVARequest__Output> = ({ principal }, request) => {
    const { organisationId } = decodeListRequest(request);
    assertOrganisation(principal, organisationId, deps.turns.requireOrganisation);
    return encodeAgentList(deps.catalogue().list(principal.organisationId));
  };
  return {
    schemaId: VOICE_VIRTUAL_AGENT_SCHEMA_ID,
    definition: loadVoiceVirtualAgent(),
    bidi: { ProcessCallerInput: processCallerInput },
    unary: { ListVirtualAgents: listVirtualAgents },
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
