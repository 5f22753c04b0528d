import { describe, expect, it } from 'vitest';
import type { CallerInput } from '../../../src/conversation/caller-input.ts';
import { _com_cisco_wcc_ccai_media_v1_EventInput_EventType as InputEventType } from '../../../src/protocols/generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/EventInput.ts';
import {
  decodeListRequest,
  decodeTurnMessage,
} from '../../../src/protocols/voice-virtual-agent/decode.ts';
import { loadVoiceVirtualAgent } from '../../../src/protocols/voice-virtual-agent/wire.ts';
import { bytesField, messageField, varintField } from '../../support/golden-bytes.ts';

const { ProcessCallerInput, ListVirtualAgents } = loadVoiceVirtualAgent();

const decode = (...fields: readonly Buffer[]) =>
  decodeTurnMessage(ProcessCallerInput.requestDeserialize(Buffer.concat(fields)));
const audio = (...fields: readonly Buffer[]): CallerInput =>
  decode(messageField(6, ...fields)).input;
const digits = (...keys: readonly number[]): CallerInput =>
  decode(messageField(7, bytesField(1, Uint8Array.from(keys)))).input;
const event = (...fields: readonly Buffer[]): CallerInput =>
  decode(messageField(8, ...fields)).input;

describe('a message of a turn', () => {
  it('says whose call it is', () => {
    expect(
      decode(
        bytesField(1, 'call-1'),
        bytesField(2, 'org-1'),
        bytesField(3, 'front-desk'),
        varintField(4, 1),
        bytesField(5, '{"opaque":true}'),
        messageField(8, varintField(1, 1)),
      ),
    ).toEqual({
      conversationId: 'call-1',
      organisationId: 'org-1',
      agentId: 'front-desk',
      allowPartialResponses: true,
      vendorConfig: '{"opaque":true}',
      input: { type: 'session-start', name: '', parameters: {} },
    });
  });

  it('[check 7] that says nothing of what the caller did is refused', () => {
    expect(() => decode(bytesField(1, 'call-1'))).toThrow(
      expect.objectContaining({ code: 'ERR_PROTOCOL_INPUT_MISSING' }),
    );
    expect(() => decode()).toThrow(expect.objectContaining({ code: 'ERR_PROTOCOL_INPUT_MISSING' }));
  });

  it('[check 6] may hold fields that this build does not know', () => {
    const unknown = [varintField(99, 7), bytesField(100, 'later'), messageField(101, unknownField)];
    expect(decode(...unknown, messageField(8, ...unknown, varintField(1, 2))).input).toEqual({
      type: 'session-end',
    });
  });
});

const unknownField = varintField(77, 1);

describe('audio', () => {
  it('carries its format and language', () => {
    expect(
      audio(
        bytesField(1, Uint8Array.of(1, 2, 3)),
        varintField(2, 1),
        varintField(3, 16_000),
        messageField(4, varintField(1, 1_700_000_000)),
        bytesField(5, 'en-US'),
        varintField(6, 1),
      ),
    ).toEqual({
      type: 'audio',
      audio: Buffer.of(1, 2, 3),
      encoding: 'linear16',
      sampleRateHz: 16_000,
      languageCode: 'en-US',
    });
  });

  it.each([
    [0, undefined],
    [1, 'linear16'],
    [2, 'mulaw'],
    [3, 'alaw'],
  ] as const)('of encoding %i is %s', (number, encoding) => {
    expect(audio(varintField(2, number))).toMatchObject({ encoding });
  });

  it('[check 6] of an encoding that this build does not know counts as not declared', () => {
    expect(audio(varintField(2, 9))).toMatchObject({ encoding: undefined });
  });

  it('may be a declaration without samples, or samples without a declaration', () => {
    expect(audio()).toEqual({
      type: 'audio',
      audio: Buffer.alloc(0),
      encoding: undefined,
      sampleRateHz: 0,
      languageCode: '',
    });
  });

  it('with a rate below zero counts as not declared', () => {
    expect(audio(varintField(3, -8000))).toMatchObject({ sampleRateHz: 0 });
  });

  it('is a view of the message and no copy', () => {
    const message = messageField(6, bytesField(1, Buffer.alloc(160, 0xff)));
    const { input } = decodeTurnMessage(ProcessCallerInput.requestDeserialize(message));
    if (input.type !== 'audio') throw new Error('not audio');
    expect(input.audio.buffer).toBe(message.buffer);
  });
});

describe('digits', () => {
  it('[check 3] decode 0 from 10, * from 15 and # from 16', () => {
    expect(digits(10, 15, 16)).toEqual({ type: 'digits', digits: '0*#' });
  });

  it('keep the order in which they were pressed', () => {
    expect(digits(9, 8, 7, 6, 5, 4, 3, 2, 1, 14, 13, 12, 11)).toEqual({
      type: 'digits',
      digits: '987654321DCBA',
    });
  });

  it('[check 6] leave out keys that are unspecified or unknown', () => {
    expect(digits(0, 1, 17, 99, 2)).toEqual({ type: 'digits', digits: '12' });
  });

  it('may be empty', () => {
    expect(decode(messageField(7)).input).toEqual({ type: 'digits', digits: '' });
  });

  it('may come one field a key, as an older encoder writes them', () => {
    expect(decode(messageField(7, varintField(1, 1), varintField(1, 10))).input).toEqual({
      type: 'digits',
      digits: '10',
    });
  });
});

describe('an event', () => {
  it.each([
    [1, { type: 'session-start', name: 'n', parameters: {} }],
    [2, { type: 'session-end' }],
    [3, { type: 'no-input' }],
    [4, { type: 'start-of-digits' }],
    [5, { type: 'custom-event', name: 'n', parameters: {} }],
  ] as const)('[check 4] of number %i has the meaning of an input event', (number, expected) => {
    expect(event(varintField(1, number), bytesField(2, 'n'))).toEqual(expected);
  });

  it('[check 6] of no number, or of a number that this build does not know, is ignored', () => {
    expect(event()).toEqual({ type: 'ignored' });
    expect(event(varintField(1, 6))).toEqual({ type: 'ignored' });
    expect(event(varintField(1, 2_000_000_000))).toEqual({ type: 'ignored' });
  });

  it('hands over its parameters', () => {
    const parameters = messageField(
      3,
      messageField(1, bytesField(1, 'k'), messageField(2, bytesField(3, 'v'))),
    );
    expect(event(varintField(1, 1), parameters)).toEqual({
      type: 'session-start',
      name: '',
      parameters: { k: 'v' },
    });
  });

  it('[check 4] of the client has a name list of its own', () => {
    expect(Object.keys(InputEventType)).toEqual([
      'UNSPECIFIED_INPUT',
      'SESSION_START',
      'SESSION_END',
      'NO_INPUT',
      'START_OF_DTMF',
      'CUSTOM_EVENT',
    ]);
  });
});

it('the request for the catalogue names the organisation', () => {
  const bytes = Buffer.concat([bytesField(1, 'org-1'), varintField(2, 1)]);
  expect(decodeListRequest(ListVirtualAgents.requestDeserialize(bytes))).toEqual({
    organisationId: 'org-1',
    defaultAgentAllowed: true,
  });
});
