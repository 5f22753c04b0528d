// The protobuf wire format by hand, so that tests can tell what is on the wire without asking the code under test.

/** A varint field: bool, enum, int32, int64, uint64. */
export function varintField(number: number, value: number | bigint): Buffer {
  return Buffer.concat([varint(number << 3), varint(value)]);
}

/** A length-delimited field: string, bytes, message. */
export function bytesField(number: number, value: string | Uint8Array): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

/** A message field from its fields. */
export function messageField(number: number, ...fields: readonly Buffer[]): Buffer {
  return bytesField(number, Buffer.concat(fields));
}

/** The numbers of a message's own fields, in the order of the wire. */
export function readFieldNumbers(message: Buffer): number[] {
  const numbers: number[] = [];
  let at = 0;
  const readVarint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message.readUInt8(at++);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = readVarint();
    numbers.push(tag >>> 3);
    const value = readVarint();
    if ((tag & 7) === 2) at += value;
    else if ((tag & 7) !== 0) throw new Error(`Wire type ${tag & 7} is not expected here`);
  }
  return numbers;
}

function varint(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return Buffer.from(bytes);
}
