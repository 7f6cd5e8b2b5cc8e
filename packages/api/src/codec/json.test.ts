import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deepEqual } from '../meta/object.ts';
import { decodeJson, encodeJson, encodeJsonPretty, JsonError } from './json.ts';

describe('decodeJson', () => {
  it('keeps every digit of integers beyond 2^53', () => {
    const text =
      '{"a":9007199254740993,"b":[-9223372036854775808],"c":9007199254740991,"d":1e22,"e":"12345678901234567890"}';
    const { value } = decodeJson(text);
    expect(value).toEqual({
      a: 9007199254740993n,
      b: [-9223372036854775808n],
      c: 9007199254740991,
      d: 1e22,
      e: '12345678901234567890',
    });
    expect(encodeJson(value)).toBe(text.replace('1e22', '1e+22'));
  });

  it('keeps every digit wherever the number stands', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 10n ** 15n, max: 10n ** 40n }), fc.string({ maxLength: 40 }), (number, before) => {
        const { value } = decodeJson(`{"before":${JSON.stringify(before)},"n":${number}}`);
        expect(value).toEqual({ before, n: number <= Number.MAX_SAFE_INTEGER ? Number(number) : number });
      }),
    );
  });

  it.each(['"', '\n', '\u0001', 'a"', 'a\n', '\\n'])(
    'reads the key %j as it is, whatever keys were read before',
    (key) => {
      const same = key.slice(0, -1);
      decodeJson(JSON.stringify({ h: [], [`${same}\\`]: 0 }));
      const object = { h: 1, [key]: 2 };
      expect(Object.keys(decodeJson(JSON.stringify(object)).value as object)).toEqual(Object.keys(object));
      const within = { h: { [key]: 1 }, [key]: { [key]: [{ [key]: 1 }] } };
      expect(JSON.stringify(decodeJson(JSON.stringify(within)).value)).toBe(JSON.stringify(within));
    },
  );

  it('keeps keys that JavaScript objects treat specially', () => {
    const text = '{"__proto__":{"x":1},"constructor":"c","n":12345678901234567890}';
    const { value } = decodeJson(text);
    expect(encodeJson(value)).toBe(text);
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  it('reads bytes as UTF-8', () => {
    expect(decodeJson(Buffer.from('{"ä":"€"}')).value).toEqual({ ä: '€' });
    expect(decodeJson(new TextEncoder().encode('"😀"')).value).toBe('😀');
    expect(decodeJson(Buffer.from([0x22, 0xff, 0x22])).value).toBe('\uFFFD');
  });

  it.each([
    ['{"a":1,"a":2}', ['a']],
    ['{"a":1,"b":{"a":2}}', []],
    ['{"spec":{"replicas":1,"x":[{"n":1},{"n":1,"n":2}],"replicas":2}}', ['spec.x[1].n', 'spec.replicas']],
    ['{"a":{"b":1,"b":1},"a":{"b":1,"b":1}}', ['a.b', 'a']],
    ['{"a":1,"\\u0061":2}', ['a']],
    ['{"a":":","b":"\\":","c":{},"d":[":",{"a:":1}]}', []],
    ['{"__proto__":1,"__proto__":2}', ['__proto__']],
    ['[{"a":1,"a":1}]', ['[0].a']],
    ['"a:b"', []],
    ['{"a":"\\\\","a":1}', ['a']],
  ])('finds the duplicates of %s', (text, duplicates) => {
    const decoded = decodeJson(text, { duplicates: true });
    expect(decoded).toEqual({ value: JSON.parse(text), duplicates });
    expect(decodeJson(text).duplicates).toEqual([]);
  });

  it('names as many duplicates as have 1 MiB of text, and goes on with none', () => {
    const fields = Array.from({ length: 50_000 }, (_, i) => `"f${i}":1,"f${i}":2`).join(',');
    const { duplicates } = decodeJson(`{"${'n'.repeat(400_000)}":{${fields}}}`, { duplicates: true });
    expect(duplicates.map((path) => path.slice(399_999))).toEqual(['n.f0', 'n.f1', 'n.f2']);
  });

  it.each([
    ['{1234567890123456789:1}', "invalid character '1' looking for beginning of object key string"],
    ['[0123456789012345678]', "invalid character '1' after array element"],
    ['[1234567890123456789 1]', "invalid character '1' after array element"],
    ['[1234567890123456789, 1e999]', 'json: cannot unmarshal number 1e999 into Go value of type float64'],
  ])('takes no long integer for what it is not: %s', (text, message) => {
    expect(() => decodeJson(text)).toThrow(message);
  });

  it('keeps long integers wherever they stand', () => {
    const text = '{"__proto__":12345678901234567890,"a":[[-12345678901234567890],"12345678901234567890",1]}';
    const { value } = decodeJson(text);
    expect(Object.getOwnPropertyDescriptor(value, '__proto__')?.value).toBe(12345678901234567890n);
    expect((value as { a: unknown }).a).toEqual([[-12345678901234567890n], '12345678901234567890', 1]);
    expect(decodeJson('12345678901234567890').value).toBe(12345678901234567890n);
  });

  it.each([
    ['', 'unexpected end of JSON input'],
    ['  ', 'unexpected end of JSON input'],
    ['{', 'unexpected end of JSON input'],
    ['{"a"', 'unexpected end of JSON input'],
    ['{"a":', 'unexpected end of JSON input'],
    ['{"a":1', 'unexpected end of JSON input'],
    ['[1', 'unexpected end of JSON input'],
    ['"abc', 'unexpected end of JSON input'],
    ['tru', 'unexpected end of JSON input'],
    ['-', 'unexpected end of JSON input'],
    ['1.', 'unexpected end of JSON input'],
    ['1e', 'unexpected end of JSON input'],
    ['"\\', 'unexpected end of JSON input'],
    ['"\\u12', 'unexpected end of JSON input'],
    ['<html>', "invalid character '<' looking for beginning of value"],
    ['[1,]', "invalid character ']' looking for beginning of value"],
    ['{"a":}', "invalid character '}' looking for beginning of value"],
    ['+1', "invalid character '+' looking for beginning of value"],
    ['{a}', "invalid character 'a' looking for beginning of object key string"],
    ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
    ['{"a":1]', "invalid character ']' after object key:value pair"],
    ['[1 2]', "invalid character '2' after array element"],
    ['1 2', "invalid character '2' after top-level value"],
    ['{}}', "invalid character '}' after top-level value"],
    ['01', "invalid character '1' after top-level value"],
    ['"a\nb"', "invalid character '\\n' in string literal"],
    ['"\x01"', "invalid character '\\x01' in string literal"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
    ['nul1', "invalid character '1' in literal null (expecting 'l')"],
    ['falze', "invalid character 'z' in literal false (expecting 's')"],
    ['-x', "invalid character 'x' in numeric literal"],
    ['1.x', "invalid character 'x' after decimal point in numeric literal"],
    ['1ex', "invalid character 'x' in exponent of numeric literal"],
    ['é', "invalid character 'Ã' looking for beginning of value"],
  ])('says of %j what is wrong', (text, message) => {
    expect(() => decodeJson(text)).toThrow(new JsonError(message));
  });

  it('describes every text that JSON.parse refuses', () => {
    const fragments = fc.array(
      fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '1', '-', '.5', 'e1', 'true', 'nul', ' ', '\\', '"', '\n'),
    );
    fc.assert(
      fc.property(fragments, (parts) => {
        const text = parts.join('');
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        if (valid) expect(() => decodeJson(text, { duplicates: true })).not.toThrow();
        else expect(() => decodeJson(text)).toThrow(/^(unexpected end of JSON input|invalid character '.*' .+)$/);
      }),
      { numRuns: 1000 },
    );
  });

  it('refuses numbers that no double holds', () => {
    for (const text of ['1E400', '{"a":-1e999}', '[1.5e+400,2]']) {
      expect(() => decodeJson(text)).toThrow(/^json: cannot unmarshal number \S+ into Go value of type float64$/);
    }
    expect(() => decodeJson(`[-${'9'.repeat(10_000)}]`)).toThrow('of type float64');
    expect(decodeJson(`[${'9'.repeat(10_000)}]`).value).toEqual([10n ** 10_000n - 1n]);
    expect(decodeJson('{"a":1e300,"b":"1e400, "}').value).toEqual({ a: 1e300, b: '1e400, ' });
  });

  it('refuses what nests too deep, and nothing less deep', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(encodeJson(decodeJson(nested(10_000)).value)).toBe(nested(10_000));
    expect(() => decodeJson(nested(10_001))).toThrow(new JsonError("invalid character '[' exceeded max depth"));
    expect(() => decodeJson('{"a":'.repeat(10_001))).toThrow(new JsonError("invalid character '{' exceeded max depth"));
    expect(decodeJson(JSON.stringify('['.repeat(30_000))).value).toBe('['.repeat(30_000));
    expect(decodeJson(JSON.stringify('\\"['.repeat(30_000))).value).toBe('\\"['.repeat(30_000));
  });
});

