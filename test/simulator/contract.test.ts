import { describe, expect, test } from 'vitest';

import { TELEPHONE_FORMAT } from '../../src/audio/audio-format.ts';
import { encodeWav } from '../../src/audio/wav.ts';
import type { VoiceVAResponse } from '../../src/protocols/generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/VoiceVAResponse.ts';
import { loadVoiceVirtualAgent } from '../../src/protocols/voice-virtual-agent/wire.ts';
import { CONTRACT_RULES, type ContractRule } from '../../src/simulator/contract-rules.ts';
import {
  type ContractChecker,
  type PlaybackState,
  type TurnObserver,
  createContractChecker,
} from '../../src/simulator/contract.ts';
import { type WireResponse, createRequestWriter } from '../../src/simulator/wire-message.ts';

const OK = { code: 0, name: 'OK', details: '' };
const requests = createRequestWriter({
  conversationId: 'c',
  organisationId: 'o',
});
const { responseSerialize, responseDeserialize } = loadVoiceVirtualAgent().ProcessCallerInput;

/** A message as it comes off the wire. */
function wire(response: VoiceVAResponse): WireResponse {
  return responseDeserialize(responseSerialize(response));
}

const HANDLING = { input_mode: 'INPUT_VOICE_DTMF', input_handling_config: {} } as const;
const CHUNK: VoiceVAResponse = {
  response_type: 'CHUNK',
  prompts: [{ audio_content: Buffer.alloc(800, 0x21) }],
};
const TERMINATOR: VoiceVAResponse = {
  ...HANDLING,
  prompts: [{ audio_content: Buffer.alloc(0) }],
};
const WAV = Buffer.from(encodeWav(new Uint8Array(800), TELEPHONE_FORMAT));
const WAV_FINAL: VoiceVAResponse = { ...HANDLING, prompts: [{ audio_content: WAV }] };
const event = (event_type: string, rest: VoiceVAResponse = {}): VoiceVAResponse => ({
  ...rest,
  output_events: [{ event_type } as object],
});
const START = event('START_OF_INPUT');
const END = event('END_OF_INPUT');
const TRANSFER = event('TRANSFER_TO_AGENT', { prompts: [{ audio_content: Buffer.alloc(0) }] });
const GOODBYE = event('SESSION_END', { prompts: [{ audio_content: Buffer.alloc(0) }] });

/** Plays one RPC: `before` is sent and half-closed, `answers` come, the RPC ends with OK. */
function rpc(
  checker: ContractChecker,
  before: Parameters<TurnObserver['sent']>[0],
  answers: readonly VoiceVAResponse[],
): void {
  const turn = checker.open();
  turn.sent(before);
  turn.halfClosed();
  for (const answer of answers) turn.received(wire(answer));
  turn.closed(OK);
}

/** Plays an audio RPC that is half-closed at END_OF_INPUT, as Webex does. */
function audioRpc(checker: ContractChecker, answers: readonly VoiceVAResponse[]): void {
  const turn = checker.open();
  turn.sent(requests.audio(new Uint8Array(160)));
  for (const answer of answers) {
    turn.received(wire(answer));
    if (answer === END) turn.halfClosed();
  }
  turn.halfClosed();
  turn.closed(OK);
}

const start = requests.event('SESSION_START');
const greet = (checker: ContractChecker): void => rpc(checker, start, [CHUNK, TERMINATOR]);
const withPrompt = (prompt: object): VoiceVAResponse => ({
  ...CHUNK,
  prompts: [{ ...CHUNK.prompts?.[0], ...prompt }],
});
const withWav = (audio_content: Uint8Array): VoiceVAResponse => ({
  ...HANDLING,
  prompts: [{ audio_content: Buffer.from(audio_content) }],
});
const open = (checker: ContractChecker, request = requests.audio(new Uint8Array(160))) => {
  const turn = checker.open();
  turn.sent(request);
  return turn;
};

type Case = readonly [ContractRule, (checker: ContractChecker) => void];

