import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { readFields, writeBytes, writeNumber } from '../../../src/engine/buildkit/protobuf.js';

describe('the wire format of Protocol Buffers', () => {
  it('is read as another library writes it', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.record({ number: fc.integer({ min: 1, max: 5000 }), text: fc.string() }),
            fc.record({ number: fc.integer({ min: 1, max: 5000 }), value: fc.maxSafeNat() }),
            fc.record({ number: fc.integer({ min: 1, max: 5000 }), fixed: fc.nat() }),
          ),
        ),
        (fields) => {
          const writer = protobuf.Writer.create();
          for (const field of fields) {
            if ('text' in field) writer.uint32((field.number << 3) | 2).string(field.text);
            else if ('value' in field) writer.uint32(field.number << 3).uint64(field.value);
            else writer.uint32((field.number << 3) | 5).fixed32(field.fixed);
          }
          const read = [...readFields(Buffer.from(writer.finish()))];
          expect(
            read.map(({ number, value, bytes }) => [number, Number(value), bytes.toString('utf8')]),
          ).toEqual(
            fields
              .filter((field) => !('fixed' in field))
              .map((field) => [
                field.number,
                'value' in field ? field.value : 0,
                // Half of a surrogate pair has no bytes of its own in either.
                'text' in field ? Buffer.from(field.text).toString('utf8') : '',
              ]),
          );
        },
      ),
    );
  });

  it('is written as another library writes it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.string(),
        fc.maxSafeInteger(),
        (number, text, value) => {
          const writer = protobuf.Writer.create();
          writer.uint32((number << 3) | 2).bytes(Buffer.from(text));
          writer.uint32(number << 3).int64(value);
          const ours = Buffer.concat([writeBytes(number, text), writeNumber(number, value)]);
          expect(ours.equals(Buffer.from(writer.finish()))).toBe(true);
        },
      ),
    );
  });

  it('is a RangeError for damaged bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          for (const field of readFields(Buffer.from(bytes)))
            expect(field.number).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});
