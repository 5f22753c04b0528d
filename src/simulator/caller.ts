import { randomUUID } from 'node:crypto';
import { Client, type ChannelCredentials, Metadata, credentials } from '@grpc/grpc-js';

import { loadVoiceVirtualAgent } from '../protocols/voice-virtual-agent/wire.ts';
import type { CallOptions } from './call-options.ts';
import { type FrameTickers, createFrameTickers } from './frame-ticker.ts';
import { type Listing, toListing } from './listing.ts';
import { type ManualTurn, createManualTurn } from './manual-turn.ts';
import { type CallResult, placeCall } from './phone-call.ts';
import { toRpcStatus } from './rpc-status.ts';
import { openTurnStream } from './turn-stream.ts';

/** TLS of the connection; PEM texts. */
export interface WebexTls {
  /** Roots to trust instead of the machine's. */
  readonly ca?: string | Buffer;
  /** Client certificate and its key, for a gateway that demands one. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** Name to expect in the certificate, when it is not the target's. */
  readonly serverName?: string;
}

/** How to reach a gateway. */
export interface WebexOptions {
  /** `host:port`. */
  readonly target: string;
  /** Absent: plaintext. */
  readonly tls?: WebexTls;
  /** The JWS, or a function that gives the one to use for the next RPC; absent: none is sent. */
  readonly token?: string | (() => string);
  /** `bearer` puts the scheme before the token; default `raw`, as live Webex does most. */
  readonly scheme?: 'raw' | 'bearer';
  /** The `trackingid` of all RPCs; default: a new one for each. */
  readonly trackingId?: string;
  /** Tickers to share with other connections of the process. */
  readonly tickers?: FrameTickers;
  /** How long ListVirtualAgents may take, in milliseconds; default 10,000. */
  readonly unaryTimeoutMs?: number;
}

/** A simulated Webex with one connection to a gateway. */
export interface Webex {
  /** Asks for the catalogue; never rejects, the status tells. */
  listVirtualAgents(organisationId: string): Promise<Listing>;
  /** Places a call and sees it through. */
  placeCall(options: CallOptions): Promise<CallResult>;
  /** Opens one ProcessCallerInput RPC that is driven by hand. */
  openTurn(): ManualTurn;
  /** Closes the connection; RPCs that are open end with CANCELLED or UNAVAILABLE. */
  close(): void;
}

const DEFAULT_UNARY_TIMEOUT_MS = 10_000;

/** Creates a simulated Webex; it connects at the first RPC. */
export function connectWebex(options: WebexOptions): Webex {
  const service = loadVoiceVirtualAgent();
  const client = new Client(options.target, toCredentials(options.tls), {
    // Two simulated Webexes are two connections, even to one gateway.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_channelz': 0,
    ...(options.tls?.serverName !== undefined && {
      'grpc.ssl_target_name_override': options.tls.serverName,
      'grpc.default_authority': options.tls.serverName,
    }),
  });
  const tickers = options.tickers ?? createFrameTickers();
  const openStream: Parameters<typeof placeCall>[0]['openStream'] = (listener) =>
    openTurnStream(client, service, toMetadata(options), listener);
  return {
    listVirtualAgents(organisationId) {
      const { ListVirtualAgents: method } = service;
      return new Promise((resolve) => {
        client.makeUnaryRequest(
          method.path,
          method.requestSerialize,
          method.responseDeserialize,
          { customer_org_id: organisationId, is_default_virtual_agent_enabled: true },
          toMetadata(options),
          { deadline: Date.now() + (options.unaryTimeoutMs ?? DEFAULT_UNARY_TIMEOUT_MS) },
          (error, response) =>
            resolve(toListing(toRpcStatus(error ?? { code: 0, details: '' }), response)),
        );
      });
    },
    placeCall: (call) => placeCall({ openStream, tickers }, call),
    openTurn: () => createManualTurn(openStream),
    close: () => client.close(),
  };
}

/** The credentials of a channel; without `tls` it is plaintext. */
export function toCredentials(tls: WebexTls | undefined): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  const [ca, key, cert] = [tls.ca, tls.key, tls.cert].map((pem) =>
    pem === undefined ? null : Buffer.from(pem),
  );
  return credentials.createSsl(ca, key, cert);
}

function toMetadata({ token, scheme, trackingId }: WebexOptions): Metadata {
  const metadata = new Metadata();
  metadata.set('trackingid', trackingId ?? `SIMULATOR_${randomUUID()}`);
  const jws = typeof token === 'function' ? token() : token;
  if (jws !== undefined) metadata.set('authorization', scheme === 'bearer' ? `Bearer ${jws}` : jws);
  return metadata;
}