/** Each breaks exactly one rule. */
const BROKEN: readonly Case[] = [
  [
    'one-event',
    (it) =>
      rpc(it, start, [
        {
          ...TERMINATOR,
          output_events: [{ event_type: 'CUSTOM_EVENT' }, { event_type: 'CUSTOM_EVENT' }],
        },
      ]),
  ],
  ['start-answered', (it) => rpc(it, start, [])],
  ['greeted-once', (it) => [greet(it), greet(it)]],
  ['ends-with-ok', (it) => open(it).closed({ code: 13, name: 'INTERNAL', details: '' })],
  ['is-completed', (it) => [open(it).halfClosed(), it.finish()]],
  ['starts-once', (it) => audioRpc(it, [START, START, END, TERMINATOR])],
  ['ends-once', (it) => audioRpc(it, [START, END, END, TERMINATOR])],
  ['start-before-end', (it) => audioRpc(it, [END, TERMINATOR])],
  ['start-not-after-end', (it) => audioRpc(it, [END, START, TERMINATOR])],
  [
    'input-events-alone',
    (it) => {
      const turn = open(it, {
        ...requests.audio(new Uint8Array(160)),
        allow_partial_responses: true,
      });
      const prompts = [{ audio_content: Buffer.alloc(0) }];
      for (const answer of [
        { ...START, response_type: 'PARTIAL', prompts } as const,
        END,
        TERMINATOR,
      ])
        turn.received(wire(answer));
      turn.closed(OK);
    },
  ],
  ['input-events-need-audio', (it) => rpc(it, start, [START, TERMINATOR])],
  ['end-before-audio', (it) => audioRpc(it, [START, CHUNK, END, TERMINATOR])],
  ['end-before-audio', (it) => audioRpc(it, [CHUNK, TERMINATOR])],
  ['one-final', (it) => rpc(it, start, [WAV_FINAL, WAV_FINAL])],
  ['closed-by-final', (it) => audioRpc(it, [START, END])],
  ['nothing-after-final', (it) => audioRpc(it, [START, TERMINATOR, END])],
  ['chunks-terminated', (it) => rpc(it, start, [CHUNK])],
  ['terminator-empty', (it) => rpc(it, start, [CHUNK, WAV_FINAL])],
  ['wav-has-riff', (it) => rpc(it, start, [withWav(new Uint8Array(800))])],
  ['one-playback-mode', (it) => [greet(it), rpc(it, requests.digits('1'), [WAV_FINAL])]],
  [
    'not-interleaved',
    (it) => {
      const [a, b] = [open(it, start), open(it, requests.digits('1'))];
      for (const turn of [a, b, a]) turn.received(wire(CHUNK));
      for (const turn of [a, b]) turn.received(wire(TERMINATOR));
    },
  ],
  [
    'old-turn-stops',
    (it) => {
      const [old, next] = [open(it, start), open(it)];
      next.received(wire(START));
      old.received(wire(CHUNK));
      old.received(wire(TERMINATOR));
    },
  ],
  [
    'last-words-uninterruptible',
    (it) =>
      rpc(it, start, [
        event('SESSION_END', { prompts: [{ audio_content: WAV, is_barge_in_enabled: true }] }),
      ]),
  ],
  [
    'transfer-on-final',
    (it) => rpc(it, start, [event('TRANSFER_TO_AGENT', CHUNK), { prompts: [] }]),
  ],
  [
    'silent-after-transfer',
    (it) => [rpc(it, start, [CHUNK, TRANSFER]), rpc(it, requests.digits('1'), [CHUNK, TERMINATOR])],
  ],
  ['end-on-final', (it) => rpc(it, start, [event('SESSION_END', CHUNK), { prompts: [] }])],
  [
    'silent-after-end',
    (it) => [rpc(it, start, [CHUNK, GOODBYE]), rpc(it, requests.digits('1'), [CHUNK, TERMINATOR])],
  ],
  ['no-prompt-for-nobody', (it) => rpc(it, requests.event('SESSION_END'), [WAV_FINAL])],
  [
    'turn-aborted',
    (it) => {
      const turn = open(it);
      turn.received(wire(START));
      turn.received(wire(END));
      turn.sent(requests.event('SESSION_END'));
      turn.received(wire(WAV_FINAL));
      turn.closed(OK);
    },
  ],
  ['no-input-answered', (it) => rpc(it, requests.event('NO_INPUT'), [])],
  ['no-input-kept', (it) => rpc(it, requests.event('NO_INPUT'), [event('NO_INPUT', TERMINATOR)])],
  ['event-answered', (it) => rpc(it, requests.event('CUSTOM_EVENT', 'x'), [event('CUSTOM_EVENT')])],
  ['partial-allowed', (it) => rpc(it, start, [{ response_type: 'PARTIAL' }, TERMINATOR])],
  ['next-input-told', (it) => rpc(it, start, [{ ...TERMINATOR, input_handling_config: null }])],
  ['next-input-told', (it) => rpc(it, start, [{ ...TERMINATOR, input_mode: 0 }])],
  ['no-next-input', (it) => rpc(it, start, [{ ...GOODBYE, input_handling_config: {} }])],
  ['no-next-input', (it) => rpc(it, start, [{ ...GOODBYE, input_mode: 'INPUT_VOICE' }])],
  [
    'transcript-last',
    (it) => rpc(it, start, [{ ...TERMINATOR, session_transcript: { text: 'x' } }]),
  ],
  ['transcript-last', (it) => rpc(it, start, [{ ...TERMINATOR, session_summary: { text: 'x' } }])],
  [
    'telephone-format',
    (it) =>
      rpc(it, start, [
        withWav(encodeWav(new Uint8Array(800), { encoding: 'linear16', sampleRateHz: 8000 })),
      ]),
  ],
  [
    'telephone-format',
    (it) =>
      rpc(it, start, [
        withWav(encodeWav(new Uint8Array(800), { encoding: 'mulaw', sampleRateHz: 16_000 })),
      ]),
  ],
  [
    'chunk-size',
    (it) => rpc(it, start, [withPrompt({ audio_content: Buffer.alloc(99) }), TERMINATOR]),
  ],
  [
    'chunk-size',
    (it) => rpc(it, start, [withPrompt({ audio_content: Buffer.alloc(65_537) }), TERMINATOR]),
  ],
  ['no-riff-in-chunk', (it) => rpc(it, start, [withPrompt({ audio_content: WAV }), TERMINATOR])],
  ['no-text-with-audio', (it) => rpc(it, start, [withPrompt({ text: 'hello' }), TERMINATOR])],
  [
    'no-text-with-audio',
    (it) => rpc(it, start, [CHUNK, { ...TERMINATOR, prompts: [{ text: 'hello' }] }]),
  ],
  ['first-key-unanswered', (it) => rpc(it, requests.event('START_OF_DTMF'), [TERMINATOR])],
  [
    'first-key-in-audio-unanswered',
    (it) => {
      const turn = open(it);
      turn.sent(requests.event('START_OF_DTMF'));
      turn.received(wire(TERMINATOR));
      turn.closed(OK);
    },
  ],
  ['digits-answered', (it) => rpc(it, requests.digits('12'), [])],
  ['no-digits-answered', (it) => rpc(it, requests.digits(''), [])],
  [
    'no-audio-expected',
    (it) => [
      rpc(it, start, [CHUNK, { ...TERMINATOR, input_mode: 'INPUT_EVENT_DTMF' }]),
      rpc(it, requests.digits('1'), [START, TERMINATOR]),
    ],
  ],
];

