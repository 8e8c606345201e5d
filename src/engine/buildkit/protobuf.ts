/** Protocol Buffers (protobuf.dev/programming-guides/encoding), for messages that a table of their fields describes. */

/** A field as it is encoded: a varint, or the bytes of a string or a nested message. */
interface Field {
  readonly number: number;
  /** 0 if the field has bytes. */
  readonly value: bigint;
  /** Empty if the field is a varint. */
  readonly bytes: Buffer;
}

const EMPTY = Buffer.alloc(0);

/** The type of a field, which is written from a `W` and read as an `R`. */
interface FieldType<W, R = W> {
  /** Encodes the field with its number, in pieces; nothing if it has the default value. */
  write(this: void, number: number, value: W): readonly Buffer[];
  /** The value of all occurrences of the field in a message, in order. */
  read(this: void, fields: readonly Field[]): R;
}

/** The type of one value. */
interface ValueType<W, R = W> {
  readonly isBytes: boolean;
  /** The encoded value, whose bytes are not copied. */
  pieces(this: void, value: W): readonly Buffer[];
  decode(this: void, field: Field): R;
}

/** A field with one value. The last occurrence counts. */
function single<W, R, D>(type: ValueType<W, R>, initial: W & D): FieldType<W, R | D> {
  return {
    write: (number, value) => (value === initial ? [] : writeField(number, type, value)),
    read(fields) {
      const last = fields.at(-1);
      return last === undefined ? initial : type.decode(last);
    },
  };
}

function scalar<R, W = R>(
  isBytes: boolean,
  initial: R & W,
  encode: (value: W) => Buffer | readonly Buffer[],
  decode: (field: Field) => R,
): FieldType<W, R> & ValueType<W, R> {
  const type = { isBytes, pieces: (value: W) => [encode(value)].flat(), decode };
  return { ...type, ...single(type, initial) };
}

function writeField<W>(
  number: number,
  { isBytes, pieces }: ValueType<W, unknown>,
  value: W,
): readonly Buffer[] {
  const content = pieces(value);
  if (!isBytes) return [varint(BigInt(number << 3)), ...content];
  return [varint(BigInt((number << 3) | 2), BigInt(lengthOf(content))), ...content];
}

/** The number of bytes. */
export function lengthOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

export const string = scalar(
  true,
  '',
  (value: string) => Buffer.from(value, 'utf8'),
  ({ bytes: content }) => content.toString('utf8'),
);

/** Written from one buffer, or from several after each other. */
export const bytes = scalar<Buffer, Buffer | readonly Buffer[]>(
  true,
  EMPTY,
  (value) => value,
  (field) => field.bytes,
);

/** An int64 whose value is a safe integer. */
export const int = scalar(
  false,
  0,
  (value: number) => varint(BigInt.asUintN(64, BigInt(value))),
  ({ value }) => Number(BigInt.asIntN(64, value)),
);

export const bool = scalar(
  false,
  false,
  (value: boolean) => varint(value ? 1n : 0n),
  ({ value }) => value !== 0n,
);

export function repeated<W, R>(type: ValueType<W, R>): FieldType<readonly W[], readonly R[]> {
  return {
    write: (number, values) => values.flatMap((value) => writeField(number, type, value)),
    read: (fields) => fields.map((field) => type.decode(field)),
  };
}

/** A map with strings as keys. */
export function map<W, R, D>(
  type: FieldType<W, D> & ValueType<W, R>,
): FieldType<Readonly<Record<string, W>>, Readonly<Record<string, D>>> {
  const entries = repeated(message({ key: [1, string], value: [2, type] }));
  return {
    write(number, record) {
      const pairs = Object.entries(record).map(([key, value]) => ({ key, value }));
      return entries.write(number, pairs);
    },
    read: (fields) =>
      Object.fromEntries(entries.read(fields).map(({ key, value }) => [key, value])),
  };
}

type Fields = Readonly<Record<string, readonly [number: number, type: FieldType<unknown>]>>;

/** A message to encode. Missing fields have their default values. */
type Encoded<F extends Fields> = {
  readonly [K in keyof F]?: F[K] extends readonly [number, FieldType<infer W, unknown>] ? W : never;
};

/** A message that was decoded. */
type Decoded<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends readonly [number, FieldType<never, infer R>] ? R : never;
};

/** A message; as a field it is undefined if it is missing. */
export interface Message<W, R> extends ValueType<W, R>, FieldType<W | undefined, R | undefined> {
  encode(value: W): Buffer;
  /** @throws RangeError if it is damaged. */
  parse(content: Buffer): R;
}

/** Describes a message by its fields. */
export function message<const F extends Fields>(fields: F): Message<Encoded<F>, Decoded<F>> {
  const parse = (content: Buffer): Decoded<F> => {
    const found = [...readFields(content)];
    const values = Object.entries(fields).map(([key, [number, type]]) => [
      key,
      type.read(found.filter((field) => field.number === number)),
    ]);
    return Object.fromEntries(values) as Decoded<F>;
  };
  const pieces = (value: Encoded<F>): readonly Buffer[] =>
    Object.entries(fields).flatMap(([key, [number, type]]) =>
      value[key] === undefined ? [] : type.write(number, value[key]),
    );
  const type = { isBytes: true, pieces, decode: (field: Field) => parse(field.bytes) };
  return {
    ...type,
    encode: (value) => Buffer.concat(pieces(value)),
    ...single<Encoded<F> | undefined, Decoded<F>, undefined>(type, undefined),
    parse,
  };
}

/** Reads the fields of a message in order. Those of a fixed size are skipped. @throws RangeError if it is damaged. */
function* readFields(content: Buffer): Generator<Field> {
  let at = 0;
  const readVarint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = content.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new RangeError('a varint is longer than ten bytes');
  };
  const take = (length: number): Buffer => {
    if (length > content.length - at) throw new RangeError('a field is cut');
    return content.subarray(at, (at += length));
  };
  while (at < content.length) {
    const key = readVarint();
    const number = Number(key >> 3n);
    const type = Number(key & 7n);
    if (type === 0) yield { number, value: readVarint(), bytes: EMPTY };
    else if (type === 2) yield { number, value: 0n, bytes: take(Number(readVarint())) };
    else if (type === 1) take(8);
    else if (type === 5) take(4);
    else throw new RangeError(`wire type ${type}`);
  }
}

/** Varints after each other. A pooled buffer would outlive the young generation with its whole pool. */
function varint(...values: readonly bigint[]): Buffer {
  const result: number[] = [];
  for (let rest of values) {
    for (; rest > 0x7fn; rest >>= 7n) result.push(Number(rest & 0x7fn) | 0x80);
    result.push(Number(rest));
  }
  return Buffer.from(Uint8Array.from(result).buffer);
}
