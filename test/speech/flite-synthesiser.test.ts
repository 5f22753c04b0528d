import { afterAll, describe, expect, it } from 'vitest';

import { decodeMulaw } from '../../src/audio/mulaw.ts';
import { AbortError } from '../../src/core/abort.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createFliteSynthesiser } from '../../src/speech/flite-synthesiser.ts';

const NEVER = new AbortController().signal;
const synthesiser = createFliteSynthesiser({}, { clock: systemClock });

afterAll(() => synthesiser.close());

function decode(audio: Uint8Array): Int16Array {
  const pcm = new Int16Array(audio.length);
  decodeMulaw(audio, pcm);
  return pcm;
}

function countCrossings(pcm: Int16Array): number {
  return pcm.filter((sample, i) => i > 0 && sample < 0 !== (pcm[i - 1] ?? 0) < 0).length;
}

describe('the Flite synthesiser', () => {
  it('[check 85] speaks µ-law at 8000 Hz, without a header, as long and as loud as speech is', async () => {
    const audio = await synthesiser.synthesise('Your balance is four hundred dollars.', NEVER);
    const pcm = decode(audio);
    const seconds = audio.length / 8000;
    const rms = Math.sqrt(pcm.reduce((sum, sample) => sum + sample ** 2, 0) / pcm.length);
    expect(seconds).toBeGreaterThan(1.4);
    expect(seconds).toBeLessThan(3);
    expect(rms).toBeGreaterThan(2000);
    expect(rms).toBeLessThan(12_000);
    // Read at a wrong rate or in a wrong encoding, it would cross zero like noise does, about every second sample.
    expect(countCrossings(pcm) / pcm.length).toBeLessThan(0.35);
    expect(Buffer.from(audio.subarray(0, 4)).toString('latin1')).not.toBe('RIFF');
  });

  it('speaks longer when there is more to say, and the same for the same', async () => {
    const [short, long, again] = await Promise.all(
      ['Yes.', 'Yes, and a good deal more than that.', 'Yes.'].map((text) =>
        synthesiser.synthesise(text, NEVER),
      ),
    );
    expect(long?.length).toBeGreaterThan((short?.length ?? 0) * 2);
    expect(again).toEqual(short);
  });

  it('does not begin with silence', async () => {
    const pcm = decode(await synthesiser.synthesise('Hello there.', NEVER));
    expect(pcm.findIndex((sample) => Math.abs(sample) > 1500)).toBeLessThan(100 * 8);
  });

  it.each([
    '--version',
    '-o other.wav',
    '$(exit 1) `exit 1`',
    'it\'s "quoted"',
    'one\n-f\0two',
    '%s%n',
  ])('takes %j for words and nothing else', async (text) => {
    expect((await synthesiser.synthesise(text, NEVER)).length).toBeGreaterThan(800);
  });

  it('gives no sound for a text without words', async () => {
    expect(await synthesiser.synthesise(' ... ', NEVER)).toHaveLength(0);
  });

  it('refuses a text that is too long', async () => {
    await expect(synthesiser.synthesise('a'.repeat(2001), NEVER)).rejects.toMatchObject({
      code: 'ERR_SPEECH_FAILED',
    });
  });

  it('lets go when it is called off', async () => {
    const controller = new AbortController();
    const speaking = synthesiser.synthesise('Nobody waits for this.', controller.signal);
    controller.abort();
    await expect(speaking).rejects.toBeInstanceOf(AbortError);
  });

  it('has other voices, resampled', async () => {
    const other = createFliteSynthesiser({ voice: 'slt' }, { clock: systemClock });
    try {
      const audio = await other.synthesise('Hello there.', NEVER);
      expect(audio.length / 8000).toBeGreaterThan(0.4);
      expect(audio.length / 8000).toBeLessThan(2);
    } finally {
      await other.close();
    }
  });

  it('closes more than once and then fails', async () => {
    const closed = createFliteSynthesiser({}, { clock: systemClock });
    await closed.close();
    await closed.close();
    await expect(closed.synthesise('Hello.', NEVER)).rejects.toMatchObject({
      code: 'ERR_SPEECH_FAILED',
    });
  });

  it.each([{ workers: 0 }, { maxQueued: 1.5 }, { timeoutMs: 1 }, { maxTextLength: 0 }])(
    'refuses the options %j',
    (options) => {
      expect(() => createFliteSynthesiser(options, { clock: systemClock })).toThrow(TypeError);
    },
  );
});
