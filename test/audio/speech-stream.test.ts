import { describe, expect, it } from 'vitest';

import { createSpeechStream } from '../../src/audio/speech-stream.ts';

const piece = (length: number): Uint8Array => new Uint8Array(length).fill(1);

describe('the tally of speech streams', () => {
  it('counts what waits for readers over all streams, and what they have taken no longer', async () => {
    const tally = { waitingBytes: 0, droppedBytes: 0 };
    const [one, other] = [createSpeechStream(1_000, tally), createSpeechStream(1_000, tally)];
    one.push(piece(160));
    one.push(piece(160));
    other.push(piece(80));
    expect(tally.waitingBytes).toBe(400);
    const reader = one.audio[Symbol.asyncIterator]();
    expect((await reader.next()).value).toHaveLength(320);
    expect(tally.waitingBytes).toBe(80);
  });

  it('counts nothing for a reader who has left', async () => {
    const tally = { waitingBytes: 0, droppedBytes: 0 };
    const stream = createSpeechStream(1_000, tally);
    stream.push(piece(160));
    const reader = stream.audio[Symbol.asyncIterator]();
    await reader.next();
    stream.push(piece(160));
    await reader.return?.();
    stream.push(piece(160));
    expect(tally).toEqual({ waitingBytes: 0, droppedBytes: 0 });
  });

  it('counts what came when the stream was full', () => {
    const tally = { waitingBytes: 0, droppedBytes: 0 };
    const stream = createSpeechStream(200, tally);
    stream.push(piece(160));
    stream.push(piece(160));
    stream.end();
    stream.push(piece(160));
    expect(tally).toEqual({ waitingBytes: 160, droppedBytes: 160 });
  });
});
