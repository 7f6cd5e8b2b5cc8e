import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deepEqual } from '../meta/object.ts';
import { formatYaml, parseFirstYamlDocument, parseYamlDocuments, YamlError } from './yaml.ts';

const parse = (text: string): unknown => parseYamlDocuments(text)[0]?.value;

describe('parseYamlDocuments', () => {
  it.each([
    ['yes', true],
    ['y', true],
    ['On', true],
    ['NO', false],
    ['off', false],
    ['True', true],
    ['tRue', 'tRue'],
    ['~', null],
    ['', null],
    ['Null', null],
    ['0777', 511],
    ['0o17', 15],
    ['0x1F', 31],
    ['0b101', 5],
    ['-0x10', -16],
    ['08', 8],
    ['1_000', 1000],
    ['+12', 12],
    ['1e3', 1000],
    ['.5', 0.5],
    ['1.', 1],
    ['1.5e400', '1.5e400'],
    ['12345678901234567890123', 1.2345678901234568e22],
    ['1234567890123456789', 1234567890123456789n],
    ['-9223372036854775808', -9223372036854775808n],
    ['18446744073709551615', 18446744073709551615n],
    ['1:30', '1:30'],
    ['190:20:30', '190:20:30'],
    ['2001-01-01', '2001-01-01'],
    ['2001-01-01T00:00:00Z', '2001-01-01T00:00:00Z'],
    ['1.2.3', '1.2.3'],
    ['"yes"', 'yes'],
    ["'1'", '1'],
    ['!!str 1', '1'],
    ['!!int "1"', 1],
    ['!!binary YWJj', 'abc'],
    ['0.5Gi', '0.5Gi'],
    ['1e', '1e'],
    ['-', [null]],
  ])('reads %s as upstream does', (text, value) => {
    expect(parse(`a: ${text === '-' ? '\n  -' : text}\n`)).toEqual({ a: value });
  });

  it('turns keys into strings', () => {
    expect(parse('1: a\ntrue: b\n1.5: c\ny: d\n')).toEqual({ '1': 'a', true: 'd', '1.5': 'c' });
  });

  it('keeps __proto__ as a key', () => {
    expect(JSON.stringify(parse('data:\n  __proto__: x\n'))).toBe('{"data":{"__proto__":"x"}}');
  });

  it('separates documents and says on which line each starts', () => {
    const text = '# head\n---\na: 1\n---\n# comment\n\nb: 2\n...\n---\n---\nc: 3\n';
    expect(parseYamlDocuments(text).map(({ value, line }) => [value, line])).toEqual([
      [{ a: 1 }, 3],
      [{ b: 2 }, 7],
      [null, 7],
      [{ c: 3 }, 11],
    ]);
    expect(parseYamlDocuments('')).toEqual([]);
    expect(parse('\uFEFFa: 1')).toEqual({ a: 1 });
  });

  it('keeps the last of duplicate keys and reports the others', () => {
    const text =
      'spec:\n  a: 1\n  list:\n  - x: 1\n  - x: 1\n    x: 2\n  a: 2\nbase: &b {k: 1}\nuse:\n  <<: *b\n  k: 2\n';
    const [document] = parseYamlDocuments(text);
    expect(document?.value).toMatchObject({ spec: { a: 2, list: [{ x: 1 }, { x: 2 }] }, use: { k: 2 } });
    expect(document?.duplicates).toEqual([
      { key: 'x', path: 'spec.list[1].x', line: 6 },
      { key: 'a', path: 'spec.a', line: 7 },
    ]);
  });

  it('resolves aliases to values of their own', () => {
    const value = parse('a: &x {list: [1]}\nb: *x\n') as { a: { list: number[] }; b: { list: number[] } };
    value.a.list.push(2);
    expect(value.b).toEqual({ list: [1] });
  });

  it.each([
    ['a: b\n c: d\n', 2, 3],
    ['a: 1\nb: [1,\n', 3, 1],
    ['a: "x\n', 2, 1],
    ['a: *x\n', 1, 4],
    ['- a\nb: c\n', 2, 1],
    ['a: {b: }}\n', 1, 9],
    ['a: !thing b\n', 1, 4],
  ])('says of %j where it is wrong', (text, line, column) => {
    let error: unknown;
    try {
      parseYamlDocuments(text);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(YamlError);
    const { message, line: at, column: where } = error as YamlError;
    expect(at).toBe(line);
    expect(where).toBeGreaterThanOrEqual(column);
    expect(message).toContain(`yaml: line ${line}, column ${where}: `);
  });

  it('refuses a document that grows beyond reason through aliases', () => {
    const levels = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
    const text = levels
      .map(
        (name, i) =>
          `${name}: &${name} [${Array.from({ length: 9 }, () => (i === 0 ? 'lol' : `*${levels[i - 1]}`)).join(',')}]`,
      )
      .join('\n');
    expect(() => parseYamlDocuments(text)).toThrow('document contains excessive aliasing');
    expect(() => parseYamlDocuments('a: &a\n- *a\n')).toThrow('anchor value contains itself');
  });

  it('refuses what nests too deep and what JSON cannot say', () => {
    expect(() => parseYamlDocuments('['.repeat(5000))).toThrow(YamlError);
    expect(() => parseYamlDocuments('a: .inf')).toThrow('json: unsupported value: +Inf');
    expect(() => parseYamlDocuments('a: [-.Inf]')).toThrow('json: unsupported value: -Inf');
    expect(() => parseYamlDocuments('a: .nan')).toThrow('json: unsupported value: NaN');
    expect(parse('a: ".inf"')).toEqual({ a: '.inf' });
  });
});

describe('halves of characters in YAML', () => {
  it.each(['"\\ud800"', '"\\uD83D\\uDE00"', '{"\\udfff": 1}', 'a: "\\\\\\ud800"', '"\\U0000D800"', '"\\U00110000"'])(
    'are refused: %s',
    (text) => {
      expect(() => parseYamlDocuments(`x: y\n---\n${text}\n`)).toThrow(
        /^yaml: line 3, .*found invalid Unicode character escape code$/,
      );
    },
  );

  it.each(["'\\ud800'", '\\ud800', '"\\\\ud800"', '# "\\ud800"\n1', '"\\ud7ff\\ue000"', '|\n "\\ud800"'])(
    'are none where nothing is escaped: %s',
    (text) => {
      expect(() => parseYamlDocuments(`${text}\n`)).not.toThrow();
    },
  );
});

describe('parseFirstYamlDocument', () => {
  it('has no more keys and values than are wanted', () => {
    const text = 'a: [1, {b: c}]\n--- [1, 2, 3]';
    expect(parseFirstYamlDocument(text, 7)?.value).toEqual({ a: [1, { b: 'c' }] });
    expect(() => parseFirstYamlDocument(text, 6)).toThrow('document contains more than 6 nodes');
  });

  it.each(['[1, 1, 1, 1, 1, ]]', '- 1\n- 1\n- 1\n- 1\n- 1\n]', '[[[[[[[', '{a: {b: {c: 1, d: 1, }}}}'])(
    'goes no further into a text that has more: %j',
    (text) => {
      expect(() => parseFirstYamlDocument(text, 2)).toThrow('document contains more than 2 nodes');
    },
  );

  it('says where an error is, whatever ends its lines', () => {
    expect(() => parseFirstYamlDocument('a: [1]\r\nb: [2]\n\n  ]')).toThrow(
      expect.objectContaining({ line: 4, column: 3 }),
    );
  });

  it('takes what is too long for a number for text', () => {
    const digits = '1'.repeat(5000);
    expect(parseFirstYamlDocument(`[${digits}, ${digits}_1, 1_0]`)?.value).toEqual([digits, `${digits}_1`, 10]);
  });

  it.each([
    ['a: 1\n---\n]', { a: 1 }],
    ['# head\n\n%YAML 1.1\n---\na: 1\n...\n]', { a: 1 }],
    ['\uFEFF--- {a: 1}\n--- ]', { a: 1 }],
    ['a: |\n  ---\n  ---x\nb: ---\n---', { a: '---\n---x\n', b: '---' }],
    ['---\r\na: 1\r\n---\r\n]', { a: 1 }],
    ['---a: 1\n', { '---a': 1 }],
    ['---\n---\n]', null],
  ])('reads %j no further than its first document', (text, value) => {
    expect(parseFirstYamlDocument(text)?.value).toEqual(value);
  });

  it('is the first of all', () => {
    const line = fc.constantFrom(
      '---',
      '...',
      '--- a',
      '# c',
      '',
      'a: 1',
      'b: |',
      '  x',
      '- 1',
      '%YAML 1.1',
      '---x: 1',
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const text = lines.join('\n');
        let all: unknown;
        try {
          all = parseYamlDocuments(text)[0];
        } catch {
          return; // what is wrong may come after the first document
        }
        expect(parseFirstYamlDocument(text)).toEqual(all);
      }),
      { numRuns: 2000 },
    );
  });
});

