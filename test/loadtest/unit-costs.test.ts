import { describe, expect, it } from 'vitest';

import type { CostFigures } from '../../loadtest/support/cost-figures.ts';
import { toUnitCosts } from '../../loadtest/support/unit-costs.ts';

const cost = (id: string, micros: number, answerBytes?: number) => ({
  id,
  name: id,
  micros,
  rounds: [micros],
  count: 1,
  ...(answerBytes === undefined ? {} : { answerBytes }),
});
const talk = (calls: number, cpuShare: number, turns = 0) => ({
  calls,
  seconds: 10,
  cpuMicros: cpuShare * 10e6,
  frames: calls * 500,
  turns,
  residentBytes: 100e6,
  heldBytes: 50e6 + calls * 12_000,
  errors: {},
});
const figures: CostFigures = {
  node: 'v20',
  load: [0, 0],
  cores: 2,
  promptBytes: 32_000,
  turns: [
    cost('turn-4-kb', 300, 4_000),
    cost('turn-32-kb', 328, 32_000),
    cost('turn-128-kb', 424, 128_000),
    cost('call', 700, 32_000),
    cost('call-new-token', 900),
  ],
  organisations: [],
  tls: [cost('connection-plaintext', 500), cost('connection-tls-ecdsa', 1_300)],
  bots: [cost('bot-script', 330), cost('bot-http', 1_000)],
  talk: [talk(0, 0.01), talk(100, 0.15, 20), talk(400, 0.4, 80)],
  balancers: [],
};

describe('prices for the capacity model', () => {
  it('lie on a line through the prompts that were measured', () => {
    const { turnMicros } = toUnitCosts(figures);
    expect(turnMicros(32_000)).toBeCloseTo(328, 6);
    expect(turnMicros(64_000)).toBeCloseTo(360, 6);
  });

  it('are differences where something comes on top', () => {
    const costs = toUnitCosts(figures);
    expect(costs.tokenMicros).toBe(200);
    expect(costs.handshakeMicros).toBe(800);
    expect(costs.botMicros).toEqual({ script: 0, http: 670 });
    expect(costs.callBytes).toBeCloseTo(12_000, 3);
    expect(costs.processBytes).toBe(100e6);
  });

  it('of frames are without turns, and lie between what was measured', () => {
    const { frameCpu } = toUnitCosts(figures);
    const at100 = 0.15 - (2 * 328) / 1e6;
    expect(frameCpu(0)).toBeCloseTo(0.01, 10);
    expect(frameCpu(5_000)).toBeCloseTo(at100, 10);
    expect(frameCpu(2_500)).toBeCloseTo((0.01 + at100) / 2, 10);
    expect(frameCpu(40_000)).toBeCloseTo(2 * (0.4 - (8 * 328) / 1e6), 10);
  });

  it('of frames leave out a measurement that more calls have undercut', () => {
    const disturbed = { ...figures, talk: [talk(0, 0.01), talk(100, 0.5), talk(400, 0.4)] };
    expect(toUnitCosts(disturbed).frameCpu(5_000)).toBeCloseTo(0.01 + (0.4 - 0.01) / 4, 10);
  });

  it('go further where calls in real time and memory were measured, and stop where frames came late', () => {
    const step = (callsOn: number, frameDelayP99Ms: number) => ({
      callsOn,
      server: {
        seconds: 10,
        cpu: callsOn / 2_000,
        packets: callsOn * 500,
        frameDelayP99Ms,
        residentBytes: 300e6,
      },
      turnsMs: { count: 0 },
    });
    const costs = toUnitCosts(figures, {
      realtime: { steps: [step(1_000, 8), step(1_200, 15), step(1_500, 80)] },
      memory: { results: [{ kind: 'audio', heldBytes: 20_000 }] },
    });
    expect(costs.mostCalls).toBe(1_200);
    expect(costs.frameCpu(50_000)).toBeCloseTo(0.5, 10);
    expect(costs.callBytes).toBe(20_000);
    expect(costs.processBytes).toBe(300e6 - 1_000 * 20_000);
  });
});
