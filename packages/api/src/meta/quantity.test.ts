import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Quantity } from './quantity.ts';
import { addResources, formatResources, maxResources, parseResources, sumResources } from './resources.ts';

const format = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

describe('Quantity.parse', () => {
  it.each([
    ['0', '0', 0n],
    ['0Gi', '0', 0n],
    ['-0', '0', 0n],
    ['00.000m', '0', 0n],
    ['1', '1', 1n],
    ['+1', '1', 1n],
    ['100m', '100m', 1n],
    ['0.1', '100m', 1n],
    ['1000m', '1', 1n],
    ['1500m', '1500m', 2n],
    ['-1500m', '-1500m', -2n],
    ['.5', '500m', 1n],
    ['5.', '5', 5n],
    ['1.5', '1500m', 2n],
    ['0.0000001', '100n', 1n],
    ['0.00000000001', '1n', 1n],
    ['-0.00000000001', '-1n', -1n],
    ['1.0000000001', '1000000001n', 2n],
    ['12u', '12u', 1n],
    ['1k', '1k', 1000n],
    ['1500k', '1500k', 1500000n],
    ['1000k', '1M', 1000000n],
    ['1E', '1E', 10n ** 18n],
    ['1000E', '1000E', 10n ** 21n],
    ['1Ki', '1Ki', 1024n],
    ['1024Ki', '1Mi', 1048576n],
    ['1.5Gi', '1536Mi', 1610612736n],
    ['0.5Ki', '512', 512n],
    ['0.1Ki', '102400m', 103n],
    ['1000Ki', '1000Ki', 1024000n],
    ['0.0001Ki', '102400u', 1n],
    ['16Ei', '9223372036854775807', 2n ** 63n - 1n],
    ['-16Ei', '-9223372036854775807', -(2n ** 63n - 1n)],
    ['8191Pi', '8191Pi', 8191n * 2n ** 50n],
    ['1e3', '1e3', 1000n],
    ['1E3', '1e3', 1000n],
    ['12e4', '120e3', 120000n],
    ['1e-3', '1e-3', 1n],
    ['1.5e1', '15', 15n],
    ['1e21', '1e21', 10n ** 21n],
    ['9999999999999999999', '9999999999999999999', 9999999999999999999n],
    [' 1 ', '1', 1n],
    // No digits are none of it.
    ['.', '0', 0n],
    ['-0.', '0', 0n],
    ['m', '0', 0n],
    ['1.', '1', 1n],
    [0.5, '500m', 1n],
    [2, '2', 2n],
    [12345678901234567890n, '12345678901234567890', 12345678901234567890n],
  ])('%s is %s', (text, printed, value) => {
    const quantity = Quantity.parse(text);
    expect([quantity.toString(), quantity.value()]).toEqual([printed, value]);
  });

  it.each([
    ['', format],
    ['a', format],
    ['1 1', format],
    ['1.1.1', format],
    ['1+1', "unable to parse quantity's suffix"],
    ['1i', "unable to parse quantity's suffix"],
    ['1mi', "unable to parse quantity's suffix"],
    ['1mm', "unable to parse quantity's suffix"],
    ['1e', "unable to parse quantity's suffix"],
    ['1K', "unable to parse quantity's suffix"],
    ['1ki', "unable to parse quantity's suffix"],
    ['1e1000000', "unable to parse quantity's suffix"],
    ['0x10', format],
    ['--1', "unable to parse quantity's suffix"],
    ['1GiB', format],
    ['１', format],
  ])('refuses %j', (text, message) => {
    expect(() => Quantity.parse(text)).toThrow(new Error(message));
  });
});

const texts = fc
  .tuple(
    fc.constantFrom('', '-', '+'),
    fc.bigInt({ min: 0n, max: 10n ** 15n }),
    fc.constantFrom('', '.', '.5', '.25', '.001', '.000000001'),
    fc.constantFrom('', 'n', 'u', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e3', 'E2', 'e-3'),
  )
  .map((parts) => parts.join(''));
const quantities = texts.map((text) => Quantity.parse(text));

/** The exact value, in billionths. */
const nanos = (quantity: Quantity): bigint => {
  const match = /^(-?)(\d+)(.*)$/.exec(quantity.toString())!;
  const exponents: Record<string, number> = { n: 0, u: 3, m: 6, '': 9, k: 12, M: 15, G: 18, T: 21, P: 24, E: 27 };
  const binary: Record<string, bigint> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n };
  const suffix = match[3]!;
  const scale =
    suffix in binary
      ? 10n ** 9n * 2n ** binary[suffix]!
      : suffix.startsWith('e')
        ? 10n ** BigInt(9 + Number(suffix.slice(1)))
        : 10n ** BigInt(exponents[suffix]!);
  return BigInt(`${match[1]}${match[2]}`) * scale;
};

