import type { AgentCatalogue } from '../../conversation/agent.ts';
import type { CallerInput, TurnMessage } from '../../conversation/caller-input.ts';
import { type Principal, assertOrganisation } from '../../conversation/principal.ts';
import type { AgentRelay } from '../../conversation/relay.ts';
import { type RelayedRpc, RelayedTurn } from '../../conversation/relayed-turn.ts';
import { Turn, type TurnDeps } from '../../conversation/turn.ts';
import type { TurnOutput } from '../../conversation/turn-output.ts';
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
  const { metrics } = deps.turns;
  const relays = { ...deps.turns, inspect: inspectResponse };
  const decode = (bytes: Buffer): TurnMessage => {
    try {
      return decodeTurnMessage(definition.ProcessCallerInput.requestDeserialize(bytes));
    } catch (cause) {
      if (cause instanceof GatewayError) throw cause;
      throw new GatewayError('ERR_PROTOCOL_INPUT_MISSING', 'A message cannot be read', { cause });
    }
  };
  let mayRelay = false;
  const relay = (
    context: RpcContext,
    responses: ResponseWriter,
    first: TurnMessage,
  ): RelayingTurn | undefined => {
    // A call that began with such an agent goes on with it when the configuration has none any more.
    mayRelay ||= deps.catalogue().hasRelays;
    if (!mayRelay) return undefined;
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
    const sink = new VoiceSink(responses, metrics.sound);
    const turn = new RelayedTurn(relays, { principal, agent, open }, sink);
    return {
      message: (message, bytes) => turn.message(message, rename(bytes)),
      halfClose: () => turn.halfClose(),
      cancelled: () => turn.cancelled(),
    };
  };
  const rpcs: VoiceRpcDeps = { ...deps, decode, relay };
  const { sharing, turns } = deps;
  const { requireOrganisation } = turns;
  const processCallerInput: BidiHandler<Buffer> = (context, responses) => {
    const here = new VoiceRpc(rpcs, context, responses);
    if (sharing === undefined) return here;
    return shareConversations(
      { sharing, metrics, requireOrganisation, decode: (bytes) => here.begin(bytes) },
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

interface VoiceRpcDeps extends VoiceVirtualAgentDeps {
  readonly decode: (bytes: Buffer) => TurnMessage;
  readonly relay: (
    context: RpcContext,
    responses: ResponseWriter,
    first: TurnMessage,
  ) => RelayingTurn | undefined;
}

/** One `ProcessCallerInput` RPC, between its bytes and its turn. One object an RPC and no closure a message, hence a class. */
class VoiceRpc implements RequestListener<Buffer> {
  readonly #deps: VoiceRpcDeps;
  readonly #context: RpcContext;
  readonly #responses: ResponseWriter;
  readonly #turn: TurnInput;
  /** The first message, where it was read before it was known where it belongs. */
  #begun: TurnMessage | undefined;
  #isFirst = true;
  #relayed: RelayingTurn | undefined;
  #pace: ArrivalPace | undefined;

  constructor(deps: VoiceRpcDeps, context: RpcContext, responses: ResponseWriter) {
    const { turns, tap } = deps;
    const { principal } = context;
    this.#deps = deps;
    this.#context = context;
    this.#responses = responses;
    const sink = new VoiceSink(responses, turns.metrics.sound);
    this.#turn =
      tap === undefined
        ? new Turn(turns, principal, sink)
        : tap(principal, sink, (tapped) => new Turn(turns, principal, tapped));
  }

  /** Reads the first message ahead of {@link message}. */
  begin(bytes: Buffer): TurnMessage {
    this.#begun = this.#deps.decode(bytes);
    return this.#begun;
  }

  message(bytes: Buffer): void | Promise<void> {
    const message = this.#begun ?? this.#deps.decode(bytes);
    this.#begun = undefined;
    if (message.input.type === 'audio') this.#noteSound(message.input);
    else if (message.input.type === 'digits') this.#deps.turns.metrics.digits.inc();
    if (this.#isFirst) return this.#first(message, bytes);
    return this.#pass(message, bytes);
  }

  halfClose(): void {
    (this.#relayed ?? this.#turn).halfClose();
  }

  closed(): void {
    (this.#relayed ?? this.#turn).cancelled();
  }

  /** What was decoded here may be added to here. */
  #first(decoded: TurnMessage, bytes: Buffer): void | Promise<void> {
    const { turns, relay } = this.#deps;
    const { trackingId } = this.#context;
    const message: TurnMessage = Object.assign(decoded, { trackingId });
    this.#isFirst = false;
    noteOpened(turns.logger, this.#context, message);
    this.#relayed = relay(this.#context, this.#responses, message);
    return this.#pass(message, bytes);
  }

  #pass(message: TurnMessage, bytes: Buffer): void | Promise<void> {
    return this.#relayed === undefined
      ? this.#turn.message(message)
      : this.#relayed.message(message, bytes);
  }

  #noteSound({ audio, encoding, sampleRateHz }: CallerSound): void {
    const { clock, metrics } = this.#deps.turns;
    const { sound } = metrics;
    const bytesPerSecond = (sampleRateHz || DEFAULT_RATE_HZ) * (encoding === 'linear16' ? 2 : 1);
    const seconds = audio.length / bytesPerSecond;
    sound.callerBytes += audio.length;
    sound.callerSeconds += seconds;
    // A message that only declares the format comes when it likes.
    if (seconds === 0) return;
    this.#pace ??= new ArrivalPace();
    sound.delay.observe(this.#pace.arrived(clock.now(), seconds * 1_000) / 1_000);
  }
}

/** Where the messages of one RPC become bytes. */
class VoiceSink implements TurnSink {
  readonly #responses: ResponseWriter;
  readonly #sound: SoundTally;

  constructor(responses: ResponseWriter, sound: SoundTally) {
    this.#responses = responses;
    this.#sound = sound;
  }

  write(output: TurnOutput): boolean {
    for (const { audio } of output.prompts) this.#sound.promptBytes += audio.length;
    return this.#responses.write(encodeTurnOutput(output));
  }

  /** Writes an answer of another server as it is. */
  forward(bytes: Buffer): boolean {
    return this.#responses.write(bytes);
  }

  ready(): Promise<void> {
    return this.#responses.ready();
  }

  complete(): void {
    this.#responses.complete();
  }

  fail(error: unknown): void {
    this.#responses.fail(error);
  }
}
