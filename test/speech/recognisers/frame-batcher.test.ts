import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createFrameBatcher } from '../../../src/speech/recognisers/frame-batcher.ts';

describe('createFrameBatcher', () => {
  it('gives messages of one size, whatever the pieces, and the rest when it is flushed', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (pieces) => {
        const messages: Uint8Array[] = [];
        const batcher = createFrameBatcher(16, (message) => messages.push(message));
        for (const piece of pieces) {
          batcher.push(piece);
          piece.fill(0, 0, 0);
        }
        expect(messages.every(({ length }) => length === 16)).toBe(true);
        batcher.flush();
        batcher.flush();
        expect(Buffer.concat(messages)).toEqual(Buffer.concat(pieces));
        expect(messages.every(({ length }) => length > 0)).toBe(true);
      }),
    );
  });

  it('gives a message in the moment in which it is full', () => {
    const messages: Uint8Array[] = [];
    const batcher = createFrameBatcher(800, (message) => messages.push(message));
    for (let frame = 0; frame < 4; frame++) batcher.push(new Uint8Array(160));
    expect(messages).toHaveLength(0);
    batcher.push(new Uint8Array(160));
    expect(messages).toHaveLength(1);
  });
});
