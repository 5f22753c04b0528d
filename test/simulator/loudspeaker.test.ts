import { expect, test } from 'vitest';

import { createLoudspeaker } from '../../src/simulator/loudspeaker.ts';

const sound = (bytes: number, value: number): Uint8Array => new Uint8Array(bytes).fill(value);

test('plays prompts in order without a gap, and silence after them', () => {
  const speaker = createLoudspeaker();
  const frame = new Uint8Array(160);
  speaker.add(sound(100, 1), true);
  speaker.add(sound(100, 2), false);
  expect(speaker.pull(frame)).toBe(160);
  expect([...frame]).toEqual([...sound(100, 1), ...sound(60, 2)]);
  expect(speaker.pull(frame)).toBe(40);
  expect([...frame]).toEqual([...sound(40, 2), ...sound(120, 0xff)]);
  expect([speaker.pull(frame), speaker.state()]).toEqual([0, 'idle']);
});

test('drops what may be interrupted and plays the rest to its end', () => {
  const speaker = createLoudspeaker();
  const frame = new Uint8Array(160);
  speaker.add(sound(800, 1), true);
  speaker.add(sound(160, 2), false);
  speaker.add(sound(800, 3), true);
  expect(speaker.state()).toBe('interruptible');
  speaker.pull(frame);
  expect(speaker.cut()).toBe((640 + 800) / 8);
  expect(speaker.state()).toBe('uninterruptible');
  speaker.pull(frame);
  expect([frame[0], frame[159], speaker.state()]).toEqual([2, 2, 'idle']);
  expect(speaker.cut()).toBe(0);
});

test('takes an hour of sound at most', () => {
  const speaker = createLoudspeaker();
  const half = sound(14_400_000, 1);
  expect([
    speaker.add(half, true),
    speaker.add(half, true),
    speaker.add(sound(1, 1), true),
  ]).toEqual([true, true, false]);
});
