import { describe, expect, it } from '@jest/globals';
import { lastApplied, withLastApplied } from '../../manifests/last-applied.ts';
import type { AnyObject } from '../../resources/resource.ts';
import { threeWayPatch } from './client-side.ts';
import { managersOf, upgradedManagedFields } from './managed-fields.ts';

const deployments = { group: 'apps', version: 'v1', kind: 'Deployment' };
const deployment = (spec: object, metadata: object = {}): AnyObject =>
  ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', ...metadata },
    spec,
  }) as unknown as AnyObject;

describe('the patch of a client-side apply', () => {
  it('removes what the manifest had and no longer has, sets what changed, and leaves the rest alone', () => {
    const first = deployment({
      replicas: 2,
      paused: true,
      template: { spec: { containers: [{ name: 'a', image: 'a:1' }] } },
    });
    const live = withLastApplied(first);
    const current = {
      ...live,
      spec: {
        replicas: 5,
        paused: true,
        revisionHistoryLimit: 10,
        template: { spec: { containers: [{ name: 'a', image: 'a:1', tty: true }] } },
      },
    } as AnyObject;
    const next = withLastApplied(
      deployment({ replicas: 2, template: { spec: { containers: [{ name: 'a', image: 'a:2' }] } } }),
    );
    const { type, body } = threeWayPatch(deployments, next, current, true);
    expect(type).toBe('strategic');
    expect((body as AnyObject)['spec']).toEqual({
      replicas: 2,
      paused: null,
      template: {
        spec: {
          $setElementOrder: undefined,
          '$setElementOrder/containers': [{ name: 'a' }],
          containers: [{ name: 'a', image: 'a:2' }],
        },
      },
    });
  });

  it('is nothing when nothing changed', () => {
    const live = withLastApplied(deployment({ replicas: 2 }));
    expect(threeWayPatch(deployments, live, live, true).body).toEqual({});
  });

  it('is a merge patch for kinds whose fields are not known', () => {
    const thing = (spec: object): AnyObject =>
      ({ apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'x' }, spec }) as unknown as AnyObject;
    const resource = { group: 'example.com', version: 'v1', kind: 'Thing' };
    const live = withLastApplied(thing({ list: [1, 2], gone: true }));
    const { type, body } = threeWayPatch(resource, withLastApplied(thing({ list: [3] })), live, true);
    expect(type).toBe('merge');
    expect((body as AnyObject)['spec']).toEqual({ list: [3], gone: null });
  });

  it('carries the manifest with it', () => {
    const annotation = withLastApplied(deployment({ replicas: 1 })).metadata.annotations![lastApplied]!;
    expect(annotation).toBe(
      '{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"annotations":{},"name":"web","namespace":"default"},"spec":{"replicas":1}}\n',
    );
  });
});

describe('the fields of client-side apply', () => {
  const owns = { 'f:metadata': { 'f:annotations': { '.': {}, [`f:${lastApplied}`]: {} } }, 'f:data': { 'f:a': {} } };
  const entry = (manager: string, operation: string, fieldsV1: object) => ({
    manager,
    operation,
    apiVersion: 'v1',
    fieldsType: 'FieldsV1',
    fieldsV1,
  });

  it('become those of the server-side manager', () => {
    const entries = [
      entry('kubectl', 'Apply', { 'f:data': { 'f:b': {} } }),
      entry('kubectl-client-side-apply', 'Update', owns),
      entry('other', 'Update', {}),
    ];
    const object = { metadata: { managedFields: entries } } as unknown as AnyObject;
    const names = new Set(managersOf(object, 'Update', lastApplied).map((each) => each.manager!));
    expect([...names]).toEqual(['kubectl-client-side-apply']);
    expect(upgradedManagedFields(entries, names, 'kubectl')).toEqual([
      entry('kubectl', 'Apply', { 'f:data': { 'f:a': {}, 'f:b': {} }, 'f:metadata': owns['f:metadata'] }),
      entry('other', 'Update', {}),
    ]);
  });
});
