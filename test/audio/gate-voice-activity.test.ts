import { describe, expect, it } from 'vitest';

import {
  createEnergyVoiceActivity,
  gateVoiceActivity,
} from '../../src/audio/gate-voice-activity.ts';
import { createNoiseGate } from '../../src/audio/noise-gate.ts';
import { loadVoiceActivity } from '../../src/audio/voice-activity.ts';
import { describeVoiceActivityEngine } from '../contracts/voice-activity.ts';
import { join, lineNoise, noise, toFrames, vowel } from './sounds.ts';

describeVoiceActivityEngine('WebRTC', (maxDetectors) => loadVoiceActivity({ maxDetectors }));
describeVoiceActivityEngine('the noise gate alone', (maxDetectors) =>
  Promise.resolve(createEnergyVoiceActivity({ maxDetectors })),
);
describeVoiceActivityEngine('WebRTC behind the noise gate', async (maxDetectors) =>
  gateVoiceActivity(await loadVoiceActivity({ maxDetectors })),
);

function gated(pcm: Int16Array): readonly boolean[] {
  const gate = createNoiseGate();
  return Array.from(toFrames(pcm), (frame) => gate.isOpen(frame));
}

describe('createNoiseGate', () => {
  it.each([
    ['hiss', (ms: number) => noise(ms, 4000)],
    ['hum', (ms: number) => lineNoise(ms).map((sample) => sample * 15)],
  ])('takes loud %s that is switched on for noise within 400 ms', (_, create) => {
    const heard = gated(join(new Int16Array(16_000), create(10_000)));
    expect(heard.slice(120)).not.toContain(true);
    expect(heard.filter(Boolean).length).toBeLessThan(10);
  });

  it('closes within 400 ms on noise that begins under a voice', () => {
    const heard = gated(join(noise(2000, 20), vowel(1000), noise(3000, 2000)));
    expect(heard.slice(150 + 20)).not.toContain(true);
  });

  it('opens for a voice above loud noise, and closes behind it', () => {
    const pcm = join(noise(3000, 1200), new Int16Array(8000), new Int16Array(16_000));
    const background = noise(6000, 1200, 5);
    const voice = vowel(1000);
    for (let i = 24_000; i < pcm.length; i++)
      pcm[i] = (background[i] ?? 0) + (i < 32_000 ? (voice[i - 24_000] ?? 0) : 0);
    const heard = gated(pcm);
    expect(heard.slice(150, 200).filter(Boolean).length).toBeGreaterThan(35);
    expect(heard.slice(210)).not.toContain(true);
    expect(heard.slice(50, 150)).not.toContain(true);
  });
});
