/** The wire format of Protocol Buffers (protobuf.dev/programming-guides/encoding), as far as BuildKit's messages use it. */

/** One field of a message: a varint, or the bytes of a string or a nested message. */
export interface Field {
  readonly number: number;
  /** 0 if the field has bytes. */
  readonly value: bigint;
  /** Empty if the field is a varint. */
  readonly bytes: Buffer;
}

const EMPTY = Buffer.alloc(0);

/** Reads the fields of a message in order. Those of a fixed size are skipped. @throws RangeError if it is damaged. */
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

/** A message whose fields are read by their numbers. If a field occurs more than once, the last one counts. */
export class Message {
  readonly #fields: readonly Field[];

  /** @throws RangeError if it is damaged. */
  constructor(bytes: Buffer) {
    this.#fields = [...readFields(bytes)];
  }

  bytes(number: number): Buffer {
    return this.#all(number).at(-1)?.bytes ?? EMPTY;
  }

  text(number: number): string {
    return this.bytes(number).toString('utf8');
  }

  /** An int64. */
  integer(number: number): number {
    return Number(BigInt.asIntN(64, this.#all(number).at(-1)?.value ?? 0n));
  }

  message(number: number): Message | undefined {
    return this.messages(number).at(-1);
  }

  /** The values of a repeated field. */
  texts(number: number): string[] {
    return this.#all(number).map(({ bytes }) => bytes.toString('utf8'));
  }

  messages(number: number): Message[] {
    return this.#all(number).map(({ bytes }) => new Message(bytes));
  }

  #all(number: number): Field[] {
    return this.#fields.filter((field) => field.number === number);
  }
}

/** A field with a string, or with the bytes of a message. */
export function writeBytes(number: number, value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  return Buffer.concat([writeVarint((number << 3) | 2), writeVarint(bytes.length), bytes]);
}

/** A field with a message of these fields. */
export function writeMessage(number: number, ...fields: readonly Buffer[]): Buffer {
  return writeBytes(number, Buffer.concat(fields));
}

/** An entry of a map. */
export function writeEntry(number: number, key: string, value: string | Buffer): Buffer {
  return writeMessage(number, writeBytes(1, key), writeBytes(2, value));
}

/** A field with an int64. */
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
