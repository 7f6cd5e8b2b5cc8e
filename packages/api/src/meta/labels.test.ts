import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { everything, formatLabelSelector, nothing, parseSelector, selectorFrom, selectorFromSet } from './labels.ts';

const badKey = (key: string): string =>
  `<nil>: Invalid value: "${key}": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`;

describe('parseSelector', () => {
  it.each([
    ['', ''],
    ['   ', ''],
    ['x=a', 'x=a'],
    ['x==a', 'x==a'],
    [' x = a , y != b ', 'x=a,y!=b'],
    ['z,!y,x', 'x,!y,z'],
    ['x in (b,a)', 'x in (a,b)'],
    ['x notin ( a )', 'x notin (a)'],
    ['x in ()', 'x in ()'],
    ['x in (,)', 'x in ()'],
    ['x in (a,)', 'x in (,a)'],
    ['x in (a,,b)', 'x in (,a,b)'],
    ['x in (a,a)', 'x in (a)'],
    ['x=', 'x='],
    ['x=,y=1', 'x=,y=1'],
    ['x>5,y<3', 'x>5,y<3'],
    ['in=notin', 'in=notin'],
    ['in in (in)', 'in in (in)'],
    ['example.com/x=1', 'example.com/x=1'],
    ['a\tin\n(b)', 'a in (b)'],
  ])('%j is %j', (text, printed) => {
    expect(parseSelector(text).toString()).toBe(printed);
  });

  it.each([
    ['=a', "found '=', expected: !, identifier, or 'end of string'"],
    [',', "found ',', expected: !, identifier, or 'end of string'"],
    ['x=a,', "found '', expected: identifier after ','"],
    ['x=a,,y', "found ',', expected: identifier after ','"],
    ['x=a b', "found 'b', expected: ',' or 'end of string'"],
    ['!x=a', "found '=', expected: ',' or 'end of string'"],
    ['x y', "unable to parse requirement: found 'y', expected: in, notin, =, ==, !=, gt, lt"],
    ['!', "unable to parse requirement: found '', expected: identifier"],
    ['!!x', "unable to parse requirement: found '!', expected: identifier"],
    ['x=(', "unable to parse requirement: found '(', expected: identifier"],
    ['x in a', "unable to parse requirement: found 'a' expected: '('"],
    ['x in (a', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['x in (a b)', "unable to parse requirement: found 'b', expected: ',' or ')'"],
    ['x in (=)', "unable to parse requirement: found '=', expected: ',', ')' or identifier"],
    ['x in (a,=)', "unable to parse requirement: found '=', expected: ',', or identifier"],
    ['a@b=c', `unable to parse requirement: ${badKey('a@b')}`],
    [
      'x=a@b',
      `unable to parse requirement: values[0][x]: Invalid value: "a@b": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
    ],
    [
      'x>a',
      `unable to parse requirement: values[0]: Invalid value: "a": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
  ])('refuses %j', (text, message) => {
    expect(() => parseSelector(text)).toThrow(new Error(message));
  });

  it.each([
    ['x=a', { x: 'a' }, true],
    ['x=a', { x: 'b' }, false],
    ['x=a', {}, false],
    ['x=a', undefined, false],
    ['x!=a', { x: 'b' }, true],
    ['x!=a', {}, true],
    ['x!=a', { x: 'a' }, false],
    ['x', { x: '' }, true],
    ['x', {}, false],
    ['!x', {}, true],
    ['!x', { x: '' }, false],
    ['x in (a,b)', { x: 'b' }, true],
    ['x in (a,b)', { x: 'c' }, false],
    ['x notin (a,b)', { x: 'c' }, true],
    ['x notin (a,b)', {}, true],
    ['x=', { x: '' }, true],
    ['x=', {}, false],
    ['x>5', { x: '6' }, true],
    ['x>5', { x: '5' }, false],
    ['x>5', { x: 'six' }, false],
    ['x>5', {}, false],
    ['x<5', { x: '-6' }, true],
    ['x>9223372036854775806', { x: '9223372036854775807' }, true],
    ['x>5', { x: '99999999999999999999' }, false],
    ['x=a,y=b', { x: 'a', y: 'b' }, true],
    ['x=a,y=b', { x: 'a' }, false],
    ['constructor', {}, false],
    ['!toString', {}, true],
    ['constructor=x', { constructor: 'x' }, true],
  ])('%s matches %j: %s', (text, labels, matches) => {
    expect(parseSelector(text).matches(labels as Record<string, string> | undefined)).toBe(matches);
  });

  it('knows when it selects everything', () => {
    expect([parseSelector('').empty, parseSelector('x').empty, everything.empty, nothing.empty]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect([everything.matches(undefined), nothing.matches({ a: 'b' })]).toEqual([true, false]);
  });
});

const name = fc.constantFrom('a', 'b', 'in', 'notin', 'x.y_z-1', 'example.com/app', 'A1');
const value = fc.constantFrom('', 'a', 'b', 'in', '1', 'x.y_z-1');
const requirement = fc.oneof(
  fc.tuple(name, fc.constantFrom('=', '==', '!='), value).map((parts) => parts.join('')),
  fc.tuple(name, fc.constantFrom('>', '<'), fc.nat()).map((parts) => parts.join('')),
  name,
  name.map((each) => `!${each}`),
  fc
    .tuple(name, fc.constantFrom('in', 'notin'), fc.uniqueArray(value, { minLength: 1, maxLength: 3 }))
    .map(([key, operator, values]) => `${key} ${operator} (${values.join(',')})`),
);
const selectors = fc.array(requirement, { maxLength: 4 }).map((each) => each.join(','));
const labelSets = fc.dictionary(name, fc.oneof(value, fc.integer().map(String)), { maxKeys: 5 });

describe('laws of selectors', () => {
  it('what is printed parses to the same selector', () => {
    fc.assert(
      fc.property(selectors, labelSets, (text, labels) => {
        const selector = parseSelector(text);
        const again = parseSelector(selector.toString());
        expect(again.toString()).toBe(selector.toString());
        expect(again.matches(labels)).toBe(selector.matches(labels));
      }),
    );
  });

  it('the order of requirements does not matter', () => {
    fc.assert(
      fc.property(fc.array(requirement, { minLength: 1 }), labelSets, (parts, labels) => {
        const forward = parseSelector(parts.join(','));
        expect(parseSelector(parts.toReversed().join(',')).matches(labels)).toBe(forward.matches(labels));
      }),
    );
  });

  it('a requirement and its opposite never agree', () => {
    fc.assert(
      fc.property(name, fc.uniqueArray(value, { minLength: 1 }), labelSets, (key, values, labels) => {
        const list = values.join(',');
        expect(parseSelector(`${key} in (${list})`).matches(labels)).toBe(
          !parseSelector(`${key} notin (${list})`).matches(labels),
        );
        expect(parseSelector(key).matches(labels)).toBe(!parseSelector(`!${key}`).matches(labels));
      }),
    );
  });

  it('labels match the selector made of them', () => {
    fc.assert(
      fc.property(fc.dictionary(name, value), (labels) => {
        expect(selectorFromSet(labels).matches(labels)).toBe(true);
        expect(parseSelector(selectorFromSet(labels).toString()).matches(labels)).toBe(true);
      }),
    );
  });
});

describe('selectorFrom', () => {
  it('selects nothing without a selector and everything with an empty one', () => {
    expect(selectorFrom(undefined).matches({})).toBe(false);
    expect(selectorFrom(null).matches({})).toBe(false);
    expect(selectorFrom({}).matches(undefined)).toBe(true);
    expect(selectorFrom({ matchLabels: {}, matchExpressions: [] }).empty).toBe(true);
  });

  it('requires labels and expressions together', () => {
    const selector = selectorFrom({
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['b', 'a'] },
        { key: 'env', operator: 'NotIn', values: ['dev'] },
        { key: 'owner', operator: 'Exists' },
        { key: 'old', operator: 'DoesNotExist' },
      ],
    });
    expect(selector.toString()).toBe('app=web,env notin (dev),!old,owner,tier in (a,b)');
    expect(selector.matches({ app: 'web', tier: 'a', owner: '' })).toBe(true);
    expect(selector.matches({ app: 'web', tier: 'a', owner: '', old: '' })).toBe(false);
  });

  it.each([
    [{ matchExpressions: [{ key: 'a', operator: 'Near' }] }, '"Near" is not a valid label selector operator'],
    [
      { matchExpressions: [{ key: 'a', operator: 'constructor' }] },
      '"constructor" is not a valid label selector operator',
    ],
    [
      { matchExpressions: [{ key: 'a', operator: 'In', values: [] }] },
      "for 'in', 'notin' operators, values set can't be empty",
    ],
    [
      { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['x'] }] },
      'values set must be empty for exists and does not exist',
    ],
    [{ matchLabels: { 'a b': 'x' } }, 'key: Invalid value: "a b": name part must consist of'],
  ])('refuses %j', (selector, message) => {
    expect(() => selectorFrom(selector)).toThrow(message);
  });

  it('prints as kubectl does', () => {
    expect(formatLabelSelector(undefined)).toBe('<none>');
    expect(formatLabelSelector({})).toBe('<none>');
    expect(formatLabelSelector({ matchLabels: { b: '2', a: '1' } })).toBe('a=1,b=2');
  });
});
