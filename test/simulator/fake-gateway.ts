import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';

import { MULAW_SILENCE, TELEPHONE_FORMAT } from '../../src/audio/audio-format.ts';
import { encodeWav } from '../../src/audio/wav.ts';
import type { ListVAResponse } from '../../src/protocols/generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/ListVAResponse.ts';
import type { VoiceVARequest__Output } from '../../src/protocols/generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/VoiceVARequest.ts';
import type { VoiceVAResponse } from '../../src/protocols/generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/VoiceVAResponse.ts';
import { decodeDigits } from '../../src/protocols/voice-virtual-agent/digits.ts';
import { loadVoiceVirtualAgent } from '../../src/protocols/voice-virtual-agent/wire.ts';

/** What the fake bot is asked. */
export type FakeInput =
  | { readonly type: 'start' | 'speech' | 'no-input' | 'custom-event' }
  | { readonly type: 'digits'; readonly digits: string };

/** What the fake bot answers. */
interface FakeReply {
  /** Length of the prompt. */
  readonly promptMs?: number;
  readonly bargeIn?: boolean;
  readonly end?: 'SESSION_END' | 'TRANSFER_TO_AGENT' | 'NO_MATCH';
  readonly mode?: 'INPUT_VOICE' | 'INPUT_EVENT_DTMF' | 'INPUT_VOICE_DTMF';
  readonly noInputMs?: number;
  readonly digits?: number;
}

export interface FakeGatewayOptions {
  readonly answer?: (input: FakeInput) => FakeReply;
  readonly playback?: 'chunk' | 'wav';
  /** Spoils a message: gives those to send instead. */
  readonly spoil?: (response: VoiceVAResponse) => readonly VoiceVAResponse[];
  /** Whether RPCs are completed; default `true`. */
  readonly completes?: boolean;
  /** How long after END_OF_INPUT the reply comes. */
  readonly replyDelayMs?: number;
  readonly agents?: ListVAResponse['virtual_agents'];
}

export interface FakeGateway {
  readonly target: string;
  /** Every message that came, in order, with the number of its RPC from 1. */
  readonly requests: readonly { readonly rpc: number; readonly request: VoiceVARequest__Output }[];
  readonly metadata: readonly ReadonlyMap<string, string>[];
  close(): void;
}

type Stream = ServerDuplexStream<VoiceVARequest__Output, VoiceVAResponse>;

const END_SILENCE_FRAMES = 10;

/** A gateway of a hundred lines that keeps the contract, unless it is told to break it. */
export async function startFakeGateway(options: FakeGatewayOptions = {}): Promise<FakeGateway> {
  const server = new Server();
  const requests: { rpc: number; request: VoiceVARequest__Output }[] = [];
  const metadata: Map<string, string>[] = [];
  const started = new Set<string>();
  let rpcs = 0;
  const { ProcessCallerInput, ListVirtualAgents } = loadVoiceVirtualAgent();
  server.addService(
    { ProcessCallerInput, ListVirtualAgents },
    {
      ProcessCallerInput(stream: Stream) {
        const rpc = ++rpcs;
        metadata.push(
          new Map(Object.entries(stream.metadata.getMap()).map(([k, v]) => [k, String(v)])),
        );
        serveTurn(stream, options, started, (request) => requests.push({ rpc, request }));
      },
      ListVirtualAgents(_call: ServerUnaryCall<unknown, unknown>, done: sendUnaryData<unknown>) {
        done(null, { virtual_agents: options.agents ?? [] });
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return {
    target: `127.0.0.1:${port}`,
    requests,
    metadata,
    close: () => server.forceShutdown(),
  };
}

function serveTurn(
  stream: Stream,
  options: FakeGatewayOptions,
  started: Set<string>,
  note: (request: VoiceVARequest__Output) => void,
): void {
  const { answer = () => ({}), playback = 'chunk', spoil = (it) => [it] } = options;
  let speechFrames = 0;
  let silentFrames = 0;
  let isDone = false;
  const write = (response: VoiceVAResponse): void => {
    for (const message of spoil(response)) stream.write(message);
  };
  const complete = (): void => {
    isDone = true;
    if (options.completes !== false) stream.end();
  };
  const reply = (input: FakeInput): void => {
    if (isDone) return;
    for (const message of toMessages(answer(input), playback)) write(message);
    complete();
  };
  const hear = (audio: Uint8Array): void => {
    if (audio.length < 16) return;
    const isSpeech = audio.some((byte) => byte !== MULAW_SILENCE && byte !== 0xd5 && byte !== 0);
    if (isSpeech) {
      speechFrames += 1;
      silentFrames = 0;
      if (speechFrames === 3) write({ output_events: [{ event_type: 'START_OF_INPUT' }] });
    } else if (speechFrames >= 3 && ++silentFrames === END_SILENCE_FRAMES) {
      write({ output_events: [{ event_type: 'END_OF_INPUT' }] });
      setTimeout(() => reply({ type: 'speech' }), options.replyDelayMs ?? 0);
    }
  };
  stream.on('error', () => undefined);
  stream.on('data', (request: VoiceVARequest__Output) => {
    note(request);
    if (isDone) return;
    if (request.audio_input) return hear(request.audio_input.caller_audio);
    if (request.dtmf_input)
      return reply({ type: 'digits', digits: decodeDigits(request.dtmf_input.dtmf_events) });
    switch (request.event_input?.event_type) {
      case 'SESSION_START':
        if (started.has(request.conversation_id)) {
          write(closing({}, [{ audio_content: Buffer.alloc(0) }]));
          return complete();
        }
        started.add(request.conversation_id);
        return reply({ type: 'start' });
      case 'NO_INPUT':
        return reply({ type: 'no-input' });
      case 'CUSTOM_EVENT':
        return reply({ type: 'custom-event' });
      case 'START_OF_DTMF':
        return complete();
      case 'SESSION_END':
        write({});
        return complete();
      default:
        return undefined;
    }
  });
  stream.on('end', () => {
    if (!isDone) complete();
  });
}

function toMessages(reply: FakeReply, playback: 'chunk' | 'wav'): VoiceVAResponse[] {
  const bytes = (reply.promptMs ?? 200) * 8;
  const is_barge_in_enabled = reply.end === undefined && (reply.bargeIn ?? true);
  const audio = Buffer.alloc(bytes, 0x21);
  if (playback === 'wav') {
    const audio_content = Buffer.from(encodeWav(audio, TELEPHONE_FORMAT));
    return [closing(reply, [{ audio_content, is_barge_in_enabled }])];
  }
  const chunks: VoiceVAResponse[] = [];
  for (let at = 0; at < bytes; at += 8000)
    chunks.push({
      response_type: 'CHUNK',
      prompts: [{ audio_content: audio.subarray(at, at + 8000), is_barge_in_enabled }],
    });
  return [...chunks, closing(reply, [{ audio_content: Buffer.alloc(0) }])];
}

function closing(reply: FakeReply, prompts: VoiceVAResponse['prompts'] & object): VoiceVAResponse {
  if (reply.end !== undefined) return { prompts, output_events: [{ event_type: reply.end }] };
  return {
    prompts,
    input_mode: reply.mode ?? 'INPUT_VOICE_DTMF',
    input_handling_config: {
      dtmf_config: {
        inter_digit_timeout_msec: 1000,
        termchar: 'DTMF_DIGIT_POUND',
        dtmf_input_length: reply.digits ?? 0,
      },
      speech_timers: { no_input_timeout_msec: reply.noInputMs ?? 0 },
    },
  };
}
