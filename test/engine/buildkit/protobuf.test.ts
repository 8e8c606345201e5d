import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import {
  bool,
  bytes,
  int,
  map,
  message,
  repeated,
  string,
} from '../../../src/engine/buildkit/protobuf.js';

// One message with fields of all types, for this codec and for a complete Protocol Buffers library.
const Nested = message({ text: [1, string], number: [2, int] });
const Whole = message({
  text: [1, string],
  number: [2, int],
  flag: [3, bool],
  data: [4, bytes],
  nested: [5, Nested],
  texts: [6, repeated(string)],
  all: [7, repeated(Nested)],
  names: [8, map(string)],
  parts: [4000, map(Nested)],
});
const Reference = protobuf
  .parse(
    `syntax = "proto3";
    message Nested { string text = 1; int64 number = 2; }
    message Whole {
      string text = 1; int64 number = 2; bool flag = 3; bytes data = 4; Nested nested = 5;
      repeated string texts = 6; repeated Nested all = 7; map<string, string> names = 8;
      map<string, Nested> parts = 4000; fixed32 unknown = 9; fixed64 longer = 10;
    }`,
  )
  .root.lookupType('Whole');

const text = fc.string({ unit: 'grapheme' });
const nested = fc.record({ text, number: fc.maxSafeInteger() });
/** A map of either library loses `__proto__`. */
const names = text.filter((name) => name !== '__proto__');
const value = fc.record({
  text,
  number: fc.maxSafeInteger(),
  flag: fc.boolean(),
  data: fc.uint8Array().map((content) => Buffer.from(content)),
  nested: fc.option(nested, { nil: undefined }),
  texts: fc.array(text),
  all: fc.array(nested),
  names: fc.dictionary(names, text),
  parts: fc.dictionary(names, nested),
});

describe('Protocol Buffers', () => {
  it('are read as another library writes them, without unknown fields', () => {
    fc.assert(
      fc.property(value, fc.nat(), (given, number) => {
        const { nested: inner, ...rest } = given;
        const whole = { ...rest, ...(inner && { nested: inner }), unknown: number, longer: number };
        const written = Buffer.from(Reference.encode(Reference.fromObject(whole)).finish());
        expect(Whole.parse(written)).toEqual(given);
      }),
    );
  });

  it('are written so that another library reads the same', () => {
    fc.assert(
      fc.property(value, (given) => {
        const read = Reference.toObject(Reference.decode(Whole.encode(given)), {
          longs: Number,
          bytes: Buffer,
          defaults: true,
        });
        const { nested: inner, ...rest } = read;
        const known = { ...rest, unknown: undefined, longer: undefined };
        expect({ ...known, nested: (inner as unknown) ?? undefined }).toEqual(given);
      }),
    );
  });

  it('have default values for missing fields', () => {
    expect(Whole.parse(Buffer.alloc(0))).toEqual({
      text: '',
      number: 0,
      flag: false,
      data: Buffer.alloc(0),
      nested: undefined,
      texts: [],
      all: [],
      names: {},
      parts: {},
    });
    expect(Whole.encode({})).toEqual(Buffer.alloc(0));
  });

  it('are a RangeError if they are damaged', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (content) => {
        try {
          expect(Whole.parse(Buffer.from(content))).toHaveProperty('text');
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});
