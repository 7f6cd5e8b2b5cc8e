import { clusterRole } from '@coracle/api/rbac/v1/clusterrole';
import type { ClusterRole } from '@coracle/api/types/rbac/v1';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type TestCluster, testCluster } from '../../testing/cluster.ts';
import { clusterRoleAggregationController } from './controller.ts';

let cluster: TestCluster;
afterEach(() => cluster.close());

const role = (name: string, labels: Record<string, string>, resource: string): ClusterRole => ({
  metadata: { name, labels },
  rules: [{ apiGroups: [''], resources: [resource], verbs: ['get'] }],
});

describe('clusterrole-aggregation-controller', () => {
  it('gathers the rules of the roles an aggregate selects, and follows their changes', async () => {
    cluster = await testCluster([clusterRoleAggregationController]);
    const { client } = cluster;
    await client.create(clusterRole, {
      metadata: { name: 'all-of-it' },
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { part: 'yes' } }] },
    });
    await client.create(clusterRole, role('b', { part: 'yes' }, 'widgets'));
    await client.create(clusterRole, role('a', { part: 'yes' }, 'gadgets'));
    await client.create(clusterRole, role('c', { part: 'no' }, 'secrets'));
    const resources = async () =>
      ((await cluster.get(clusterRole, 'all-of-it')).rules ?? []).flatMap((each) => each.resources ?? []);
    await cluster.eventually(resources, (all) => all.join() === 'gadgets,widgets');
    await client.delete(clusterRole, 'a');
    expect(await cluster.eventually(resources, (all) => all.length === 1)).toEqual(['widgets']);
  });
});
