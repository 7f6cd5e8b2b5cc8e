import type { JSONSchemaProps } from '@coracle/api/types/apiextensions/v1';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { define, definitionOf, versionOf } from '../testing/definitions.ts';
import { callsToOwnServer } from '../testing/own-server.ts';
import { group, merge } from '../testing/widgets.ts';

const call = callsToOwnServer();
const bags = `${group}/namespaces/default/bags`;
const item: JSONSchemaProps = {
  type: 'object',
  'x-kubernetes-map-type': 'atomic',
  properties: { name: { type: 'string' } },
};
const definition = (count: JSONSchemaProps) =>
  definitionOf('Bag', [
    versionOf(
      {
        spec: {
          type: 'object',
          properties: { count, items: { type: 'array', 'x-kubernetes-list-type': 'set', items: item } },
        },
        status: { type: 'object', properties: { phase: { type: 'string' } } },
      },
      { subresources: { status: {}, scale: { specReplicasPath: '.spec.count', statusReplicasPath: '.status.count' } } },
    ),
  ]);
beforeAll(() => define(call, definition({ type: 'integer' })));

const bag = (name: string, spec: object, more: object = {}) => ({
  apiVersion: 'example.com/v1',
  kind: 'Bag',
  metadata: { name },
  spec,
  ...more,
});
const create = (name: string, spec: object, more: object = {}) => call('POST', bags, bag(name, spec, more));
const change = (name: string, patch: object, query = '') => call('PATCH', `${bags}/${name}${query}`, patch, merge);
const managersOf = ({ body }: { body: { metadata: { managedFields?: { manager: string }[] } } }) =>
  body.metadata.managedFields?.map(({ manager }) => manager);

describe('the fields of a custom resource are nobody’s', () => {
  it('while it has a set of objects, and after that until somebody applies it', async () => {
    expect(managersOf(await create('sets', { items: [{ name: 'a' }] }))).toBeUndefined();
    expect(managersOf(await change('sets', { spec: { count: 1 } }))).toBeUndefined();
    expect(managersOf(await change('sets', { spec: { items: null } }))).toBeUndefined();
    expect(managersOf(await change('sets', { spec: { count: 2 } }))).toBeUndefined();
  });

  it('once it gets such a set, though not by a change of its scale', async () => {
    expect(managersOf(await create('grows', { count: 1 }))).toHaveLength(1);
    expect(managersOf(await change('grows', { spec: { items: [] } }))).toHaveLength(1);
    expect(managersOf(await change('grows', { spec: { items: [{ name: 'a' }] } }))).toBeUndefined();
    expect((await change('grows', { spec: { replicas: 3 } }, '/scale')).status).toBe(200);
    expect(managersOf(await call('GET', `${bags}/grows`))).toBeUndefined();
  });

  it('where a status was sent that is none, also by who cannot write it', async () => {
    const { status, body } = await create('posted', { count: 1 }, { status: { phase: 1 } });
    expect([status, body.status, body.metadata.managedFields]).toEqual([201, undefined, undefined]);
    expect(managersOf(await create('patched', { count: 1 }))).toHaveLength(1);
    expect(managersOf(await change('patched', { status: { phase: 1 } }, '?dryRun=All'))).toBeUndefined();
    expect(managersOf(await change('patched', { spec: { count: 'x' } }, '/status?dryRun=All'))).toBeUndefined();
    expect(managersOf(await change('patched', { status: { phase: 'full' } }, '/status'))).toHaveLength(2);
  });

  it('once it is written and does not fit its schema any more', async () => {
    await create('old', { count: 1 });
    await define(call, definition({ type: 'string' }));
    expect(managersOf(await call('GET', `${bags}/old`))).toHaveLength(1);
    expect(managersOf(await change('old', { status: { phase: 'full' } }, '/status?dryRun=All'))).toBeUndefined();
    expect(managersOf(await change('old', { spec: { count: 'one' } }))).toBeUndefined();
  });
});
