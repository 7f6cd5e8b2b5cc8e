import { describe, expect, it } from '@jest/globals';
import { typeErrors } from '../patch/typed-check.ts';
import { compareTyped } from '../patch/typed-compare.ts';
import { applySchema } from './apply-schema.ts';
import { structuralNode } from './node.ts';

const schema = applySchema(
  'example.com/v1.Thing',
  structuralNode({
    type: 'object',
    properties: {
      sets: {
        type: 'object',
        additionalProperties: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'integer' } },
      },
      count: { type: 'integer' },
    },
  }),
);

describe('the values of a map', () => {
  it('have parts where their type says so', () => {
    expect(compareTyped({}, { sets: { a: [1, 2] } }, schema).changed).toEqual({
      'f:sets': { '.': {}, 'f:a': { '.': {}, 'v:1': {}, 'v:2': {} } },
    });
  });

  it.each([
    [[1, 1], '.sets.a: duplicate entries for key [=1]'],
    [[null, 'x'], ".sets.a: element 0: associative list without keys has an element that's an explicit null"],
    [[{}], ".sets.a: element 0: associative list without keys has an element that's a map type"],
    [[[]], '.sets.a: element 0: not supported: associative list with lists as elements'],
  ])('cannot be %j where they are sets', (a, problem) => {
    expect(typeErrors({ sets: { a } }, schema)).toEqual([problem]);
  });
});

describe('a number', () => {
  it.each([
    ['x', 'string'],
    [{ a: 1 }, 'map[string]interface {}'],
    [[], '[]interface {}'],
    [true, 'bool'],
  ])('cannot be %j', (count, type) => {
    expect(typeErrors({ count }, schema)).toEqual([`.count: expected numeric (int or float), got ${type}`]);
  });
});

const any = { 'x-kubernetes-preserve-unknown-fields': true };
const text = { type: 'string' };
const typed = applySchema(
  'example.com/v1.Odd',
  structuralNode({
    type: 'object',
    properties: {
      loose: {
        type: 'object',
        ...any,
        properties: {
          whole: { type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { a: text } },
          parts: { type: 'object', properties: { a: { type: 'object', properties: { b: text } } } },
          items: { type: 'array', items: { type: 'object', properties: { a: text } } },
          map: { type: 'object', additionalProperties: { type: 'object', properties: { a: text } } },
        },
      },
      empty: { type: 'object' },
      maybe: { ...any, properties: { a: text } },
      several: {
        ...any,
        items: { type: 'object', properties: { a: text } },
        properties: { a: { ...any, items: text } },
      },
      texts: { ...any, items: text },
      time: { type: 'string', format: 'date-time' },
      bytes: { type: 'string', format: 'byte' },
      keyed: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k', 'l'],
        items: { type: 'object', properties: { k: { ...text, default: 'a' }, l: { type: 'number', default: 1 } } },
      },
      lists: { type: 'array', items: { type: 'array', 'x-kubernetes-list-type': 'set', items: text } },
    },
  }),
);

describe('fields that nobody declared', () => {
  it.each([
    ['an atomic map', { loose: { whole: { b: { c: 1 } } } }, { 'f:whole': {} }],
    ['an object', { loose: { parts: { b: 1 } } }, { 'f:parts': { '.': {}, 'f:b': {} } }],
    [
      'an object in one',
      { loose: { parts: { a: { c: 1 } } } },
      { 'f:parts': { '.': {}, 'f:a': { '.': {}, 'f:c': {} } } },
    ],
    ['the items of a list', { loose: { items: [{ b: 1 }] } }, { 'f:items': {} }],
    [
      'the values of a map',
      { loose: { map: { x: { b: 1 } } } },
      { 'f:map': { '.': {}, 'f:x': { '.': {}, 'f:b': {} } } },
    ],
  ])('are fields of %s below one that preserves unknown fields', (_, object, changed) => {
    expect(typeErrors(object, typed)).toEqual([]);
    expect(compareTyped({ loose: {} }, object, typed).changed).toEqual({ 'f:loose': changed });
  });

  it('are fields of an object that has none declared', () => {
    expect(typeErrors({ empty: { a: { b: 1 } } }, typed)).toEqual([]);
    expect(compareTyped({ empty: {} }, { empty: { a: { b: 1 } } }, typed).changed).toEqual({
      'f:empty': { 'f:a': { '.': {}, 'f:b': {} } },
    });
  });

  it('end what is told of their object', () => {
    expect(typeErrors({ time: {}, one: 1, two: 2, bytes: 1 }, typed)).toEqual([
      '.time: expected any scalar, got &{map[]}',
      '.one: field not declared in schema',
    ]);
  });
});