/* What upstream's kubectl prints, recorded in testdata; UPDATE_GOLDEN=1 records it anew with upstream's kubectl (KUBECTL names it). */
const awkward: Record<string, string> = {
  empty: '',
  bool: 'true',
  yes: 'yes',
  y: 'y',
  off: 'off',
  null: 'null',
  tilde: '~',
  int: '1',
  octal: '0777',
  hex: '0x1F',
  float: '1.5',
  exponent: '1e3',
  date: '2001-01-01',
  time: '2001-01-01T00:00:00Z',
  sexagesimal: '1:30',
  underscore: '1_000',
  dot: '.',
  dash: '-',
  dashes: '---',
  colon: 'a: b',
  colonEnd: 'a:',
  comment: 'a #b',
  hash: '#a',
  quote: "it's",
  double: 'say "x"',
  both: `'"`,
  star: '*a',
  ampersand: '&a',
  bang: '!a',
  percent: '%a',
  at: '@a',
  backtick: '`a',
  brace: '{a}',
  bracket: '[a]',
  comma: 'a,b',
  pipe: '|',
  greater: '>',
  question: '? a',
  leading: ' a',
  trailing: 'a ',
  tab: 'a\tb',
  lines: 'a\nb',
  linesEnd: 'a\nb\n',
  linesMore: 'a\n\n',
  linesSpace: ' a\nb\n',
  lineTrailing: 'a \nb',
  crlf: 'a\r\nb',
  bell: '\u0007',
  unicode: 'äöü€😀',
  nbsp: 'a\u00a0b',
  long: 'word '.repeat(40).trim(),
  longQuoted: `: ${'word '.repeat(40).trim()}`,
  longNoSpace: 'x'.repeat(200),
  ip: '10.0.0.1',
  version: '1.2.3',
  plus: '+1',
  inf: '.inf',
  nan: '.NaN',
  backslash: 'a\\b',
  json: '{"a": [1, 2]}',
  quantity: '100Mi',
  at2: 'a@b',
  url: 'https://a.b/c?d=e#f',
};
const upstream = process.env['KUBECTL'] ?? 'kubectl';
const printed = new URL('./testdata/upstream-print.yaml', import.meta.url);
const object = {
  apiVersion: 'v1',
  data: awkward,
  kind: 'ConfigMap',
  metadata: {
    annotations: { a10: 'x', a9: 'x', 'a.b/c': 'x', A: 'x', _u: 'x', '1': 'x', true: 'x', n: 'x' },
    name: 'awkward',
  },
};