describe('a broken rule is reported, and nothing else', () => {
  test.each(BROKEN.map(([rule, play]) => [CONTRACT_RULES[rule].check, rule, play] as const))(
    '[check %i] %s',
    (check, rule, play) => {
      const checker = createContractChecker();
      play(checker);
      expect([...new Set(checker.violations.map(({ name }) => name))]).toEqual(
        rule === 'start-not-after-end' ? ['start-before-end', rule] : [rule],
      );
      const last = checker.violations.at(-1);
      expect(last).toMatchObject({ check, rule: CONTRACT_RULES[rule].words });
    },
  );

  test('[check 60] deaf-while-uninterruptible', () => {
    let playing: PlaybackState = 'uninterruptible';
    const checker = createContractChecker({ playback: () => playing });
    audioRpc(checker, [START, END, TERMINATOR]);
    expect(checker.violations.map(({ name }) => name)).toEqual(['deaf-while-uninterruptible']);
    playing = 'interruptible';
    audioRpc(checker, [START, END, TERMINATOR]);
    expect(checker.violations).toHaveLength(1);
  });

  test('every rule has such a test', () => {
    const tested = new Set<string>([
      ...BROKEN.map(([rule]) => rule),
      'deaf-while-uninterruptible',
      // test/simulator/caller.test.ts
      'unique-ids',
      'named-agents',
      'one-default',
    ]);
    expect(Object.keys(CONTRACT_RULES).filter((rule) => !tested.has(rule))).toEqual([]);
  });
});

