import { expect, test } from 'vitest';

import { decodeWav } from '../../src/audio/wav.ts';
import { encodeRecording } from '../../src/simulator/recording.ts';

const CALLER = Uint8Array.of(0x00, 0x80);
const BOT = Uint8Array.of(0x80, 0x00, 0x80);

test('puts the caller left and the bot right, the shorter side filled with silence', () => {
  const { format, channels, data } = decodeWav(encodeRecording({ caller: CALLER, bot: BOT }));
  expect([format, channels]).toEqual([{ encoding: 'linear16', sampleRateHz: 8000 }, 2]);
  const samples = new Int16Array(data.slice().buffer);
  expect([...samples]).toEqual([-32_124, 32_124, 32_124, -32_124, 0, 32_124]);
});

test('can stay in µ-law', () => {
  const { format, data } = decodeWav(encodeRecording({ caller: CALLER, bot: BOT }, 'mulaw'));
  expect(format.encoding).toBe('mulaw');
  expect([...data]).toEqual([0x00, 0x80, 0x80, 0x00, 0xff, 0x80]);
});
