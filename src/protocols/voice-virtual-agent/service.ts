import type { AgentCatalogue } from '../../conversation/agent.ts';
import type { CallerInput, TurnMessage } from '../../conversation/caller-input.ts';
import { type Principal, assertOrganisation } from '../../conversation/principal.ts';
import type { AgentRelay } from '../../conversation/relay.ts';
import { type RelayedRpc, RelayedTurn } from '../../conversation/relayed-turn.ts';
import { Turn, type TurnDeps } from '../../conversation/turn.ts';
import type { TurnSink } from '../../conversation/turn-sink.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Logger } from '../../core/logger.ts';
import { logEvent } from '../../telemetry/log-events.ts';
import { ArrivalPace, type SoundTally } from '../../telemetry/sound-tally.ts';
import type { ListVARequest__Output } from '../generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/ListVARequest.ts';
import type {
  BidiHandler,
  ProtocolService,
  RequestListener,
  ResponseWriter,
  RpcContext,
  UnaryHandler,
} from '../rpc.ts';
import { decodeListRequest, decodeTurnMessage } from './decode.ts';
import { encodeAgentList, encodeTurnOutput } from './encode.ts';
import { inspectResponse } from './inspect-response.ts';
import { createAgentRenamer } from './rename-agent.ts';
import { PROCESS_CALLER_INPUT_PATH, VOICE_VIRTUAL_AGENT_SCHEMA_ID } from './schema.ts';
import { type Sharing, shareConversations } from './share-conversations.ts';
import { loadVoiceVirtualAgent } from './wire.ts';

type CallerSound = Extract<CallerInput, { readonly type: 'audio' }>;

/** What audio is that does not say. */
const DEFAULT_RATE_HZ = 8_000;

/** The reading half of a turn. */
export type TurnInput = Pick<Turn, 'message' | 'halfClose' | 'cancelled'>;

/** Stands between an RPC and its turn, and sees what goes either way; called once an RPC. */
export type TurnTap = (
  principal: Principal,
  sink: TurnSink,
  open: (sink: TurnSink) => TurnInput,
) => TurnInput;

/** What the service is made of. */
export interface VoiceVirtualAgentDeps {
  readonly turns: TurnDeps & {
    readonly metrics: Pick<Metrics, 'digits' | 'sound' | 'forwardedRpcs'>;
  };
  readonly catalogue: () => AgentCatalogue;
  /** Absent: nobody watches. */
  readonly tap?: TurnTap | undefined;
  /** Absent: every conversation is this process's. */
  readonly sharing?: Sharing | undefined;
}

/** A conversation id that may stand in a header, or in a log before anybody has checked it. */
const SAFE_ID = /^[\w.:-]{1,256}$/u;

/**
 * Creates the voice virtual agent service: one turn an RPC, and the catalogue.
 *
 * Messages of a turn come here as bytes and are decoded here, so that those of a relayed agent can go on as they are.
 */
export function createVoiceVirtualAgentService(deps: VoiceVirtualAgentDeps): ProtocolService {
  const definition = loadVoiceVirtualAgent();
  const { clock, metrics } = deps.turns;
  const { sound } = metrics;
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
    const headers = toRelayHeaders(context, first, agent.relay);
    const open: RelayedRpc['open'] = (listener, conversation) => {
      const trace = conversation && deps.turns.traceHeaders?.(conversation);
      return client.open(
        { path: PROCESS_CALLER_INPUT_PATH, headers: { ...headers, ...trace } },
        listener,
      );
    };
    const sink = {
      ...toSink(responses, sound),
      forward: (bytes: Buffer) => responses.write(bytes),
    };
    const turn = new RelayedTurn(relays, { principal, agent, open }, sink);
    return {
      message: (message, bytes) => turn.message(message, rename(bytes)),
      halfClose: () => turn.halfClose(),
      cancelled: () => turn.cancelled(),
    };
  };
  const processCallerInput: BidiHandler<Buffer> = (context, responses) => {
    const { principal } = context;
    const pace = new ArrivalPace();
    const noteSound = ({ audio, encoding, sampleRateHz }: CallerSound): void => {
      const bytesPerSecond = (sampleRateHz || DEFAULT_RATE_HZ) * (encoding === 'linear16' ? 2 : 1);
      const seconds = audio.length / bytesPerSecond;
      sound.callerBytes += audio.length;
      sound.callerSeconds += seconds;
      // A message that only declares the format comes when it likes.
      if (seconds > 0) sound.delay.observe(pace.arrived(clock.now(), seconds * 1_000) / 1_000);
    };
    const open = (sink: TurnSink): TurnInput => new Turn(deps.turns, principal, sink);
    const sink = toSink(responses, sound);
    const turn = deps.tap === undefined ? open(sink) : deps.tap(principal, sink, open);
    let isFirst = true;
    /** The first message, where it was read before it was known where it belongs. */
    let begun: TurnMessage | undefined;
    let relayed: RelayingTurn | undefined;
    const here: RequestListener<Buffer> = {
      message(bytes) {
        const decoded = isFirst && begun !== undefined ? begun : decode(bytes);
        if (decoded.input.type === 'audio') noteSound(decoded.input);
        else if (decoded.input.type === 'digits') metrics.digits.inc();
        const message = isFirst ? { ...decoded, trackingId: context.trackingId } : decoded;
        if (isFirst) {
          isFirst = false;
          noteOpened(deps.turns.logger, context, message);
          relayed = relay(context, responses, message);
        }
        return relayed === undefined ? turn.message(message) : relayed.message(message, bytes);
      },
      halfClose: () => (relayed ?? turn).halfClose(),
      closed: () => (relayed ?? turn).cancelled(),
    };
    const { sharing, turns } = deps;
    if (sharing === undefined) return here;
    const { requireOrganisation } = turns;
    return shareConversations(
      { sharing, metrics, requireOrganisation, decode: (bytes) => (begun = decode(bytes)) },
      context,
      responses,
      here,
    );
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
  context: RpcContext,
  { conversationId }: TurnMessage,
  { authorization, passAuthorization }: AgentRelay,
): Readonly<Record<string, string>> {
  const credential = passAuthorization ? context.header('authorization') : authorization;
  return {
    trackingid: context.trackingId,
    ...(SAFE_ID.test(conversationId) && { 'x-conversation-id': conversationId }),
    ...(credential !== undefined && { authorization: credential }),
  };
}

/** The one line in which Webex's tracking id and the call stand together; at debug, since it comes with every RPC. */
function noteOpened(
  logger: Logger,
  { trackingId, principal }: RpcContext,
  { conversationId }: TurnMessage,
): void {
  logEvent(logger, 'rpc.opened', {
    trackingId,
    organisation: principal.organisationId,
    ...(SAFE_ID.test(conversationId) && { conversation: conversationId }),
  });
}

function toSink(responses: ResponseWriter, sound: SoundTally): TurnSink {
  return {
    write(output) {
      for (const { audio } of output.prompts) sound.promptBytes += audio.length;
      return responses.write(encodeTurnOutput(output));
    },
    ready: () => responses.ready(),
    complete: () => responses.complete(),
    fail: (error) => responses.fail(error),
  };
}
