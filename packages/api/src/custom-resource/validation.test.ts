import { beforeAll, expect, it } from '@jest/globals';
import { structuralNode } from '../structural/node.ts';
import { loadPatterns } from '../structural/patterns.ts';
import { resourceValidator } from './validation.ts';

beforeAll(loadPatterns);

it('patterns have their time for each object anew: what one took is not missing for the next', () => {
  const pattern = '^((a?){490}a{490})+$';
  const spec = { type: 'array', items: { type: 'string', pattern } };
  const { validate } = resourceValidator(
    structuralNode({ type: 'object', properties: { spec } }),
    undefined,
    undefined,
  );
  const errorsOf = (count: number, length: number) =>
    validate({ metadata: {}, spec: Array.from({ length: count }, () => 'a'.repeat(length)) } as never);
  const many = errorsOf(2_000, 1_100);
  expect(many.at(-1)?.message).toContain('is too long to be matched with');
  expect(errorsOf(1, 490)).toEqual([]);
});

it('a resource embedded in a map is found by its key', () => {
  const embedded = {
    type: 'object',
    'x-kubernetes-embedded-resource': true,
    properties: { spec: { type: 'object', additionalProperties: { type: 'string' } } },
  };
  const { validate } = resourceValidator(
    structuralNode({
      type: 'object',
      properties: { one: embedded, many: { type: 'object', additionalProperties: embedded } },
    }),
    undefined,
    undefined,
  );
  const errors = validate({ metadata: {}, one: { kind: 'A' }, many: { 'a.b': { kind: 'A' } } } as never);
  expect(errors.map(({ field }) => field)).toEqual(['one.apiVersion', 'many[a.b].apiVersion']);
});
