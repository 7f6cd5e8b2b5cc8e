import { describe, expect, it } from '@jest/globals';
import {
  boolFlag,
  choiceFlag,
  defineFlags,
  durationFlag,
  intFlag,
  mapFlag,
  stringArrayFlag,
  stringFlag,
  stringSliceFlag,
} from './flags.ts';
import { flagUsages, groupedUsages } from './usage.ts';

const set = defineFlags({
  output: stringFlag({ shorthand: 'o', help: 'Output format.' }),
  'secure-port': intFlag({ shorthand: 'p', default: 10257, help: 'The port.' }),
  stdin: boolFlag({ shorthand: 'i', help: 'Pass stdin.' }),
  tty: boolFlag({ shorthand: 't', help: 'Stdin is a TTY.' }),
  period: durationFlag({ default: 15_000, help: 'How long.' }),
  controllers: stringSliceFlag({ default: ['*'], help: 'Which.' }),
  literal: stringArrayFlag({ help: 'Literals.' }),
  'feature-gates': mapFlag({ help: 'Gates.' }),
  'dry-run': choiceFlag({
    bare: 'unchanged',
    default: 'none',
    choices: ['none', 'server', 'client', 'unchanged'],
    help: 'Dry run.',
  }),
});

describe('parsing in pflag syntax', () => {
  it.each([
    [['--output=wide'], { output: 'wide' }],
    [['--output', 'wide'], { output: 'wide' }],
    [['-o', 'wide'], { output: 'wide' }],
    [['-owide'], { output: 'wide' }],
    [['-o=wide'], { output: 'wide' }],
    [['--output='], { output: '' }],
    [['-it'], { stdin: true, tty: true }],
    [['-itojson'], { stdin: true, tty: true, output: 'json' }],
    [['--stdin=false'], { stdin: false }],
    [['-i=false'], { stdin: false }],
    [['--secure_port=0x10'], { 'secure-port': 16 }],
    [['-p', '-1'], { 'secure-port': -1 }],
    [['--period', '1m30s'], { period: 90_000 }],
    [['--controllers=*,-foo', '--controllers', 'bar'], { controllers: ['*', '-foo', 'bar'] }],
    [['--controllers="a,b",c'], { controllers: ['a,b', 'c'] }],
    [['--literal=a,b', '--literal=c'], { literal: ['a,b', 'c'] }],
    [['--feature-gates=A=true,B=false'], { 'feature-gates': { A: 'true', B: 'false' } }],
    [['--dry-run'], { 'dry-run': 'unchanged' }],
    [['--dry-run=server'], { 'dry-run': 'server' }],
  ])('%j', (argv, expected) => {
    const { values, args } = set.parse(argv);
    expect(values).toMatchObject(expected);
    expect(args).toEqual([]);
  });

  it('leaves defaults where nothing is given, and tells what was given', () => {
    const { values, changed } = set.parse(['-i']);
    expect(values).toMatchObject({ 'secure-port': 10257, controllers: ['*'], period: 15_000, stdin: true, tty: false });
    expect([...changed]).toEqual(['stdin']);
  });

  it('keeps arguments in order and ends at --', () => {
    const parsed = set.parse(['exec', '-i', 'pod', '-', '--', 'ls', '-l', '--', 'x']);
    expect(parsed.args).toEqual(['exec', 'pod', '-', 'ls', '-l', '--', 'x']);
    expect(parsed.dashAt).toBe(3);
    expect(set.parse(['a', '-i', 'b'], { interspersed: false })).toMatchObject({ args: ['a', '-i', 'b'] });
  });

  it.each([
    [['--nope'], 'unknown flag: --nope'],
    [['--constructor'], 'unknown flag: --constructor'],
    [['-ix'], "unknown shorthand flag: 'x' in -ix"],
    [['--output'], 'flag needs an argument: --output'],
    [['-o'], "flag needs an argument: 'o' in -o"],
    [['--=x'], 'bad flag syntax: --=x'],
    [
      ['--secure-port=abc'],
      'invalid argument "abc" for "-p, --secure-port" flag: strconv.ParseInt: parsing "abc": invalid syntax',
    ],
    [
      ['--tty=maybe'],
      'invalid argument "maybe" for "-t, --tty" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
    [['--period=5'], 'invalid argument "5" for "--period" flag: time: missing unit in duration "5"'],
    [['--feature-gates=A'], 'invalid argument "A" for "--feature-gates" flag: malformed pair, expect string=string'],
  ])('%j is refused: %s', (argv, message) => {
    expect(() => set.parse(argv)).toThrow(message);
  });
});

describe('usage', () => {
  it('shows two columns with types and defaults', () => {
    expect(flagUsages(set.flags)).toBe(
      [
        '      --controllers strings             Which. (default [*])',
        '      --dry-run string[="unchanged"]    Dry run. (default "none")',
        '      --feature-gates mapStringString   Gates.',
        '      --literal stringArray             Literals.',
        '  -o, --output string                   Output format.',
        '      --period duration                 How long. (default 15s)',
        '  -p, --secure-port int                 The port. (default 10257)',
        '  -i, --stdin                           Pass stdin.',
        '  -t, --tty                             Stdin is a TTY.',
        '',
      ].join('\n'),
    );
  });

  it('groups by heading', () => {
    const text = groupedUsages({ a: boolFlag({ help: 'A.', group: 'secure serving' }), b: boolFlag({ help: 'B.' }) });
    expect(text).toBe('\nSecure serving flags:\n\n      --a   A.\n\nGlobal flags:\n\n      --b   B.\n');
  });
});
