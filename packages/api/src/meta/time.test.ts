import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  formatDuration,
  formatMicroTime,
  formatTime,
  humanDuration,
  microNow,
  now,
  parseDuration,
  parseTime,
  shortHumanDuration,
} from './time.ts';

describe('times', () => {
  it.each([
    ['1970-01-01T00:00:00Z', 0],
    ['2026-01-31T08:09:10Z', Date.UTC(2026, 0, 31, 8, 9, 10)],
    ['2026-01-31T08:09:10.5Z', Date.UTC(2026, 0, 31, 8, 9, 10, 500)],
    ['2026-01-31T08:09:10.123456Z', Date.UTC(2026, 0, 31, 8, 9, 10) + 123.456],
    ['2026-01-31T08:09:10+02:30', Date.UTC(2026, 0, 31, 5, 39, 10)],
    ['2026-01-31T08:09:10-01:00', Date.UTC(2026, 0, 31, 9, 9, 10)],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
    ['0001-01-01T00:00:00Z', -62135596800000],
  ])('%s is %d', (text, ms) => {
    expect(parseTime(text)).toBeCloseTo(ms, 6);
  });

  it.each([
    ['', 'parsing time "" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "2006"'],
    ['yesterday', 'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"'],
    ['2026-01-31', 'parsing time "2026-01-31" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"'],
    [
      '2026-01-31 08:09:10Z',
      'parsing time "2026-01-31 08:09:10Z" as "2006-01-02T15:04:05Z07:00": cannot parse " 08:09:10Z" as "T"',
    ],
    [
      '2026-01-31T08:09:10',
      'parsing time "2026-01-31T08:09:10" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00"',
    ],
    ['2026-01-31T08:09:10Zx', 'parsing time "2026-01-31T08:09:10Zx": extra text: "x"'],
    ['2026-13-31T08:09:10Z', 'parsing time "2026-13-31T08:09:10Z": month out of range'],
    ['2026-02-29T08:09:10Z', 'parsing time "2026-02-29T08:09:10Z": day out of range'],
    ['2026-04-31T08:09:10Z', 'parsing time "2026-04-31T08:09:10Z": day out of range'],
    ['2026-01-31T24:09:10Z', 'parsing time "2026-01-31T24:09:10Z": hour out of range'],
    ['2026-01-31T08:60:10Z', 'parsing time "2026-01-31T08:60:10Z": minute out of range'],
    ['2026-01-31T08:09:60Z', 'parsing time "2026-01-31T08:09:60Z": second out of range'],
  ])('refuses %j', (text, message) => {
    expect(() => parseTime(text)).toThrow(new Error(message));
  });

  it('prints what it reads', () => {
    const time = fc.integer({ min: -62135596800000, max: 253402300799999 });
    fc.assert(
      fc.property(time, (ms) => {
        expect(parseTime(formatTime(ms))).toBe(Math.floor(ms / 1000) * 1000);
        expect(parseTime(formatMicroTime(ms))).toBe(ms);
      }),
    );
  });

  it('prints microseconds', () => {
    expect(formatMicroTime(1.5)).toBe('1970-01-01T00:00:00.001500Z');
    expect(formatTime(999)).toBe('1970-01-01T00:00:00Z');
  });

  it('knows what time it is', () => {
    const before = Date.now();
    const seconds = parseTime(now());
    const micros = parseTime(microNow());
    expect(now()).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(microNow()).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(seconds).toBeGreaterThan(before - 2000);
    // The wall clock may be set while the process runs; the monotonic one follows it only in part.
    expect(Math.abs(micros - before)).toBeLessThan(60_000);
  });
});

describe('durations', () => {
  it.each([
    ['0', 0, '0s'],
    ['1s', 1000, '1s'],
    ['1.5s', 1500, '1.5s'],
    ['90s', 90_000, '1m30s'],
    ['1h', 3_600_000, '1h0m0s'],
    ['1h30m', 5_400_000, '1h30m0s'],
    ['-1h', -3_600_000, '-1h0m0s'],
    ['+5m', 300_000, '5m0s'],
    ['100ms', 100, '100ms'],
    ['1.5ms', 1.5, '1.5ms'],
    ['10us', 0.01, '10µs'],
    ['10µs', 0.01, '10µs'],
    ['3ns', 0.000003, '3ns'],
    ['.5m', 30_000, '30s'],
    ['1.h', 3_600_000, '1h0m0s'],
    ['100h0.001s', 360_000_001, '100h0m0.001s'],
  ])('%s', (text, ms, printed) => {
    expect(parseDuration(text)).toBeCloseTo(ms, 9);
    expect(formatDuration(ms)).toBe(printed);
  });

  it.each([
    ['', 'time: invalid duration ""'],
    ['-', 'time: invalid duration "-"'],
    ['s', 'time: invalid duration "s"'],
    ['.s', 'time: invalid duration ".s"'],
    ['5', 'time: missing unit in duration "5"'],
    ['5d', 'time: unknown unit "d" in duration "5d"'],
    ['1h 5m', 'time: unknown unit "h " in duration "1h 5m"'],
    ['9999999h', 'time: invalid duration "9999999h"'],
  ])('refuses %j', (text, message) => {
    expect(() => parseDuration(text)).toThrow(new Error(message));
  });

  it('prints what it reads', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000_000_000, max: 1_000_000_000_000 }), (micros) => {
        expect(parseDuration(formatDuration(micros / 1000))).toBeCloseTo(micros / 1000, 4);
      }),
    );
  });
});

describe('ages', () => {
  const s = 1000;
  const m = 60 * s;
  const h = 60 * m;
  const d = 24 * h;
  it.each([
    [-5 * s, '<invalid>', '<invalid>'],
    [-1.5 * s, '0s', '0s'],
    [-0.5 * s, '0s', '0s'],
    [0, '0s', '0s'],
    [59 * s, '59s', '59s'],
    [60 * s, '60s', '1m'],
    [119 * s, '119s', '1m'],
    [2 * m, '2m', '2m'],
    [3 * m + 20 * s, '3m20s', '3m'],
    [9 * m + 59 * s, '9m59s', '9m'],
    [10 * m + 5 * s, '10m', '10m'],
    [179 * m, '179m', '2h'],
    [3 * h, '3h', '3h'],
    [7 * h + 59 * m, '7h59m', '7h'],
    [8 * h + 5 * m, '8h', '8h'],
    [47 * h, '47h', '1d'],
    [48 * h, '2d', '2d'],
    [2 * d + 3 * h, '2d3h', '2d'],
    [8 * d + 3 * h, '8d', '8d'],
    [729 * d, '729d', '1y'],
    [730 * d, '2y', '2y'],
    [2 * 365 * d + 10 * d, '2y10d', '2y'],
    [9 * 365 * d + 10 * d, '9y', '9y'],
  ])('%d ms', (ms, human, short) => {
    expect([humanDuration(ms), shortHumanDuration(ms)]).toEqual([human, short]);
  });
});
