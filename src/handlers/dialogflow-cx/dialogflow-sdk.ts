import { createRequire } from 'node:module';
import type { Duplex } from 'node:stream';

import { GatewayError } from '../../core/gateway-error.ts';
import { type LoadedSdk, loadSdk } from '../vendor/load-sdk.ts';
import type { DialogflowOptions } from './dialogflow-options.ts';
import type { Struct } from './struct.ts';

/** The package of the vendor, an optional peer of the gateway. */
const DIALOGFLOW_PACKAGE = '@google-cloud/dialogflow-cx';
const DEFAULT_PORT = 443;

/** One message to the service. @see StreamingDetectIntentRequest of google.cloud.dialogflow.cx.v3 */
export interface DialogflowRequest {
  readonly session?: string;
  readonly queryParams?: { readonly parameters?: Struct };
  readonly queryInput: DialogflowInput & { readonly languageCode: string };
  readonly outputAudioConfig?: object;
  readonly enablePartialResponse?: boolean;
}

/** What the caller did. */
export type DialogflowInput =
  | { readonly audio: { readonly config: object } | { readonly audio: Uint8Array } }
  | { readonly text: { readonly text: string } }
  | { readonly event: { readonly event: string } }
  | { readonly dtmf: { readonly digits: string } };

/** One message of the service; enumerations come as names. @see StreamingDetectIntentResponse */
export interface DialogflowResponse {
  readonly recognitionResult?: {
    readonly messageType?: string | null;
    readonly transcript?: string | null;
    readonly isFinal?: boolean | null;
  } | null;
  readonly detectIntentResponse?: DetectIntentResponse | null;
}

/** A part of an answer, or its end. */
export interface DetectIntentResponse {
  readonly responseType?: string | null;
  readonly outputAudio?: Uint8Array | null;
  readonly queryResult?: { readonly responseMessages?: readonly ResponseMessage[] | null } | null;
}

/** One message of an answer; one key is set. */
export interface ResponseMessage {
  readonly text?: {
    readonly text?: readonly string[] | null;
    readonly allowPlaybackInterruption?: boolean | null;
  } | null;
  readonly outputAudioText?: {
    readonly text?: string | null;
    readonly ssml?: string | null;
    readonly allowPlaybackInterruption?: boolean | null;
  } | null;
  readonly payload?: Struct | null;
  readonly liveAgentHandoff?: { readonly metadata?: Struct | null } | null;
  readonly endInteraction?: object | null;
  readonly telephonyTransferCall?: { readonly phoneNumber?: string | null } | null;
  readonly mixedAudio?: {
    readonly segments?: readonly { readonly audio?: Uint8Array | null }[] | null;
  } | null;
}

/** A call of `StreamingDetectIntent` as the SDK gives it: requests are written, responses are read. */
export interface DialogflowCall extends Duplex {
  /** Tells the service at once that nobody waits any more. */
  cancel(): void;
}

/** What the bot needs of the vendor's client. */
export interface DialogflowClient {
  streamingDetectIntent(): DialogflowCall;
  close(): Promise<void>;
}

interface SessionsClient {
  initialize(): Promise<unknown>;
  streamingDetectIntent(): DialogflowCall;
  close(): Promise<void>;
}

/**
 * Loads the SDK and makes a client of it, with the SDK's own way to credentials (Application Default Credentials).
 *
 * @throws {GatewayError} `ERR_HANDLER_LOAD` when the package is not installed, or there are no credentials.
 */
export async function createDialogflowClient(
  options: DialogflowOptions,
  folders: readonly string[],
): Promise<DialogflowClient> {
  const sdk = await loadSdk(DIALOGFLOW_PACKAGE, 'dialogflow-cx', folders);
  // The types of the package are not used, for it may not be there when the gateway is compiled against.
  const { SessionsClient } = sdk.exports as unknown as {
    readonly SessionsClient: new (options: Readonly<Record<string, unknown>>) => SessionsClient;
  };
  const client = new SessionsClient({
    ...toAddress(options),
    ...(options.plaintext && withoutSecurity(sdk)),
    projectId: options.projectId,
  });
  try {
    // Otherwise the first call would do it, and a failure would be an unhandled rejection.
    await client.initialize();
  } catch (cause) {
    throw new GatewayError(
      'ERR_HANDLER_LOAD',
      'bot "dialogflow-cx": Google credentials could not be loaded; set GOOGLE_APPLICATION_CREDENTIALS',
      { cause },
    );
  }
  return {
    streamingDetectIntent: () => client.streamingDetectIntent(),
    close: async () => client.close(),
  };
}

function toAddress({ endpoint, location }: DialogflowOptions): Readonly<Record<string, unknown>> {
  if (endpoint === undefined)
    return location === 'global' ? {} : { apiEndpoint: `${location}-dialogflow.googleapis.com` };
  const [, apiEndpoint = endpoint, port] = /^(.*?)(?::(\d+))?$/u.exec(endpoint) ?? [];
  return { apiEndpoint, port: port === undefined ? DEFAULT_PORT : Number(port) };
}

/** What the SDK calls a channel without TLS; it looks for no credentials then. */
function withoutSecurity({ file }: LoadedSdk): Readonly<Record<string, unknown>> {
  const gax = createRequire(file)('google-gax') as {
    readonly grpc: { readonly credentials: { createInsecure(): unknown } };
  };
  return {
    sslCreds: gax.grpc.credentials.createInsecure(),
    auth: { getUniverseDomain: () => Promise.resolve('googleapis.com') },
  };
}
