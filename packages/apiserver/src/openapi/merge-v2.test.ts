import { expect, it } from '@jest/globals';
import { mergeV2 } from './merge-v2.ts';

const of = (name: string) => ({ $ref: `#/definitions/${name}` });
const parameter = (name: string) => ({ $ref: `#/parameters/${name}` });
const gvk = { 'x-kubernetes-group-version-kind': [{ group: 'example.com', version: 'v1', kind: 'Gadget' }] };
const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

const own = {
  swagger: '2.0',
  paths: {},
  parameters: { limit: { name: 'limit' } },
  definitions: { [meta]: { description: 'ours' }, Part: { type: 'string' }, Same: { type: 'integer' } },
};

it('takes over the paths of the group-version and the definitions they need, under names that are free', () => {
  const document = {
    paths: {
      '/apis/example.com/v1/gadgets': { get: { schema: of('List') }, parameters: [parameter('limit')] },
      '/apis/example.com/v10/gadgets': { get: { schema: of('Other') } },
      '/api/v1/pods': { get: { schema: of('Other') } },
    },
    definitions: {
      [meta]: { description: 'theirs' },
      Gadget: { ...gvk, properties: { metadata: of(meta), part: of('Part'), same: of('Same'), self: of('Gadget') } },
      List: { properties: { items: { items: of('Gadget') } } },
      Part: { type: 'boolean' },
      Same: { type: 'integer' },
      Other: { type: 'string' },
    },
    parameters: { limit: { name: 'limit', description: 'theirs' }, watch: { name: 'watch' } },
  };
  const merged = mergeV2(own, [{ remote: { group: 'example.com', version: 'v1' }, document }]);
  expect(merged).toEqual({
    swagger: '2.0',
    paths: {
      '/apis/example.com/v1/gadgets': { get: { schema: of('List') }, parameters: [parameter('limit_v2')] },
    },
    parameters: { ...own.parameters, limit_v2: { name: 'limit', description: 'theirs' } },
    definitions: {
      ...own.definitions,
      Gadget: { ...gvk, properties: { metadata: of(meta), part: of('Part_v2'), same: of('Same'), self: of('Gadget') } },
      List: { properties: { items: { items: of('Gadget') } } },
      Part_v2: { type: 'boolean' },
    },
  });
  expect(own.paths).toEqual({});
});

it('takes over kinds of a document without paths, and nothing of one that is none', () => {
  const document = {
    definitions: { Gadget: { ...gvk, properties: { part: of('Part') } }, Part: own.definitions.Part },
  };
  const remote = { group: 'example.com', version: 'v1' };
  expect(Object.keys(mergeV2(own, [{ remote, document }])['definitions'] as object)).toEqual([
    ...Object.keys(own.definitions),
    'Gadget',
  ]);
  expect(mergeV2(own, [{ remote, document: { definitions: 'none' } }])).toEqual(own);
});
