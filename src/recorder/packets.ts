/**
 * Packets of the caller's sound without the sound: when each came, and what was taken for what in it. A packet is
 * written as the milliseconds since the one before and a letter for each 20 ms; equal ones in a row as one with `x` and
 * their number: `0. 20.x24 21s` is half a second of silence and the beginning of a word.
 *
 * `.` no speech, `s` speech, `d` the sound of a key, `k * # A-D` a key found (`k`: a figure). `?` nobody listened. `_` somebody
 * listened, and what was heard is confidential; after it `<` the caller began to speak, `>` the caller had finished, `~` the
 * same, and it was no interruption. `!` the packet was refused.
 */
export interface Packet {
  /** Since the start of the call, in milliseconds. */
  readonly at: number;
  readonly letters: string;
}

const TOKEN = /^(\d{1,7})([.sdk*#A-D?_<>~!]{0,3000})(?:x(\d{1,4}))?$/u;

/** Packets that are gathered for one line. */
export interface PacketRun {
  add(packet: Packet): void;
  readonly size: () => number;
  /** What was gathered, and nothing is from then on; `undefined` when there was nothing. */
  take(): { readonly at: number; readonly packets: string } | undefined;
}

/** Creates an empty run. */
export function createPacketRun(): PacketRun {
  let startedAt = 0;
  let lastAt = 0;
  let size = 0;
  let tokens: string[] = [];
  let last = '';
  let times = 0;
  const push = (): void => {
    if (times > 0) tokens.push(times === 1 ? last : `${last}x${times}`);
  };
  return {
    add({ at, letters }) {
      if (size === 0) startedAt = lastAt = at;
      const token = `${at - lastAt}${letters}`;
      lastAt = at;
      size += 1;
      if (token === last && times > 0) {
        times += 1;
        return;
      }
      push();
      last = token;
      times = 1;
    },
    size: () => size,
    take() {
      if (size === 0) return undefined;
      push();
      const packets = tokens.join(' ');
      tokens = [];
      size = 0;
      times = 0;
      return { at: startedAt, packets };
    },
  };
}

/** Reads a line's packets; `undefined` when it is no such line, or holds more than `maxPackets`. */
export function decodePackets(
  at: number,
  packets: string,
  maxPackets: number,
): readonly Packet[] | undefined {
  const decoded: Packet[] = [];
  let packetAt = at;
  for (const token of packets.split(' ')) {
    const [, sinceMs, letters, times = '1'] = TOKEN.exec(token) ?? [];
    if (sinceMs === undefined || letters === undefined) return undefined;
    if (decoded.length + Number(times) > maxPackets) return undefined;
    for (let time = 0; time < Number(times); time += 1) {
      packetAt += Number(sinceMs);
      decoded.push({ at: packetAt, letters });
    }
  }
  return decoded;
}