describe('halves of characters', () => {
  it.each([
    ['\\ud800', '\ufffd'],
    ['a\\uDC00b', 'a\ufffdb'],
    ['\\ud800\\ud800', '\ufffd\ufffd'],
    ['\\udc00\\ud800', '\ufffd\ufffd'],
    ['\\ud800\\ud83d\\ude00', '\ufffd\u{1f600}'],
    ['\\ud83d\\ude00\\ude00', '\u{1f600}\ufffd'],
    ['\\ud800\\n', '\ufffd\n'],
    ['\\\\ud800', '\\ud800'],
    ['\\\\\\ud800', '\\\ufffd'],
  ])('stand for no character: %s', (escaped, text) => {
    expect(decodeJson(`{"${escaped}":["${escaped}"]}`).value).toEqual({ [text]: [text] });
  });

  it('make names the same', () => {
    const { value, duplicates } = decodeJson('{"\\ud800":1,"\\udc00":2}', { duplicates: true });
    expect([value, duplicates]).toEqual([{ '\ufffd': 2 }, ['\ufffd']]);
  });

  it('leave the places of mistakes where they are', () => {
    expect(() => decodeJson('{"\\ud800":x}')).toThrow("invalid character 'x' looking for beginning of value");
  });
});

describe('bytes that are no UTF-8', () => {
  it.each([
    [[0xff], 1],
    [[0xc3], 1],
    [[0xe2, 0x82], 2],
    [[0xf0, 0x9f, 0x98], 3],
    [[0xe2, 0x28], 1],
    [[0xed, 0xa0, 0x80], 3],
    [[0xc0, 0x80], 2],
    [[0xf4, 0x90, 0x80, 0x80], 4],
    [[0xf5, 0x80], 2],
    [[0xe0, 0x9f, 0x80], 3],
    [[0xf0, 0x80, 0x80, 0x80], 4],
  ])('%j is %d unknown characters', (bytes, count) => {
    const rest = bytes.includes(0x28) ? '(' : '';
    const body = Buffer.concat([Buffer.from('"\u{1f600}é'), Buffer.from(bytes), Buffer.from('€"')]);
    expect(decodeJson(body).value).toBe(`\u{1f600}é${'\ufffd'.repeat(count)}${rest}€`);
  });
});

