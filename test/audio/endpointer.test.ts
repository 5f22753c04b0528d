import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createEndpointer, type Endpointer } from '../../src/audio/endpointer.ts';

/** Pushes frames written as `#` (speech) and `.` (not), and returns the edges with the time at which they came. */
function run(endpointer: Endpointer, frames: string): readonly string[] {
  return Array.from(frames).flatMap((frame, index) => {
    const edge = endpointer.push(frame === '#');
    return edge === 'none' ? [] : [`${edge} ${(index + 1) * 20}`];
  });
}

const speech = (ms: number): string => '#'.repeat(ms / 20);
const quiet = (ms: number): string => '.'.repeat(ms / 20);

describe('createEndpointer', () => {
  it('starts after 100 ms of speech and ends after 900 ms without', () => {
    const endpointer = createEndpointer({});
    expect(run(endpointer, quiet(1000) + speech(600) + quiet(2000))).toEqual([
      'speech-start 1100',
      'speech-end 2500',
    ]);
  });

  it('tells whether somebody speaks, and for how long', () => {
    const endpointer = createEndpointer({});
    expect(endpointer.speechMs).toBe(0);
    run(endpointer, quiet(200) + speech(100));
    expect([endpointer.isSpeaking, endpointer.speechMs]).toEqual([true, 100]);
    run(endpointer, quiet(400) + speech(300) + quiet(100));
    expect([endpointer.isSpeaking, endpointer.speechMs]).toEqual([true, 800]);
    run(endpointer, quiet(1000));
    expect([endpointer.isSpeaking, endpointer.speechMs]).toEqual([false, 800]);
  });

  it('counts speech with gaps towards the onset, within twice its length', () => {
    expect(run(createEndpointer({}), '#.#.#.#.#')).toEqual(['speech-start 180']);
    expect(run(createEndpointer({}), '##..........###')).toEqual([]);
  });

  it('measures an utterance from the first frame of its onset', () => {
    const endpointer = createEndpointer({});
    run(endpointer, '#.#.#.#.#');
    expect(endpointer.speechMs).toBe(180);
    expect(endpointer.speechMs).toBeLessThanOrEqual(endpointer.onsetWindowMs);
  });

  it('is not started by a noisy frame now and then', () => {
    expect(run(createEndpointer({}), `#${quiet(60)}`.repeat(500))).toEqual([]);
  });

  it('is not kept open by a noisy frame now and then', () => {
    const endpointer = createEndpointer({});
    run(endpointer, speech(500));
    expect(run(endpointer, '..#'.repeat(100))).toEqual(['speech-end 1080']);
  });

  it('takes 60 ms of speech for the end of a pause', () => {
    const endpointer = createEndpointer({});
    run(endpointer, speech(500));
    expect(run(endpointer, quiet(800) + speech(60) + quiet(1000))).toEqual(['speech-end 1760']);
  });

  it('never splits an utterance at a pause shorter than the timeout', () => {
    for (let pauseMs = 20; pauseMs < 900; pauseMs += 20) {
      const endpointer = createEndpointer({});
      run(endpointer, speech(500));
      expect(run(endpointer, quiet(pauseMs) + speech(300))).toEqual([]);
    }
    const endpointer = createEndpointer({});
    run(endpointer, speech(500));
    expect(run(endpointer, quiet(900))).toEqual(['speech-end 900']);
  });

  it('ends an utterance that grows too long', () => {
    const endpointer = createEndpointer({ maxSpeechMs: 5000 });
    expect(run(endpointer, quiet(200) + speech(5000))).toEqual([
      'speech-start 300',
      'speech-end 5200',
    ]);
    expect(endpointer.speechMs).toBe(5000);
  });

  it('waits longer, or shorter, after speech that is too short to be an answer', () => {
    const patient = createEndpointer({ incompleteTimeoutMs: 2000, minSpeechMs: 300 });
    expect(run(patient, speech(200) + quiet(3000))).toEqual([
      'speech-start 100',
      'speech-end 2200',
    ]);
    expect(run(patient, speech(300) + quiet(3000))).toEqual([
      'speech-start 100',
      'speech-end 1200',
    ]);
    // Who goes on within the longer time has one utterance.
    const thinking = createEndpointer({ incompleteTimeoutMs: 2000, minSpeechMs: 300 });
    expect(run(thinking, speech(200) + quiet(1500) + speech(400) + quiet(1000))).toEqual([
      'speech-start 100',
      'speech-end 3000',
    ]);
    const curt = createEndpointer({ incompleteTimeoutMs: 300 });
    expect(run(curt, speech(140) + quiet(1000))).toEqual(['speech-start 100', 'speech-end 440']);
    expect(run(createEndpointer({}), speech(140) + quiet(1000))).toEqual([
      'speech-start 100',
      'speech-end 1040',
    ]);
  });

  it('listens to each response with its own options', () => {
    const [quick, slow] = [{ completeTimeoutMs: 300 }, { completeTimeoutMs: 600 }];
    const endpointer = createEndpointer(slow);
    for (const [options, endMs] of [
      [quick, 500],
      [slow, 800],
      [quick, 500],
    ] as const) {
      endpointer.reset(options);
      expect(run(endpointer, speech(200) + quiet(1000))[1]).toBe(`speech-end ${endMs}`);
    }
  });

  it('forgets on reset, and listens as it is told then', () => {
    const endpointer = createEndpointer({});
    run(endpointer, speech(80));
    endpointer.reset();
    expect(run(endpointer, speech(80))).toEqual([]);
    run(endpointer, speech(200));
    endpointer.reset({ onsetMs: 200, completeTimeoutMs: 300 });
    expect([endpointer.isSpeaking, endpointer.speechMs]).toEqual([false, 0]);
    expect(endpointer.onsetWindowMs).toBe(400);
    expect(run(endpointer, speech(300) + quiet(400))).toEqual([
      'speech-start 200',
      'speech-end 600',
    ]);
    endpointer.reset();
    expect(endpointer.onsetWindowMs).toBe(400);
  });

  it('brings options to their bounds', () => {
    const endpointer = createEndpointer({ onsetMs: 1e9, completeTimeoutMs: 0, maxSpeechMs: -1 });
    expect(endpointer.onsetWindowMs).toBe(600);
    expect(run(endpointer, speech(500) + quiet(300))).toEqual([
      'speech-start 300',
      'speech-end 700',
    ]);
    expect(createEndpointer({ onsetMs: 0 }).push(true)).toBe('speech-start');
    expect(createEndpointer({ onsetMs: Number.NaN }).onsetWindowMs).toBe(200);
  });

  it('alternates start and end, ends in time, and never measures more than there was', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 80 })), { maxLength: 30 }),
        (runs) => {
          const endpointer = createEndpointer({ maxSpeechMs: 10_000 });
          let speaking = false;
          let frames = 0;
          let silentFrames = 0;
          for (const [isSpeech, length] of runs)
            for (let i = 0; i < length; i++) {
              frames += 1;
              silentFrames = isSpeech ? 0 : silentFrames + 1;
              const edge = endpointer.push(isSpeech);
              if (edge !== 'none') {
                expect(edge).toBe(speaking ? 'speech-end' : 'speech-start');
                speaking = !speaking;
              }
              expect(endpointer.isSpeaking).toBe(speaking);
              expect(endpointer.speechMs).toBeGreaterThanOrEqual(0);
              expect(endpointer.speechMs).toBeLessThanOrEqual(Math.min(frames * 20, 10_000));
              if (silentFrames >= 45) expect(speaking).toBe(false);
            }
        },
      ),
      { numRuns: 50 },
    );
  });
});
