import { expect, test } from 'vitest';

import { createKeypad } from '../../src/simulator/keypad.ts';
import { UNTOLD_INPUT, toNextInput } from '../../src/simulator/next-input.ts';
import type { WireResponse } from '../../src/simulator/wire-message.ts';

const CONFIG = {
  inter_digit_timeout_msec: 500,
  termchar: 'DTMF_DIGIT_STAR',
  dtmf_input_length: 3,
} as const;
const RESPONSE: WireResponse = {
  prompts: [],
  output_events: [],
  input_sensitive: false,
  input_mode: 'INPUT_VOICE_MODE_UNSPECIFIED',
  input_handling_config: null,
  session_transcript: null,
  session_summary: null,
  response_type: 'FINAL',
  disable_prompt_cancellation: false,
};

test('completes at the length, at the terminator, which is sent, or when the next key is late', () => {
  const length = createKeypad(CONFIG);
  expect(['1', '#', '3'].map((key) => length.press(key))).toEqual([undefined, undefined, '1#3']);
  const terminated = createKeypad(CONFIG);
  expect(['1', '*'].map((key) => terminated.press(key))).toEqual([undefined, '1*']);
  const late = createKeypad(CONFIG);
  late.press('1');
  expect([late.wait(480), late.wait(20)]).toEqual([undefined, '1']);
});

test('without a configuration # ends the digits, or three seconds do', () => {
  const keypad = createKeypad(null);
  expect([keypad.press('1'), keypad.wait(2980), keypad.press('#')]).toEqual([
    undefined,
    undefined,
    '1#',
  ]);
  const unset = createKeypad({ ...CONFIG, termchar: 'DTMF_EVENT_UNSPECIFIED' });
  expect(unset.press('#')).toBeUndefined();
});

test('an answer governs the next input; what it leaves out stays', () => {
  const handling = {
    dtmf_config: CONFIG,
    speech_timers: {
      max_speech_timeout_msec: 0,
      complete_timeout_msec: 0,
      incomplete_timeout_msec: 0,
      no_input_timeout_msec: 7000,
    },
  };
  const told = toNextInput(
    { ...RESPONSE, input_mode: 'INPUT_EVENT_DTMF', input_handling_config: handling },
    UNTOLD_INPUT,
  );
  expect(told).toEqual({
    isTold: true,
    voice: false,
    keys: true,
    digits: CONFIG,
    noInputTimeoutMs: 7000,
  });
  expect(toNextInput(RESPONSE, told)).toEqual(told);
  const bare = { dtmf_config: null, speech_timers: null };
  expect(toNextInput({ ...RESPONSE, input_handling_config: bare }, told)).toMatchObject({
    digits: null,
    noInputTimeoutMs: 0,
  });
});