describe('laws of quantities', () => {
  it('printing and reading again changes nothing', () => {
    fc.assert(
      fc.property(quantities, (quantity) => {
        const again = Quantity.parse(quantity.toString());
        expect(again.equals(quantity)).toBe(true);
        // A binary one that is printed without a suffix is read as a decimal one, here as upstream.
        if (again.format === quantity.format) expect(again.toString()).toBe(quantity.toString());
      }),
      { examples: [[Quantity.parse('640257372045781.25Ki')]] },
    );
  });

  it('the printed form has no fraction and no shorter one', () => {
    fc.assert(
      fc.property(quantities, (quantity) => {
        const text = quantity.toString();
        expect(text).toMatch(/^(0|-?[1-9]\d*(n|u|m|k|M|G|T|P|E|[KMGTPE]i|e-?\d+)?)$/);
        // A binary one that is no multiple of 1024 has no suffix to be shorter by.
        if (quantity.format !== 'BinarySI' && !/E$/.test(text)) expect(text).not.toMatch(/^-?\d+000[num kMGTP]?$/);
      }),
      { examples: [[Quantity.parse('31.25Ki')]] },
    );
  });

  it('adds and subtracts exactly', () => {
    fc.assert(
      fc.property(quantities, quantities, (a, b) => {
        expect(nanos(a.add(b))).toBe(nanos(a) + nanos(b));
        expect(nanos(a.sub(b))).toBe(nanos(a) - nanos(b));
        expect(a.add(b).equals(b.add(a))).toBe(true);
        expect(a.add(b).sub(b).equals(a)).toBe(true);
        expect(a.sub(a).isZero()).toBe(true);
        expect(a.neg().neg().toString()).toBe(a.toString());
      }),
    );
  });

  it('orders as the numbers do', () => {
    fc.assert(
      fc.property(quantities, quantities, (a, b) => {
        const difference = nanos(a) - nanos(b);
        expect(a.cmp(b)).toBe(difference > 0n ? 1 : difference < 0n ? -1 : 0);
        expect(a.sign()).toBe(nanos(a) > 0n ? 1 : nanos(a) < 0n ? -1 : 0);
      }),
    );
  });

  it('rounds away from zero', () => {
    fc.assert(
      fc.property(quantities, (quantity) => {
        const away = (unit: bigint): bigint => {
          const value = nanos(quantity);
          const rest = value % unit;
          return value / unit + (rest === 0n ? 0n : value > 0n ? 1n : -1n);
        };
        expect(quantity.value()).toBe(away(10n ** 9n));
        expect(quantity.milliValue()).toBe(away(10n ** 6n));
        expect(quantity.roundUpToMilli().milliValue()).toBe(quantity.milliValue());
        expect(quantity.valueNumber()).toBe(Number(quantity.value()));
        expect(quantity.milliNumber()).toBe(Number(quantity.milliValue()));
      }),
    );
  });

  it('multiplies by adding', () => {
    fc.assert(
      fc.property(quantities, fc.integer({ min: 0, max: 20 }), (quantity, factor) => {
        let sum = Quantity.zero;
        for (let i = 0; i < factor; i++) sum = sum.add(quantity);
        expect(quantity.times(factor).equals(sum)).toBe(true);
        expect(quantity.times(BigInt(factor)).equals(sum)).toBe(true);
      }),
    );
  });
});

describe('Quantity', () => {
  it('keeps the notation of the first summand, unless that is zero', () => {
    expect(Quantity.parse('1Gi').add(Quantity.parse('1G')).format).toBe('BinarySI');
    expect(Quantity.zero.add(Quantity.parse('1Gi')).toString()).toBe('1Gi');
    expect(Quantity.parse('512Mi').add(Quantity.parse('512Mi')).toString()).toBe('1Gi');
    expect(Quantity.parse('500m').add(Quantity.parse('500m')).toString()).toBe('1');
  });

  it('is made of numbers', () => {
    expect(Quantity.fromNumber(2048, 'BinarySI').toString()).toBe('2Ki');
    expect(Quantity.fromNumber(10n ** 20n).toString()).toBe('100E');
    expect(Quantity.fromMilli(1500).toString()).toBe('1500m');
    expect(Quantity.fromMilli(2000).toString()).toBe('2');
    expect(Quantity.fromMilli(3n).toString()).toBe('3m');
    expect(() => Quantity.fromNumber(0.5)).toThrow('unable to parse numeric part of quantity');
    expect(() => Quantity.fromMilli(Number.NaN)).toThrow('unable to parse numeric part of quantity');
    expect(JSON.stringify({ cpu: Quantity.parse('0.5') })).toBe('{"cpu":"500m"}');
    expect(Quantity.parse('250m').toNumber()).toBe(0.25);
    expect(Quantity.parse('1Ki').toNumber()).toBe(1024);
  });

  it('stays right when more different texts are read than are remembered', () => {
    for (let i = 0; i < 10_000; i++) expect(Quantity.parse(`${i}m`).milliNumber()).toBe(i);
  });
});

describe('lists of resources', () => {
  it('add up, name by name', () => {
    const sum = sumResources({ cpu: '100m', memory: '1Gi' }, undefined, { cpu: 1, pods: '2' });
    expect(formatResources(sum)).toEqual({ cpu: '1100m', memory: '1Gi', pods: '2' });
    expect(formatResources(addResources(sum, parseResources({ cpu: '900m' })))).toMatchObject({ cpu: '2' });
  });

  it('take the larger of each', () => {
    const most = maxResources(
      parseResources({ cpu: '1', memory: '1Gi' }),
      parseResources({ cpu: '500m', memory: '2Gi', x: '1' }),
    );
    expect(formatResources(most)).toEqual({ cpu: '1', memory: '2Gi', x: '1' });
  });
});
