import { formatDuration, parseDuration } from '@coracle/api/meta/time';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  boolFlag,
  durationFlag,
  Flags,
  intFlag,
  parseFlags,
  stringFlag,
  stringSliceFlag,
  stringsFlag,
} from './flags.ts';

const definitions = [
  stringFlag('output', '', '', { short: 'o' }),
  stringFlag('dry-run', 'none', '', { implied: 'unchanged' }),
  boolFlag('all', false, '', { short: 'a' }),
  boolFlag('watch', false, '', { short: 'w' }),
  intFlag('tail', -1, ''),
  durationFlag('timeout', 0, ''),
  stringsFlag('env', [], ''),
  stringSliceFlag('labels', [], '', { short: 'L' }),
];

function parse(...words: string[]) {
  const flags = new Flags(definitions);
  return { flags, ...parseFlags(words, flags) };
}

describe('flags', () => {
  it('take their values in every way pflag knows', () => {
    for (const words of [
      ['--output=wide'],
      ['--output', 'wide'],
      ['-owide'],
      ['-o', 'wide'],
      ['-o=wide'],
      ['-awo', 'wide'],
    ]) {
      expect(parse(...words).flags.string('output')).toBe('wide');
    }
    expect(parse('--dry-run').flags.string('dry-run')).toBe('unchanged');
    expect(parse('--all=false').flags.bool('all')).toBe(false);
    expect(parse('-wa').flags.bool('all')).toBe(true);
  });

  it('may stand among the arguments, up to --', () => {
    const { args, dash, flags } = parse('a', '--all', 'b', '--', '--watch', 'c');
    expect({ args, dash, all: flags.bool('all'), watch: flags.bool('watch') }).toEqual({
      args: ['a', 'b', '--watch', 'c'],
      dash: 2,
      all: true,
      watch: false,
    });
  });

  it('gather lists', () => {
    expect(parse('--env=a=b,c', '--env', 'd').flags.strings('env')).toEqual(['a=b,c', 'd']);
    expect(parse('-L', 'a,b', '-L=c', '--labels="x,y",z').flags.strings('labels')).toEqual(['a', 'b', 'c', 'x,y', 'z']);
  });

  it('know whether they were given', () => {
    expect(parse('--tail=-1').flags.changed('tail')).toBe(true);
    expect(parse().flags.changed('tail')).toBe(false);
  });

  it.each([
    [['--nope'], 'unknown flag: --nope'],
    [['-x'], "unknown shorthand flag: 'x' in -x"],
    [['-ax'], "unknown shorthand flag: 'x' in -x"],
    [['--output'], 'flag needs an argument: --output'],
    [['-o'], "flag needs an argument: 'o' in -o"],
    [['--=x'], 'bad flag syntax: --=x'],
    [['--tail=x'], 'invalid argument "x" for "--tail" flag: strconv.ParseInt: parsing "x": invalid syntax'],
    [
      ['--all=maybe'],
      'invalid argument "maybe" for "-a, --all" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
    [['--timeout=5'], 'invalid argument "5" for "--timeout" flag: time: missing unit in duration "5"'],
    [['--timeout=x'], 'invalid argument "x" for "--timeout" flag: time: invalid duration "x"'],
  ])('%j is refused as pflag refuses it', (words, message) => {
    expect(() => parse(...words)).toThrow(message);
  });
});

describe('durations', () => {
  it.each([
    ['1h2m3s', 3_723_000],
    ['1.5s', 1500],
    ['-2m', -120_000],
    ['250ms', 250],
    ['0', 0],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it('read back as they are written', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), (ms) => expect(parseDuration(formatDuration(ms))).toBe(ms)),
    );
  });
});