describe('a value of any type', () => {
  it.each(['x', 1, true, ['x'], { a: 'x', b: [1] }])(
    'can be %j, also where some of its fields are declared',
    (maybe) => {
      expect(typeErrors({ maybe }, typed)).toEqual([]);
    },
  );

  it('has items of their type where they are lists and it is declared', () => {
    const item = '.several[0].a: expected string, got &value.valueUnstructured{Value:1}';
    expect(typeErrors({ several: [{ a: 1 }] }, typed)).toEqual([item]);
    expect(typeErrors({ several: ['x'] }, typed)).toEqual(['.several[0]: expected map, got &{x}']);
    expect(typeErrors({ several: { a: ['x', {}] }, texts: [[], null, 'x'] }, typed)).toEqual([
      '.several.a[1]: expected string, got &value.valueUnstructured{Value:map[string]interface {}{}}',
      '.texts[0]: expected string, got &value.valueUnstructured{Value:[]interface {}{}}',
    ]);
    expect(typeErrors({ several: { b: [1] }, texts: { a: [1] } }, typed)).toEqual([]);
    expect(compareTyped({}, { texts: ['x'] }, typed).changed).toEqual({ 'f:texts': {} });
  });

  it('has fields of their types where they are declared', () => {
    expect(typeErrors({ maybe: { a: 1 } }, typed)).toEqual([
      '.maybe.a: expected string, got &value.valueUnstructured{Value:1}',
    ]);
  });
});

describe('a value that becomes a map, or is one no more', () => {
  const map = { maybe: { a: 'x', b: { c: 1 } } };
  const parts = { '.': {}, 'f:a': {}, 'f:b': { '.': {}, 'f:c': {} } };
  const { '.': _, ...members } = parts;

  it.each(['x', ['x'], 1])('%j has other parts than the map', (maybe) => {
    const lost = compareTyped(map, { maybe }, typed);
    expect(lost).toEqual({ changed: { 'f:maybe': {} }, removed: { 'f:maybe': members } });
    expect(compareTyped({ maybe }, map, typed)).toEqual({ changed: { 'f:maybe': parts }, removed: {} });
  });

  it('has none where the map is empty', () => {
    expect(compareTyped({ maybe: {} }, { maybe: 'x' }, typed)).toEqual({ changed: { 'f:maybe': {} }, removed: {} });
  });
});

describe('a text', () => {
  it('of a format is any scalar', () => {
    expect(typeErrors({ time: 1 }, typed)).toEqual([]);
    expect(typeErrors({ time: [1] }, typed)).toEqual(['.time: expected any scalar, got &{[1]}']);
  });

  it('of bytes is a text', () => {
    expect(typeErrors({ bytes: 1 }, typed)).toEqual(['.bytes: expected string, got &value.valueUnstructured{Value:1}']);
  });
});

describe('an item of a keyed list', () => {
  it.each([[1], ['x'], [[]]])('cannot be %j', (item) => {
    expect(typeErrors({ keyed: [item] }, typed)).toEqual([
      '.keyed: element 0: associative list with keys may not have non-map elements',
    ]);
  });

  it.each([
    [{ k: {}, l: { a: 1 } }, '[k=,l=a=1]'],
    [{ k: [1, 'a'], l: 1e-7 }, '[k=[1,"a"],l=1e-07]'],
    [{ k: null }, '[k=null,l=1]'],
  ])('is named by its keys, whatever they are: %j', (item, name) => {
    expect(typeErrors({ keyed: [item, item] }, typed)).toContain(`.keyed: duplicate entries for key ${name}`);
  });
});

it('a list in a list is checked by its own type', () => {
  expect(typeErrors({ lists: [['a', 'a']] }, typed)).toEqual(['.lists[0]: duplicate entries for key [="a"]']);
});
