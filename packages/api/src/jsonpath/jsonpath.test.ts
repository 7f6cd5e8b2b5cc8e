import { describe, expect, it } from '@jest/globals';
import { JsonPath, relaxed } from './jsonpath.ts';

const data = {
  kind: 'List',
  items: [
    { metadata: { name: 'a', labels: { 'x.y/z': '1' } }, spec: { n: 1, list: [1, 2, 3] } },
    { metadata: { name: 'b' }, spec: { n: 20, text: '<b>' } },
  ],
  nothing: null,
};

const run = (template: string, allowMissing = true): string => new JsonPath(template, { allowMissing }).execute(data);

describe('JSONPath in kubectl’s dialect', () => {
  it.each([
    ['plain text', 'plain text'],
    ['{.kind}', 'List'],
    ['{@.kind}{$.kind}', 'ListList'],
    ['{.items[0].metadata.name}', 'a'],
    ['{.items[*].metadata.name}', 'a b'],
    ['{.items[-1:].metadata.name}', 'b'],
    ['{.items[0:1].metadata.name}', 'a'],
    ['{.items[0].spec.list[0:3:2]}', '1 3'],
    ['{.items[0,1].metadata.name}', 'a b'],
    ["{.items[0]['metadata','spec']}", '{"labels":{"x.y/z":"1"},"name":"a"} {"list":[1,2,3],"n":1}'],
    ['{.items[?(@.metadata.name=="b")].spec.n}', '20'],
    ["{.items[?(@.metadata.name!='b')].spec.n}", '1'],
    ['{.items[?(@.spec.n>5)].metadata.name}', 'b'],
    ['{.items[?(@.spec.n<=1)].metadata.name}', 'a'],
    ['{.items[?(@.spec.text)].metadata.name}', 'b'],
    ['{range .items[*]}{.metadata.name}={.spec.n}{"\\n"}{end}', 'a=1\nb=20\n'],
    ['{range .items[*]}[{range .spec.list[*]}{@},{end}]{end}', '[1,2,3,][]'],
    ['{.items[0].metadata.labels.x\\.y/z}', '1'],
    ['{..name}', 'a b'],
    ['{.nothing}', 'null'],
    ['{.no.such}', ''],
    ['{.items[1].spec}', '{"n":20,"text":"\\u003cb\\u003e"}'],
    ['{"a\\tb"}{true}{-1.5}', 'a\tbtrue-1.5'],
  ])('%s', (template, expected) => {
    expect(run(template)).toBe(expected);
  });

  it.each([
    ['{.items[5]}', 'array index out of bounds: index 5, length 2'],
    ['{.kind[0]}', 'string is not array or slice'],
    ['{.kind', 'unclosed action'],
    ['{.items[0}', 'unterminated array'],
    ['{.items[x]}', 'invalid array index x'],
    ['{nope}', 'unrecognized identifier nope'],
    ['{end}', 'not in range, nothing to end'],
    ['{.items[?(@.spec.n=="x")]}', 'incompatible types for comparison'],
    ['{"a}', 'unterminated quoted string'],
    ['{.items[?(@.a=="b"].x}', 'unterminated filter'],
    ['{%}', "unrecognized character in action: U+0025 '%'"],
  ])('%s is an error', (template, message) => {
    expect(() => run(template)).toThrow(message);
  });

  it('may insist on fields', () => {
    expect(() => run('{.nope}', false)).toThrow('nope is not found');
  });

  it('prints results as JSON lists', () => {
    expect(new JsonPath('{.items[*].spec.n}').execute(data, true)).toBe('[\n    1,\n    20\n]\n');
  });

  it('takes short forms of paths', () => {
    expect(['a.b', '.a.b', '{a.b}', '{.a.b}'].map(relaxed)).toEqual(Array(4).fill('{.a.b}'));
    expect(() => relaxed('{.a}{.b}')).toThrow('unexpected path string');
  });
});