if (process.env['UPDATE_GOLDEN']) {
  const folder = mkdtempSync(join(tmpdir(), 'coracle-yaml-'));
  const file = join(folder, 'object.json');
  writeFileSync(file, JSON.stringify({ ...object, metadata: { name: 'awkward' } }));
  const annotations = Object.entries(object.metadata.annotations).map(([key, value]) => `${key}=${value}`);
  writeFileSync(printed, execFileSync(upstream, ['annotate', '--local', '-f', file, '-o', 'yaml', ...annotations]));
  rmSync(folder, { recursive: true });
}

describe('formatYaml', () => {
  it('prints as upstream prints', () => {
    const expected = readFileSync(printed, 'utf8');
    expect(formatYaml(object)).toBe(expected);
    expect(parse(expected)).toEqual(object);
  });

  it.each([
    [{}, '{}\n'],
    [[], '[]\n'],
    [{ a: [], b: {} }, 'a: []\nb: {}\n'],
    [{ a: [{ b: 1, c: [2] }, [3, [4]]] }, 'a:\n- b: 1\n  c:\n  - 2\n- - 3\n  - - 4\n'],
    [
      { n: null, t: true, i: -1, f: 1.5, big: 12345678901234567890n },
      'big: 12345678901234567890\nf: 1.5\ni: -1\n"n": null\nt: true\n',
    ],
    ['text', 'text\n'],
    [{ b: 1, a: undefined }, 'b: 1\n'],
    [{ a: '\n' }, 'a: |2+\n\n'],
    [{ a: 'x\n\n' }, 'a: |+\n  x\n\n'],
    [{ a: 'x\n', b: 'y' }, 'a: |\n  x\nb: "y"\n'],
  ])('prints %j', (value, text) => {
    expect(formatYaml(value)).toBe(text);
  });

  it('prints what parses to the same value', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }).map((each) => each.toWellFormed()),
      fc.constantFrom(...Object.values(awkward)),
      fc
        .array(fc.constantFrom('a', ' ', '\n', ':', '#', '-', '"', "'", '\t', '\r', '1'), { maxLength: 12 })
        .map((each) => each.join('')),
    );
    const values = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        text,
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.oneof(text, fc.constant('__proto__')), tie('value'), { maxKeys: 4 }),
      ),
    })).value;
    fc.assert(
      fc.property(fc.dictionary(fc.string(), values, { maxKeys: 4 }), (value) => {
        const [document, ...others] = parseYamlDocuments(formatYaml(value));
        expect(others).toEqual([]);
        if (!deepEqual(document?.value ?? {}, value)) expect(document?.value).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });
});
