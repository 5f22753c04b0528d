import { describe, expect, it } from 'vitest';

import { createPacketRun, decodePackets } from '../../src/recorder/packets.ts';

describe('packets', () => {
  it('writes equal packets in a row as one, and reads them as they were', () => {
    const run = createPacketRun();
    const packets = [
      { at: 100, letters: '.' },
      ...[120, 140, 160].map((at) => ({ at, letters: '.' })),
      { at: 181, letters: 's*' },
      { at: 181, letters: '' },
      { at: 181, letters: '?_<_>!' },
    ];
    for (const packet of packets) run.add(packet);
    const line = run.take();
    expect(line).toEqual({ at: 100, packets: '0. 20.x3 21s* 0 0?_<_>!' });
    expect(decodePackets(100, line?.packets ?? '', 100)).toEqual(packets);
    expect(run.take()).toBeUndefined();
  });

  it('reads nothing else, and not more than it may', () => {
    expect(decodePackets(0, '20.x5', 4)).toBeUndefined();
    for (const text of ['', ' ', '20', '20.', '20.x2']
      .slice(0, 2)
      .concat('x', '-1.', '20z', '20.x'))
      expect(decodePackets(0, text, 100), text).toBeUndefined();
  });
});
