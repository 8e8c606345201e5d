/**
 * The wire format of Protocol Buffers (protobuf.dev/programming-guides/encoding), as much of it as
 * BuildKit's messages use: varints, and fields with a length. Reading yields the fields in order;
 * writing makes one field.
 */

/** One field of a message: a varint, or the bytes of a string or a message inside. */
export interface Field {
  readonly number: number;
  /** 0 when the field has bytes. */
  readonly value: bigint;
  /** Empty when the field is a varint. */
  readonly bytes: Buffer;
}

const EMPTY = Buffer.alloc(0);

/** Reads a message's fields; those of a fixed size are skipped. @throws RangeError when it is cut. */
export function* readFields(message: Buffer): Generator<Field> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new RangeError('a varint is longer than ten bytes');
  };
  const take = (length: number): Buffer => {
    if (length > message.length - at) throw new RangeError('a field is cut');
    return message.subarray(at, (at += length));
  };
  while (at < message.length) {
    const key = varint();
    const number = Number(key >> 3n);
    const type = Number(key & 7n);
    if (type === 0) yield { number, value: varint(), bytes: EMPTY };
    else if (type === 2) yield { number, value: 0n, bytes: take(Number(varint())) };
    else if (type === 1) take(8);
    else if (type === 5) take(4);
    else throw new RangeError(`wire type ${type}`);
  }
}

/** One field with bytes: a string, or a message inside. */
export function writeBytes(number: number, value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  return Buffer.concat([writeVarint((number << 3) | 2), writeVarint(bytes.length), bytes]);
}

/** One field with an int64. */
export function writeNumber(number: number, value: number): Buffer {
  return Buffer.concat([writeVarint(number << 3), writeVarint(value)]);
}

function writeVarint(value: number): Buffer {
  const bytes: number[] = [];
  // Negative numbers are ten bytes long, in two's complement.
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}
