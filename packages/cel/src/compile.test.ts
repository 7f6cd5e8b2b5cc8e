import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compile, type Environment } from './compile.ts';
import { dynamic } from './schema/declared-type.ts';
import { toJson, toValue } from './schema/json-value.ts';
import { declareStructural } from './schema/structural.ts';
import { CompileError } from './syntax/issue.ts';
import { UInt } from './values.ts';

const self = declareStructural({
  type: 'object',
  properties: {
    name: { type: 'string', maxLength: 10 },
    replicas: { type: 'integer' },
    ratio: { type: 'number' },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    ports: { type: 'array', maxItems: 4, items: { type: 'object', properties: { number: { type: 'integer' } } } },
    'dash-ed': { type: 'boolean' },
    when: { type: 'string', format: 'date-time' },
    size: { 'x-kubernetes-int-or-string': true },
  },
})!;
const environment: Environment = { variables: { self, any: dynamic } };
const data = {
  name: 'web',
  replicas: 9007199254740993n,
  ratio: 1,
  labels: { a: '1', b: '2' },
  ports: [{ number: 80 }, { number: 443 }],
  'dash-ed': true,
  when: '2026-01-02T03:04:05.5Z',
  size: 3,
};

function run(source: string, limit?: number): unknown {
  const outcome = compile(source, environment).evaluate(
    (name) => (name === 'self' ? toValue(data, self) : name === 'any' ? toValue(data) : undefined),
    limit,
  );
  if ('error' in outcome) return `error: ${outcome.error.message}`;
  return outcome.value instanceof UInt ? `${outcome.value.value}u` : toJson(outcome.value);
}

