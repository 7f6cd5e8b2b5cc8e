import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeRange, decodeWatch, encodeRange, encodeTxn } from './messages.ts';
import { Decoder, Encoder } from './wire.ts';

const none = Buffer.alloc(0);
const read = (message: Encoder): Decoder => new Decoder(message.finish(none));

describe('a field', () => {
  it('of a number comes back as it was', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (value) => {
        const it = read(new Encoder().number(3, value));
        return it.field() === 3 && it.number() === value && it.field() === 0;
      }),
    );
  });

  it('of a lease id comes back as it was, whatever its 64 bits', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const it = read(new Encoder().int64(1, value));
        return value === 0n ? it.field() === 0 : it.field() === 1 && it.int64() === value && it.field() === 0;
      }),
    );
  });

  it('of bytes, in messages in messages, comes back as it was', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (value) => {
        const outer = read(
          new Encoder().number(1, 7).message(2, new Encoder().message(4, new Encoder().bytes(5, value))),
        );
        expect([outer.field(), outer.number(), outer.field()]).toEqual([1, 7, 2]);
        const inner = outer.message();
        expect(inner.field()).toBe(4);
        const innermost = inner.message();
        expect([innermost.field(), Buffer.compare(innermost.bytes(), value), outer.field()]).toEqual([5, 0, 0]);
      }),
    );
  });

  it('is read from parts, wherever the message was cut', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.array(fc.nat(350)), (value, cuts) => {
        const whole = new Encoder().number(1, 300).message(2, new Encoder().bytes(5, value)).number(3, 7).finish(none);
        const [first, ...more] = [0, ...cuts.sort((a, b) => a - b)].map((from, i) => whole.subarray(from, cuts[i]));
        const it = new Decoder(first!, 0, first!.length, more);
        expect([it.field(), it.number(), it.field()]).toEqual([1, 300, 2]);
        const inner = it.message();
        expect([inner.field(), Buffer.compare(inner.bytes(), value), inner.field()]).toEqual([5, 0, 0]);
        expect([it.field(), it.number(), it.field()]).toEqual([3, 7, 0]);
      }),
    );
  });

  it('that nobody asks for is passed over', () => {
    const it = read(new Encoder().number(1, 300).bytes(2, Buffer.from('passed over')).number(3, 5));
    it.field();
    it.skip();
    it.field();
    it.skip();
    expect([it.field(), it.number()]).toEqual([3, 5]);
  });
});

describe('bytes that are no message', () => {
  it('are an error or some message, and never read beyond their end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        for (const decode of [decodeRange, decodeWatch]) {
          try {
            decode(new Decoder(Buffer.from(bytes)));
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
          }
        }
      }),
    );
  });
});

describe('a request', () => {
  it('is what etcd reads', () => {
    expect(
      encodeRange({ key: Buffer.from('a'), limit: 300, countOnly: true })
        .finish(none)
        .toString('hex'),
    ).toBe('0a0161' + '18ac02' + '4801');
  });

  it('compares with no revision by leaving it out', () => {
    const key = Buffer.from('k');
    const txn = encodeTxn({ compare: [{ key, modRevision: 0 }], success: [{ deleteRange: { key } }] });
    expect(txn.finish(none).toString('hex')).toBe('0a05' + '1002' + '1a016b' + '1205' + '1a03' + '0a016b');
  });
});
