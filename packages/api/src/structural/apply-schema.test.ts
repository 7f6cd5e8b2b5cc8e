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