function fault(source: string): string {
  try {
    compile(source, environment);
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('values', () => {
  it.each<[string, unknown]>([
    ['1 + 2 * 3 - 4 / 2 % 3', 5],
    ['-9223372036854775808', -9223372036854775808n],
    ['9223372036854775807 + 1', 'error: integer overflow'],
    ['0u - 1u', 'error: unsigned integer overflow'],
    ['1 / 0', 'error: division by zero'],
    ['18446744073709551615u', '18446744073709551615u'],
    ['0x1F', 31],
    ['1.5e3 + .5', 1500.5],
    ['"a" + \'b\' + """c"d""" + r"\\n"', 'abc"d\\n'],
    ["'\\u00e9\\x41\\101\\n'", 'éAA\n'],
    ["b'\\xff\\101' == b'\\377A'", true],
    ["size('😀é')", 2],
    [`size(b'${'€'.repeat(60_000)}')`, 180_000],
    ['dyn(1) == 1.0 && dyn(1u) == 1', true],
    ['1 < 1.5 && 2u > 1', true],
    ['[1, 2, 3].map(x, x * 2)', [2, 4, 6]],
    ['[1, 2, 3].map(x, x > 1, x * 2)', [4, 6]],
    ['[1, 2, 3].filter(x, x > 1)', [2, 3]],
    ['[1, 2, 3].all(x, x > 0) && [1, 2].exists(x, x == 2) && [1, 2].exists_one(x, x == 2)', true],
    ['[0, 1].all(x, 1 / x > 0)', 'error: division by zero'],
    ['[0, 1].exists(x, 1 / x > 0)', true],
    ['[0, -1].all(x, 1 / x > 0)', false],
    ['false && 1 / 0 == 1', false],
    ['1 / 0 == 1 || true', true],
    ["{'a': 1, 'b': 2}.all(k, k != 'c')", true],
    ["{'a': 1}.transformMap(k, v, v + 1)", { a: 2 }],
    ["{'a': 1}.transformList(k, v, k)", ['a']],
    ["{'a': 'b'}.transformMapEntry(k, v, {v: k})", { b: 'a' }],
    ['[5, 6].exists(i, v, i == 1 && v == 6)', true],
    ["{'a': 1}.b", 'error: no such key: b'],
    ['[1][1]', 'error: index out of bounds: 1'],
    ["{'a': 1}.?b.orValue(3)", 3],
    ["{'a': {'b': 2}}.?a.?b.orValue(3)", 2],
    ['[?optional.of(1), ?optional.none(), 3]', [1, 3]],
    ["{?'a': optional.none(), 'b': 1}", { b: 1 }],
    ['optional.of(2).optMap(x, x + 1).value()', 3],
    ['[1, 2][?5].hasValue()', false],
    ['true ? 1 : 2', 1],
    ['type(1) == int && type("") == string && type([]) == list', true],
    [
      "string(1.0) + string(1e7) + string(true) + string(timestamp('2026-01-02T03:04:05Z'))",
      '11e+07true2026-01-02T03:04:05Z',
    ],
    ["duration('1h30m') == duration('90m') && string(duration('90s')) == '90s'", true],
    ["timestamp('2026-01-01T00:00:00Z') + duration('24h') == timestamp('2026-01-02T00:00:00Z')", true],
    ["timestamp('2026-03-01T12:00:00Z').getDayOfYear()", 59],
    ["timestamp('2026-07-01T12:00:00Z').getHours('Europe/Berlin')", 14],
    ["timestamp('2026-07-01T12:00:00Z').getHours('-02:30')", 9],
    ["'abc'.matches('^a.*c$') && !'abc'.matches('^b')", true],
    ["int('12') + int(3.9) + int(4u)", 19],
    ["double('1e3') + double(2)", 1002],
    ['int(self.name)', "error: type conversion error from 'string' to 'int'"],
    ["{'a': 1, 'a': 2}.a", 2],
    ["dyn([1])['x']", "error: unsupported index type 'string' in list"],
    ['any.name.first', 'error: no such key: first'],
    ["'abc'.indexOf('c', 9)", -1],
    ["'%s %s'.format([['a', 1.5], {'k': b'v'}])", '["a", 1.500000] {"k":b"v"}'],
    ["'%s is %d'.format([self.name, 5])", 'web is 5'],
    ['self.replicas == 9007199254740993', true],
    ['self.ratio == 1.0 && self.dash__dash__ed', true],
    ['self.when.getMilliseconds()', 500],
    ['self.labels.a + self.labels["b"]', '12'],
    ['has(self.name) && !has(self.labels.c)', true],
    ['self.ports.map(p, p.number).sum()', 523],
    ['self.ports.map(p, p.number).max() - self.ports.map(p, p.number).min()', 363],
    ['any.ports[0].number + 1', 81],
    ['any.nothing', 'error: no such key: nothing'],
    ['any.name + 1', 'error: no such overload'],
    ['self.size == 3 && type(self.size) == int', true],
    ["'a,b,c'.split(',').join('-') + 'abc'.substring(1) + ' x '.trim() + 'A'.lowerAscii()", 'a-b-cbcxa'],
    ["'aXbX'.replace('X', 'y') + 'ab'.replace('', '-') + 'aaa'.replace('a', 'b', 2)", 'ayby-a-b-bba'],
    ["'%s is %d of %.2f, %x'.format([dyn('it'), 3, 1.5, 255])", 'it is 3 of 1.50, ff'],
    ["'tacocat'.indexOf('ac') + 'tacocat'.lastIndexOf('at')", 6],
    ["'123 456'.find('[0-9]+') + string('1 2 3'.findAll('[0-9]', 2).size())", '1232'],
    ['sets.contains([1, 2, 3], [2]) && sets.equivalent([1, 1], [1]) && !sets.intersects([1], [2])', true],
    ['[1, 2, 2].indexOf(2) + [1, 2, 2].lastIndexOf(2)', 3],
    ["['b', 'a'].isSorted()", false],
    ["'a' in {'a': 1} && 2 in [1, 2] && !('z' in self.labels)", true],
  ])('%s', (source, expected) => {
    expect(run(source)).toEqual(expected);
  });
});

describe('faults', () => {
  it.each<[string, string]>([
    ['x', "ERROR: <input>:1:1: undeclared reference to 'x' (in container '')\n | x\n | ^"],
    ['1 +\n  self.foo', "ERROR: <input>:2:7: undefined field 'foo'\n |   self.foo\n | ......^"],
    [
      "1 + ''",
      "ERROR: <input>:1:3: found no matching overload for '_+_' applied to '(int, string)'\n | 1 + ''\n | ..^",
    ],
    [
      "'a'.startsWith(1)",
      "ERROR: <input>:1:15: found no matching overload for 'startsWith' applied to 'string.(int)'\n | 'a'.startsWith(1)\n | ..............^",
    ],
    [
      '1 == 1.0',
      "ERROR: <input>:1:3: found no matching overload for '_==_' applied to '(int, double)'\n | 1 == 1.0\n | ..^",
    ],
    [
      "'%s %d'.format([self.name])",
      "ERROR: <input>:1:15: index 1 out of range\n | '%s %d'.format([self.name])\n | ..............^",
    ],
    [
      "'%d'.format(['a'])",
      "ERROR: <input>:1:14: error during formatting: decimal clause can only be used on integers, was given string\n | '%d'.format(['a'])\n | .............^",
    ],
    ['has(self.nope)', "ERROR: <input>:1:4: undefined field 'nope'\n | has(self.nope)\n | ...^"],
    ['true && 1', "ERROR: <input>:1:9: expected type 'bool' but found 'int'\n | true && 1\n | ........^"],
    [
      '"日" +\t1',
      "ERROR: <input>:1:5: found no matching overload for '_+_' applied to '(string, int)'\n | \"日\" + 1\n | .．..^",
    ],
    [
      "'a",
      "ERROR: <input>:1:1: Syntax error: token recognition error at: ''a'\n | 'a\n | ^\nERROR: <input>:1:3: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | 'a\n | ..^",
    ],
    [
      '1 = 1',
      "ERROR: <input>:1:3: Syntax error: token recognition error at: '= '\n | 1 = 1\n | ..^\nERROR: <input>:1:5: Syntax error: extraneous input '1' expecting <EOF>\n | 1 = 1\n | ....^",
    ],
    ['(1', "ERROR: <input>:1:3: Syntax error: missing ')' at '<EOF>'\n | (1\n | ..^"],
    ['size(1 2)', "ERROR: <input>:1:8: Syntax error: extraneous input '2' expecting ')'\n | size(1 2)\n | .......^"],
    ['[1', "ERROR: <input>:1:3: Syntax error: mismatched input '<EOF>' expecting {']', ','}\n | [1\n | ..^"],
    ['self.', "ERROR: <input>:1:6: Syntax error: no viable alternative at input '.'\n | self.\n | .....^"],
    [
      "'\\q' == 'x'",
      "ERROR: <input>:1:1: Syntax error: token recognition error at: ''\\q'\n | '\\q' == 'x'\n | ^\nERROR: <input>:1:10: Syntax error: extraneous input 'x' expecting <EOF>\n | '\\q' == 'x'\n | .........^\nERROR: <input>:1:11: Syntax error: token recognition error at: '''\n | '\\q' == 'x'\n | ..........^",
    ],
    ["[1, 'a']", "ERROR: <input>:1:5: expected type 'int' but found 'string'\n | [1, 'a']\n | ....^"],
    [
      'self.name.foo',
      "ERROR: <input>:1:10: type 'string' does not support field selection\n | self.name.foo\n | .........^",
    ],
    [
      'self.name.all(c, true)',
      "ERROR: <input>:1:5: expression of type 'string' cannot be range of a comprehension (must be list, map, or dynamic)\n | self.name.all(c, true)\n | ....^",
    ],
    [
      "self.name.matches('(')",
      "ERROR: <input>:1:19: invalid matches argument\n | self.name.matches('(')\n | ..................^",
    ],
    ["duration('x')", "ERROR: <input>:1:10: invalid duration argument\n | duration('x')\n | .........^"],
    ['has(self)', 'ERROR: <input>:1:5: invalid argument to has() macro\n | has(self)\n | ....^'],
  ])('%s', (source, message) => {
    expect(fault(source)).toBe(message);
  });

  it.each(['', '1 +', '(1', '[1, 2', 'a b', '"abc', '$', '1 ? 2', 'for', '"\\q"', '`a`'])('refuses %j', (source) => {
    expect(fault(source)).toMatch(/^ERROR: <input>:/);
  });

  it.each([
    ["{'a-b/c.d e': 1}.`a-b/c.d e` == 1", true],
    ["has({'a-b': 1}.`a-b`)", true],
    ["{'a-b': 1}.?`x y`.orValue(2) == 2", true],
    ['self.`name` == self.name', true],
  ])('takes a name between backquotes after a dot: %s', (source, expected) => {
    expect(compile(source, environment).evaluate(() => toValue(data, self))).toMatchObject({ value: expected });
  });

  it('refuses what is too deep', () => {
    expect(fault(`${'('.repeat(3000)}1${')'.repeat(3000)}`)).toContain('recursion limit exceeded');
    expect(fault(`any${'.a'.repeat(30_000)}`)).toContain('recursion limit exceeded');
    expect(fault(`1${' + 1'.repeat(20_000)}`)).toContain('recursion limit exceeded');
    expect(fault(`optional.of(1)${'.optMap(x, x)'.repeat(60)}`)).toContain('node limit exceeded');
    expect(fault('x'.repeat(200_000))).toContain('exceeds limit');
  });
});

describe('costs', () => {
  it.each<[string, number, bigint, bigint]>([
    ['1 + 2', 1, 1n, 1n],
    ['self.replicas > 1', 3, 3n, 3n],
    ['self.replicas == 1', 3, 2n, 2n],
    ['self == self', 3, 2n, 2n],
    ['has(self.name)', 1, 1n, 1n],
    ['self.?name.hasValue()', 3, 3n, 3n],
    ['self.name == "web"', 3, 3n, 3n],
    ['self.name.startsWith("w")', 3, 3n, 3n],
    ['[1, 2].all(x, x > 0)', 10 + 2 * (2 + 1 + 2) + 1, 11n + 2n * 3n, 10n + 2n * 5n + 1n],
    ['self.ports.all(p, p.number > 0)', 2 + 2 * (2 + 1 + 3) + 1, 3n, 2n + 4n * 6n + 1n],
    ['self.ports.map(p, p.number)', 2 + 10 + 2 * (1 + 2 + 10 + 1) + 1, 13n, 2n + 10n + 4n * 14n + 1n],
  ])('%s', (source, actual, min, max) => {
    const expression = compile(source, environment);
    const outcome = expression.evaluate(() => toValue(data, self));
    expect(outcome.cost).toBe(actual);
    expect(expression.cost()).toEqual({ min, max });
  });

  it('ends what costs too much', () => {
    const list = `[${Array.from({ length: 100 }, (_, i) => i).join(',')}]`;
    const source = `${list}.all(a, ${list}.all(b, a + b >= 0))`;
    expect(run(source, 10_000)).toBe('error: operation cancelled: actual cost limit exceeded');
    expect(run(`true || ${source}`, 10_000)).toBe(true);
  });
});

describe('any text', () => {
  const words = [
    'self',
    '.name',
    '[',
    ']',
    '(',
    ')',
    '{',
    '}',
    ',',
    ':',
    '?',
    '+',
    '-',
    '!',
    '&&',
    '==',
    ' in ',
    '1',
    '0x',
    '1u',
    '.5',
    '"',
    "'",
    'r"',
    'b"a"',
    '.map(x, ',
    '.all(',
    'has(',
    'dyn(',
    'optional.of(',
    '\\',
    '\n',
    '//',
    '💥',
    'null',
    '?.',
  ];
  const noise = fc.array(fc.constantFrom(...words), { maxLength: 25 }).map((all) => all.join(''));

  it('compiles and evaluates, or is refused', () => {
    fc.assert(
      fc.property(noise, (source) => {
        try {
          compile(source, environment).evaluate(() => toValue(data, self), 10_000);
        } catch (error) {
          expect(error).toBeInstanceOf(CompileError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('costs no less than is estimated at least, and no more than at most', () => {
    const leaf = fc.constantFrom('self.name', '"abc"', 'string(self.replicas)', 'self.labels.a');
    const text = fc.tuple(leaf, leaf, fc.constantFrom('+', '+')).map(([a, b, op]) => `(${a} ${op} ${b})`);
    const test = fc.oneof(
      fc.tuple(text, leaf).map(([a, b]) => `${a}.contains(${b})`),
      fc.tuple(text, leaf).map(([a, b]) => `${a} == ${b}`),
      fc.tuple(text, leaf).map(([a, b]) => `${a}.startsWith(${b})`),
      text.map((a) => `${a}.matches('^a+')`),
      text.map((a) => `self.ports.exists(p, p.number > 100 && ${a} != '')`),
      text.map((a) => `self.ports.map(p, ${a}).size() > 1`),
    );
    fc.assert(
      fc.property(test, test, fc.constantFrom('&&', '||'), (a, b, op) => {
        const expression = compile(`${a} ${op} ${b}`, environment);
        const { min, max } = expression.cost();
        const { cost } = expression.evaluate(() => toValue(data, self));
        expect(BigInt(cost)).toBeGreaterThanOrEqual(min);
        expect(BigInt(cost)).toBeLessThanOrEqual(max);
      }),
    );
  });
});
