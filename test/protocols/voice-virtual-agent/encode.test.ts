import { describe, expect, it } from 'vitest';
import type { OutputEvent, TurnOutput } from '../../../src/conversation/turn-output.ts';
import type { ListenSettings } from '../../../src/handlers/listen-settings.ts';
import {
  encodeAgentList,
  encodeTurnOutput,
} from '../../../src/protocols/voice-virtual-agent/encode.ts';
import { loadVoiceVirtualAgent } from '../../../src/protocols/voice-virtual-agent/wire.ts';
import {
  bytesField,
  messageField,
  readFieldNumbers,
  varintField,
} from '../../support/golden-bytes.ts';

const { ProcessCallerInput, ListVirtualAgents } = loadVoiceVirtualAgent();
const EMPTY = new Uint8Array(0);

function createOutput(parts: Partial<TurnOutput> = {}): TurnOutput {
  return {
    responseType: 'final',
    prompts: [],
    event: undefined,
    listen: undefined,
    transcript: undefined,
    summary: undefined,
    ...parts,
  };
}
const encode = (parts: Partial<TurnOutput>): Buffer => encodeTurnOutput(createOutput(parts));
const encodeListen = (listen: ListenSettings): Buffer => encode({ listen });
const encodeEvent = (type: OutputEvent['type']): Buffer =>
  encode({ event: { type, name: '', metadata: {} } });

describe('the type of a response', () => {
  it('[check 9] is left unset for a final one, which reads as FINAL', () => {
    const bytes = encode({ responseType: 'final' });
    expect(bytes).toEqual(Buffer.alloc(0));
    expect(ProcessCallerInput.responseDeserialize(bytes).response_type).toBe('FINAL');
  });

  it('[check 9] is written for a chunk and for a partial one', () => {
    expect(encode({ responseType: 'partial' })).toEqual(varintField(8, 1));
    expect(encode({ responseType: 'chunk' })).toEqual(varintField(8, 2));
  });
});

describe('a prompt', () => {
  it('[check 89] carries sound and barge-in, and never text', () => {
    const prompts = [
      { audio: Uint8Array.of(1, 2, 3), bargeIn: true },
      { audio: Buffer.of(4), bargeIn: false },
    ];
    expect(encode({ responseType: 'chunk', prompts })).toEqual(
      Buffer.concat([
        messageField(1, bytesField(3, Uint8Array.of(1, 2, 3)), varintField(4, 1)),
        messageField(1, bytesField(3, Uint8Array.of(4))),
        varintField(8, 2),
      ]),
    );
  });

  it('of a terminator is there and empty', () => {
    const bytes = encode({ prompts: [{ audio: EMPTY, bargeIn: false }] });
    expect(bytes).toEqual(messageField(1));
    expect(ProcessCallerInput.responseDeserialize(bytes).prompts).toEqual([
      { text: '', audio_uri: '', audio_content: Buffer.alloc(0), is_barge_in_enabled: false },
    ]);
  });

  it('of the largest chunk goes out byte for byte', () => {
    const audio = Uint8Array.from({ length: 65_536 }, (_, index) => index % 251);
    expect(encode({ responseType: 'chunk', prompts: [{ audio, bargeIn: true }] })).toEqual(
      Buffer.concat([messageField(1, bytesField(3, audio), varintField(4, 1)), varintField(8, 2)]),
    );
  });
});

describe('an output event', () => {
  it.each([
    ['session-end', 1],
    ['transfer-to-agent', 2],
    ['custom-event', 3],
    ['start-of-input', 4],
    ['end-of-input', 5],
    ['no-match', 6],
    ['no-input', 7],
  ] as const)('[check 4] %s has the output number %i', (type, number) => {
    expect(encodeEvent(type)).toEqual(messageField(2, varintField(1, number)));
  });

  it('[check 8] comes alone', () => {
    const bytes = encode({
      event: { type: 'transfer-to-agent', name: 'queue', metadata: { a: 1 } },
    });
    expect(ProcessCallerInput.responseDeserialize(bytes).output_events).toEqual([
      {
        event_type: 'TRANSFER_TO_AGENT',
        name: 'queue',
        metadata: { fields: { a: { kind: 'numberValue', numberValue: 1 } } },
      },
    ]);
    expect(readFieldNumbers(bytes).filter((number) => number === 2)).toHaveLength(1);
  });
});