describe('what the contract allows is not reported', () => {
  const GOOD: readonly (readonly [string, (checker: ContractChecker) => void])[] = [
    [
      'a call of chunks with every kind of input',
      (it) => {
        greet(it);
        audioRpc(it, [START, END, CHUNK, CHUNK, TERMINATOR]);
        rpc(it, requests.event('START_OF_DTMF'), []);
        rpc(it, requests.digits('12'), [CHUNK, TERMINATOR]);
        rpc(it, requests.event('NO_INPUT'), [CHUNK, TERMINATOR]);
        rpc(it, requests.event('CUSTOM_EVENT', 'x'), [event('CUSTOM_EVENT'), TERMINATOR]);
        rpc(it, requests.digits('0'), [CHUNK, { ...TRANSFER, session_transcript: { text: 'x' } }]);
        rpc(it, requests.event('SESSION_END'), [{}]);
      },
    ],
    [
      'a call of WAV answers',
      (it) => {
        rpc(it, start, [WAV_FINAL]);
        audioRpc(it, [START, END, WAV_FINAL]);
        rpc(it, requests.digits('1'), [
          event('SESSION_END', { prompts: [{ audio_content: WAV }] }),
        ]);
      },
    ],
    ['a greeting that is a FINAL without prompts', (it) => rpc(it, start, [HANDLING])],
    [
      'a repeated session start that is answered with silence',
      (it) => [greet(it), rpc(it, start, [TERMINATOR])],
    ],
    [
      'an audio RPC without speech, with and without an answer',
      (it) => [audioRpc(it, []), audioRpc(it, [TERMINATOR])],
    ],
    [
      'a PARTIAL where it is welcome',
      (it) =>
        rpc(it, { ...start, allow_partial_responses: true }, [
          { response_type: 'PARTIAL' },
          TERMINATOR,
        ]),
    ],
    [
      'an agent that gives up',
      (it) => rpc(it, requests.digits('1'), [event('NO_MATCH', TERMINATOR)]),
    ],
    [
      'a call that the caller leaves in the middle of a turn',
      (it) => {
        const turn = open(it);
        turn.received(wire(START));
        turn.received(wire(END));
        turn.received(wire(CHUNK));
        turn.sent(requests.event('SESSION_END'));
        turn.received(wire(CHUNK));
        turn.received(wire({}));
        turn.closed(OK);
      },
    ],
    [
      'an RPC that the caller cancelled',
      (it) => {
        const turn = open(it, start);
        turn.cancelled();
        turn.closed({ code: 1, name: 'CANCELLED', details: '' });
        it.finish();
      },
    ],
    [
      'keys after silence in one RPC',
      (it) => {
        const turn = open(it);
        turn.sent(requests.event('START_OF_DTMF'));
        turn.halfClosed();
        turn.closed(OK);
      },
    ],
    [
      'an overlapping RPC whose answer waits for the older one',
      (it) => {
        const [a, b] = [open(it, start), open(it, requests.digits('1'))];
        for (const turn of [a, b]) {
          turn.received(wire(CHUNK));
          turn.received(wire(TERMINATOR));
          turn.closed(OK);
        }
      },
    ],
  ];
  test.each(GOOD)('%s', (_name, play) => {
    const checker = createContractChecker();
    play(checker);
    checker.finish();
    expect(checker.violations).toEqual([]);
  });
});

test('violations are told as they happen, with turn and message, and are bounded', () => {
  const seen: unknown[] = [];
  const checker = createContractChecker({ onViolation: ({ at }) => seen.push(at) });
  greet(checker);
  const turn = open(checker, requests.digits('1'));
  turn.received(wire(CHUNK));
  turn.received(wire(withPrompt({ text: 'x' })));
  expect(seen).toEqual([{ turn: 2, message: 2 }]);
  for (let i = 0; i < 1500; i++) turn.received(wire(withPrompt({ text: 'x' })));
  expect(checker.violations).toHaveLength(1000);
});