describe('encodeJson', () => {
  it('is the inverse of decodeJson', () => {
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constant(null),
        fc.boolean(),
        fc.integer(),
        fc.double({ noNaN: true, noDefaultInfinity: true }).map((each) => each + 0),
        fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
        fc.string({ unit: 'binary' }).map((each) => each.toWellFormed()),
        fc.array(tie('value')),
        fc.dictionary(fc.oneof(fc.string(), fc.constant('__proto__')), tie('value')),
      ),
    })).value;
    fc.assert(
      fc.property(json, (value) => {
        const text = encodeJson(value);
        const decoded = decodeJson(text, { duplicates: true });
        expect(decoded.duplicates).toEqual([]);
        // Doubles beyond 2^53 are written as integers: their text is what must stay.
        expect(encodeJson(decoded.value)).toBe(text);
        expect(deepEqual(decodeJson(encodeJsonPretty(value)).value, decoded.value)).toBe(true);
      }),
    );
  });

  it('refuses what is no JSON', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    expect(() => encodeJson(circle)).toThrow(TypeError);
  });

  it('leaves undefined fields out', () => {
    expect(encodeJson({ a: undefined, b: 10n })).toBe('{"b":10}');
    expect(encodeJsonPretty({ b: [10n] })).toBe('{\n    "b": [\n        10\n    ]\n}');
  });
});