describe('how to listen for the next input', () => {
  it('is left out altogether when nothing is said about it', () => {
    const bytes = encode({
      prompts: [{ audio: Uint8Array.of(1), bargeIn: false }],
      event: { type: 'session-end', name: '', metadata: {} },
    });
    expect(readFieldNumbers(bytes)).toEqual([1, 2]);
    expect(ProcessCallerInput.responseDeserialize(bytes)).toMatchObject({
      input_mode: 'INPUT_VOICE_MODE_UNSPECIFIED',
      input_handling_config: null,
      input_sensitive: false,
    });
  });

  it.each([
    ['voice', 1],
    ['digits', 2],
    ['voice-and-digits', 3],
  ] as const)('%s is mode %i, with the mandatory handling in place', (mode, number) => {
    expect(encodeListen({ mode })).toEqual(
      Buffer.concat([varintField(4, number), messageField(5)]),
    );
  });

  it('[check 95] carries the digit settings', () => {
    const digits = { maxLength: 5, terminator: '#', interDigitTimeoutMs: 3000 };
    expect(encodeListen({ mode: 'digits', digits })).toEqual(
      Buffer.concat([
        varintField(4, 2),
        messageField(
          5,
          messageField(1, varintField(1, 3000), varintField(2, 16), varintField(3, 5)),
        ),
      ]),
    );
  });

  it('[check 95] carries the speech timers that are set, and no other', () => {
    const speech = {
      maxSpeechMs: 1,
      completeTimeoutMs: 2,
      incompleteTimeoutMs: 3,
      noInputTimeoutMs: 4,
    };
    const timers = [1, 2, 3, 4].map((number) => varintField(number, number));
    expect(encodeListen({ mode: 'voice', speech })).toEqual(
      Buffer.concat([varintField(4, 1), messageField(5, messageField(2, ...timers))]),
    );
    expect(encodeListen({ mode: 'voice', speech: { completeTimeoutMs: 800 } })).toEqual(
      Buffer.concat([varintField(4, 1), messageField(5, messageField(2, varintField(2, 800)))]),
    );
  });

  it('marks the next input as confidential', () => {
    expect(encodeListen({ mode: 'digits', sensitive: true })).toEqual(
      Buffer.concat([varintField(3, 1), varintField(4, 2), messageField(5)]),
    );
    expect(readFieldNumbers(encodeListen({ mode: 'digits', sensitive: false }))).toEqual([4, 5]);
  });
});

it('transcript and summary are plain text', () => {
  expect(encode({ transcript: 'all of it', summary: 'in short' })).toEqual(
    Buffer.concat([
      messageField(6, bytesField(1, 'all of it')),
      messageField(7, bytesField(1, 'in short')),
    ]),
  );
});

it('[check 10] disable_prompt_cancellation is absent however much else is said', () => {
  const bytes = encode({
    responseType: 'partial',
    prompts: [{ audio: Uint8Array.of(1), bargeIn: true }],
    event: { type: 'custom-event', name: 'n', metadata: { a: 1 } },
    listen: { mode: 'voice', sensitive: true, digits: { maxLength: 1 }, speech: {} },
    transcript: 't',
    summary: 's',
  });
  expect(readFieldNumbers(bytes)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

it('an output that is sent again is not encoded again', () => {
  const greeting = createOutput({ prompts: [{ audio: Uint8Array.of(1), bargeIn: true }] });
  expect(encodeTurnOutput(greeting)).toBe(encodeTurnOutput(greeting));
  expect(encodeTurnOutput({ ...greeting })).not.toBe(encodeTurnOutput(greeting));
});

it('the catalogue lists each agent with its attributes', () => {
  const bytes = encodeAgentList([
    { id: 'a', name: 'Agent A', isDefault: true, attributes: { language: 'en-US' } },
    { id: 'b', name: 'Agent B', isDefault: false, attributes: {} },
  ]);
  expect(ListVirtualAgents.responseDeserialize(bytes)).toEqual({
    virtual_agents: [
      {
        virtual_agent_id: 'a',
        virtual_agent_name: 'Agent A',
        is_default: true,
        attributes: { language: 'en-US' },
      },
      { virtual_agent_id: 'b', virtual_agent_name: 'Agent B', is_default: false, attributes: {} },
    ],
  });
  expect(encodeAgentList([])).toEqual(Buffer.alloc(0));
});
