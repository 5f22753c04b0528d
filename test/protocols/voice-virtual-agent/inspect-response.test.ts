import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { inspectResponse } from '../../../src/protocols/voice-virtual-agent/inspect-response.ts';
import { createAgentRenamer } from '../../../src/protocols/voice-virtual-agent/rename-agent.ts';
import { loadVoiceVirtualAgent } from '../../../src/protocols/voice-virtual-agent/wire.ts';
import { answerKindOf, outputEventOf } from '../../../src/simulator/answer-kind.ts';

const { responseSerialize, responseDeserialize, requestSerialize, requestDeserialize } =
  loadVoiceVirtualAgent().ProcessCallerInput;

const EVENTS = [
  'SESSION_END',
  'TRANSFER_TO_AGENT',
  'CUSTOM_EVENT',
  'START_OF_INPUT',
  'END_OF_INPUT',
  'NO_MATCH',
  'NO_INPUT',
] as const;
const NAMES: Readonly<Record<string, string>> = {
  SESSION_END: 'session-end',
  TRANSFER_TO_AGENT: 'transfer-to-agent',
  END_OF_INPUT: 'end-of-input',
};

const responses = fc.record(
  {
    prompts: fc.array(
      fc.record({ audio_content: fc.uint8Array({ maxLength: 300 }), text: fc.string() }),
      {
        maxLength: 3,
      },
    ),
    output_events: fc.array(
      fc.record({
        event_type: fc.constantFrom(...EVENTS),
        name: fc.string(),
        metadata: fc.constant({ fields: { a: { numberValue: 7 } } }),
      }),
      { maxLength: 2 },
    ),
    response_type: fc.constantFrom('FINAL', 'PARTIAL', 'CHUNK'),
    input_mode: fc.constantFrom('INPUT_VOICE_MODE_UNSPECIFIED', 'INPUT_VOICE', 'INPUT_VOICE_DTMF'),
    input_handling_config: fc.constant({ speech_timers: { no_input_timeout_msec: 5_000 } }),
    session_transcript: fc.record({ text: fc.string({ maxLength: 300 }) }),
    input_sensitive: fc.boolean(),
  },
  { requiredKeys: [] },
);
const encode = (response: object): Buffer => responseSerialize(response);

describe('a look at an answer', () => {
  it('tells what decoding it tells', () => {
    fc.assert(
      fc.property(responses, (response) => {
        const bytes = encode(response);
        const decoded = responseDeserialize(bytes);
        const event = outputEventOf(decoded);
        expect(inspectResponse(bytes)).toEqual({
          kind: answerKindOf(decoded),
          event: event === undefined ? undefined : (NAMES[event] ?? 'other'),
          hasPrompts: decoded.prompts.length > 0,
        });
      }),
    );
  });

  it('sees an answer that is cut off anywhere inside a field', () => {
    const bytes = encode({
      prompts: [{ audio_content: Buffer.alloc(500) }],
      response_type: 'CHUNK',
    });
    expect(inspectResponse(bytes)?.kind).toBe('chunk');
    for (let length = 1; length < bytes.length - 2; length += 1)
      expect(inspectResponse(bytes.subarray(0, length))).toBeUndefined();
  });

  it('never throws and never loops, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const answer = inspectResponse(Buffer.from(bytes));
        expect([undefined, 'chunk', 'partial', 'event-only', 'closing']).toContain(answer?.kind);
      }),
    );
  });

  it('steps over fields of a later version of the protocol', () => {
    const known = encode({ output_events: [{ event_type: 'TRANSFER_TO_AGENT' }] });
    const unknown = Buffer.from([0xf9, 1, 1, 2, 3, 4, 5, 6, 7, 8, 0xfd, 1, 1, 2, 3, 4]);
    expect(inspectResponse(Buffer.concat([unknown, known, unknown]))).toEqual({
      kind: 'closing',
      event: 'transfer-to-agent',
      hasPrompts: false,
    });
  });
});

describe('a renamed agent', () => {
  const request = requestSerialize({
    conversation_id: 'c',
    virtual_agent_id: 'front-desk',
    audio_input: { caller_audio: Buffer.alloc(160, 7) },
  });

  it('has the other name, and every byte besides', () => {
    const renamed = createAgentRenamer('ünal')(request);
    expect(renamed.subarray(0, request.length)).toEqual(request);
    expect(requestDeserialize(renamed)).toEqual({
      ...requestDeserialize(request),
      virtual_agent_id: 'ünal',
    });
  });

  it('is not touched when nothing is said of its name', () => {
    expect(createAgentRenamer(undefined)(request)).toBe(request);
  });
});
