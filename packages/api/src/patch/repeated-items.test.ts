import { describe, expect, it } from '@jest/globals';
import { applySchema } from '../structural/apply-schema.ts';
import { structuralNode } from '../structural/node.ts';
import { compareTyped } from './typed-compare.ts';
import { fieldsOf } from './typed-fields.ts';
import { mergeTyped } from './typed-merge.ts';

const text = { type: 'string' };
const schema = applySchema(
  'example.com/v1.Listed',
  structuralNode({
    type: 'object',
    properties: {
      keyed: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
        items: { type: 'object', properties: { k: text, v: text, w: text } },
      },
      set: { type: 'array', 'x-kubernetes-list-type': 'set', items: text },
    },
  }),
);
const key = 'k:{"k":"a"}';
const one = { k: 'a', v: '1' };
const other = { k: 'a', w: '2' };
const keyed = (...items: object[]) => ({ keyed: [...items, { k: 'z' }] });
const at = (node: object) => ({ 'f:keyed': { [key]: node } });

describe('items of a list that share a key', () => {
  it.each([
    ['come for one', keyed(one), keyed(one, other), at({}), at({ '.': {}, 'f:k': {}, 'f:v': {} })],
    ['go for one', keyed(one, other), keyed(one), at({ '.': {}, 'f:k': {}, 'f:v': {} }), at({})],
    ['come', keyed(), keyed(one, other), at({}), {}],
    ['go', keyed(one, other), keyed(), {}, at({})],
    ['change', keyed(one, other), keyed(other, one), at({}), {}],
    ['stay', keyed(one, other), { keyed: [...keyed(one, other).keyed, { k: 'y' }] }, undefined, {}],
  ])('are one value where they %s', (_, before, after, changed, removed) => {
    const found = compareTyped(before, after, schema);
    const only = { 'f:keyed': { 'k:{"k":"y"}': { '.': {}, 'f:k': {} } } };
    expect(found).toEqual({ changed: changed ?? only, removed });
  });

  it('are one value in a set, too', () => {
    const set = { 'f:set': { 'v:"a"': {} } };
    expect(compareTyped({ set: ['a'] }, { set: ['a', 'a'] }, schema)).toEqual({ changed: set, removed: set });
    expect(compareTyped({ set: ['a', 'a'] }, { set: ['a'] }, schema)).toEqual({ changed: set, removed: set });
  });

  it('have no fields of their own', () => {
    expect(fieldsOf({ keyed: [one, other] }, schema)).toEqual(at({}));
  });

  it('give way to what is applied', () => {
    const applied = { keyed: [{ k: 'a', v: '3' }] };
    expect(mergeTyped({ keyed: [one, { k: 'b' }, other] }, applied, schema)).toEqual({
      keyed: [{ k: 'a', v: '3' }, { k: 'b' }],
    });
  });
});
