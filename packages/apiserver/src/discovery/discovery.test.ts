import { builtinKinds } from '@coracle/api/builtin';
import { byStability } from '@coracle/api/meta/version-order';
import { describe, expect, it } from '@jest/globals';
import type { SubresourceTable } from '../registry/strategy.ts';
import { aggregatedDiscovery } from './aggregated.ts';
import { coreVersions, groupList, singleGroup } from './groups.ts';
import { resourceList } from './resources.ts';

const table: SubresourceTable = {
  'pods/binding': { methods: ['POST'], body: { group: '', version: 'v1', kind: 'Binding' }, handle: async () => {} },
  'serviceaccounts/token': {
    methods: ['POST'],
    body: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
    handle: async () => {},
  },
};

describe('discovery', () => {
  it('lists the core resources with their subresources, by name', () => {
    const list = resourceList('v1', builtinKinds, table);
    expect(list).toMatchObject({ kind: 'APIResourceList', groupVersion: 'v1' });
    const names = list.resources.map((each) => each.name);
    expect(names).toEqual([...names].sort());
    expect(list.resources.find((each) => each.name === 'pods')).toEqual({
      name: 'pods',
      singularName: 'pod',
      namespaced: true,
      kind: 'Pod',
      verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      shortNames: ['po'],
      categories: ['all'],
      // The number every cluster has, of every version.
      storageVersionHash: 'xPOwRZ+Yhw8=',
    });
    expect(list.resources.find((each) => each.name === 'pods/binding')).toMatchObject({
      kind: 'Binding',
      verbs: ['create'],
    });
    expect(list.resources.find((each) => each.name === 'serviceaccounts/token')).toMatchObject({
      group: 'authentication.k8s.io',
      version: 'v1',
      kind: 'TokenRequest',
    });
  });

  it('tells versions that are stored in another from none', () => {
    const hash = (apiVersion: string, name: string) =>
      resourceList(apiVersion, builtinKinds, table).resources.find((each) => each.name === name)!.storageVersionHash;
    expect(hash('apps/v1', 'deployments')).toBe('8aSe+NMegvE=');
    expect(hash('autoscaling/v1', 'horizontalpodautoscalers')).toBe(hash('autoscaling/v2', 'horizontalpodautoscalers'));
    expect(hash('authorization.k8s.io/v1', 'subjectaccessreviews')).toBeUndefined();
    expect(hash('v1', 'componentstatuses')).toBeUndefined();
    expect(hash('v1', 'pods/binding')).toBeUndefined();
  });

  it('has no way to delete all namespaces at once', () => {
    const namespaces = resourceList('v1', builtinKinds, table).resources.find((each) => each.name === 'namespaces');
    expect(namespaces?.verbs).toEqual(['create', 'delete', 'get', 'list', 'patch', 'update', 'watch']);
  });

  it('names groups in the order of preference', () => {
    const names = groupList(builtinKinds).groups.map((each) => each.name);
    expect(names.slice(0, 3)).toEqual(['apiregistration.k8s.io', 'apps', 'events.k8s.io']);
    expect(singleGroup(builtinKinds, 'apps')?.preferredVersion).toEqual({ groupVersion: 'apps/v1', version: 'v1' });
    expect(singleGroup(builtinKinds, 'nothing.example')).toBeUndefined();
    expect(coreVersions('10.0.0.1:443').versions).toEqual(['v1']);
  });

  it('orders versions by stability', () => {
    expect(['v1beta1', 'v2', 'v1', 'v1alpha1', 'v2beta1'].sort(byStability)).toEqual([
      'v2',
      'v1',
      'v2beta1',
      'v1beta1',
      'v1alpha1',
    ]);
  });

  it('gives all of it in one answer, with a stable tag', () => {
    const first = aggregatedDiscovery('apis', builtinKinds, table);
    expect(first.etag).toBe(aggregatedDiscovery('apis', builtinKinds, table).etag);
    const apps = first.body.items.find((each) => each.metadata?.name === 'apps')!;
    expect(apps.versions?.[0]?.resources?.map((each) => each.resource)).toEqual([
      'controllerrevisions',
      'daemonsets',
      'deployments',
      'replicasets',
      'statefulsets',
    ]);
    const core = aggregatedDiscovery('api', builtinKinds, table).body.items;
    expect(core).toHaveLength(1);
  });
});
