import { isRecord } from '../../core/json.ts';
import { silentLogger } from '../../core/logger.ts';
import { loadSdk } from '../vendor/load-sdk.ts';
import type { LexOptions } from './lex-options.ts';

/** The package of the vendor, an optional peer of the gateway. */
const LEX_PACKAGE = '@aws-sdk/client-lex-runtime-v2';

/** What is sent on a stream; exactly one key. @see StartConversationRequestEventStream of the Lex V2 runtime API */
export type LexInputEvent =
  | { readonly ConfigurationEvent: LexConfiguration }
  | { readonly AudioInputEvent: { readonly audioChunk: Uint8Array; readonly contentType: string } }
  | { readonly DTMFInputEvent: { readonly inputCharacter: string } }
  | { readonly PlaybackCompletionEvent: object }
  | { readonly DisconnectionEvent: object };

/** The first event of each stream. */
export interface LexConfiguration {
  readonly responseContentType: string;
  readonly disablePlayback: boolean;
  readonly sessionState?: LexSessionState;
  readonly welcomeMessages?: readonly LexMessage[];
}

/** Where the dialogue of a session stands. */
export interface LexSessionState {
  readonly dialogAction?: { readonly type?: string | undefined } | undefined;
  readonly intent?:
    | {
        readonly name?: string | undefined;
        readonly state?: string | undefined;
        readonly slots?: Readonly<Record<string, unknown>> | undefined;
      }
    | undefined;
  readonly sessionAttributes?: Readonly<Record<string, string>> | undefined;
}

/** One message of an answer. */
export interface LexMessage {
  readonly content?: string | undefined;
  readonly contentType?: string | undefined;
}

/** What comes on a stream; at most one of the keys that are known here. */
export interface LexOutputEvent {
  readonly IntentResultEvent?: { readonly sessionState?: LexSessionState | undefined };
  readonly TextResponseEvent?: { readonly messages?: readonly LexMessage[] | undefined };
  /** A piece of at most 100 bytes; without one: the answer has been spoken. */
  readonly AudioResponseEvent?: { readonly audioChunk?: Uint8Array | undefined };
  readonly PlaybackInterruptionEvent?: object;
  readonly HeartbeatEvent?: object;
}

/** What one stream is opened with. */
export interface LexStreamRequest {
  readonly botId: string;
  readonly botAliasId: string;
  readonly localeId: string;
  readonly sessionId: string;
  readonly conversationMode: 'AUDIO';
  readonly requestEventStream: AsyncIterable<LexInputEvent>;
}

/** What the bot needs of the vendor's client. */
export interface LexClient {
  /**
   * Opens a stream. The SDK makes a connection for each, and resolves only when the first event has come.
   *
   * @param signal Ends the stream and its connection at once.
   */
  startConversation(
    request: LexStreamRequest,
    signal: AbortSignal,
  ): Promise<AsyncIterable<LexOutputEvent>>;
  close(): void;
}

/**
 * Loads the SDK and makes a client of it, with the SDK's own chain of credentials.
 *
 * @throws {GatewayError} `ERR_HANDLER_LOAD` when the package is not installed.
 */
export async function createLexClient(
  { region, endpoint }: LexOptions,
  folders: readonly string[],
): Promise<LexClient> {
  const { exports } = await loadSdk(LEX_PACKAGE, 'lex-v2', folders);
  const { LexRuntimeV2Client, StartConversationCommand } = asLexSdk(exports);
  const client = new LexRuntimeV2Client({
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    // The SDK knows nothing of what a caller said already; the bot repeats where it is safe.
    maxAttempts: 1,
    // Left out, it would write to the console.
    logger: silentLogger,
  });
  return {
    async startConversation(request, abortSignal) {
      const response = await client.send(new StartConversationCommand(request), { abortSignal });
      return response.responseEventStream ?? noEvents();
    },
    close: () => client.destroy(),
  };
}

interface LexSdk {
  readonly LexRuntimeV2Client: new (config: Readonly<Record<string, unknown>>) => {
    send(
      command: object,
      options: { readonly abortSignal: AbortSignal },
    ): Promise<{ readonly responseEventStream?: AsyncIterable<LexOutputEvent> }>;
    destroy(): void;
  };
  readonly StartConversationCommand: new (request: LexStreamRequest) => object;
}

function asLexSdk(exports: Readonly<Record<string, unknown>>): LexSdk {
  if (!isRecord(exports)) throw new TypeError(`${LEX_PACKAGE} exports nothing`);
  // The types of the package are not used, for it may not be there when the gateway is compiled against.
  return exports as unknown as LexSdk;
}

async function* noEvents(): AsyncGenerator<LexOutputEvent> {
  // A response without a stream is a stream without events.
}
