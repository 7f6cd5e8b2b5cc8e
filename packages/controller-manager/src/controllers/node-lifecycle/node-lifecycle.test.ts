import { lease } from '@coracle/api/coordination/v1/lease';
import { node } from '@coracle/api/core/v1/node';
import { pod } from '@coracle/api/core/v1/pod';
import { findCondition } from '@coracle/api/meta/conditions';
import { microNow, now } from '@coracle/api/meta/time';
import type { Node, NodeCondition, Taint } from '@coracle/api/types/core/v1';
import { afterEach, describe, expect, it } from '@jest/globals';
import { defaultSettings } from '../../settings.ts';
import { type TestCluster, testCluster } from '../../testing/cluster.ts';
import { nodeLifecycleController } from './controller.ts';
import { look, silentConditions } from './health.ts';
import { taintsOf } from './taints.ts';
import { EvictionLimiter, evictionRates } from './zones.ts';

const condition = (type: string, status: string): NodeCondition => ({ type, status });
const nodeWith = (conditions: NodeCondition[], spec: Node['spec'] = {}): Node => ({
  metadata: { name: 'n', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec,
  status: { conditions },
});

describe('health', () => {
  it('a moved lease or heartbeat is a sign of life, anything else is not', () => {
    const it = nodeWith([{ ...condition('Ready', 'True'), lastHeartbeatTime: 'a' }]);
    const first = look(it, { metadata: {}, spec: { renewTime: '1' } }, undefined, 10);
    expect(look(it, { metadata: {}, spec: { renewTime: '1' } }, first, 20)).toBe(first);
    expect(look(it, { metadata: {}, spec: { renewTime: '2' } }, first, 20).at).toBe(20);
    const beaten = nodeWith([{ ...condition('Ready', 'True'), lastHeartbeatTime: 'b' }]);
    expect(look(beaten, { metadata: {}, spec: { renewTime: '1' } }, first, 30).at).toBe(30);
  });

  it('silence turns every condition Unknown, once', () => {
    const silent = silentConditions(
      nodeWith([condition('Ready', 'True'), condition('Other', 'True')]),
      Date.parse('2026-01-02T00:00:00Z'),
    )!;
    expect(findCondition(silent, 'Ready')).toEqual({
      type: 'Ready',
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
      lastTransitionTime: '2026-01-02T00:00:00Z',
    });
    expect(findCondition(silent, 'PIDPressure')?.reason).toBe('NodeStatusNeverUpdated');
    expect(findCondition(silent, 'Other')?.status).toBe('True');
    expect(silentConditions(nodeWith(silent), 0)).toBeUndefined();
  });
});

describe('taints', () => {
  const keys = (taints: Taint[] | undefined) => taints?.map((each) => `${each.key}:${each.effect}`);
  it('follow from conditions', () => {
    expect(taintsOf(nodeWith([condition('Ready', 'True')]), false, 't')).toBeUndefined();
    expect(
      keys(taintsOf(nodeWith([condition('Ready', 'Unknown'), condition('DiskPressure', 'True')]), true, 't')),
    ).toEqual([
      'node.kubernetes.io/unreachable:NoSchedule',
      'node.kubernetes.io/disk-pressure:NoSchedule',
      'node.kubernetes.io/unreachable:NoExecute',
    ]);
    expect(keys(taintsOf(nodeWith([condition('Ready', 'False')]), false, 't'))).toEqual([
      'node.kubernetes.io/not-ready:NoSchedule',
    ]);
    expect(keys(taintsOf(nodeWith([condition('Ready', 'True')], { unschedulable: true }), false, 't'))).toEqual([
      'node.kubernetes.io/unschedulable:NoSchedule',
    ]);
  });
  it('go with their reason, and leave those of others', () => {
    const taints: Taint[] = [
      { key: 'mine', effect: 'NoExecute' },
      { key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' },
      { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' },
    ];
    expect(keys(taintsOf(nodeWith([condition('Ready', 'True')], { taints }), false, 't'))).toEqual(['mine:NoExecute']);
  });
});

describe('evictions', () => {
  const zone = (name: string, statuses: string[]): Node[] =>
    statuses.map((status, i) => ({
      metadata: { name: `${name}${i}`, labels: { 'topology.kubernetes.io/zone': name } },
      spec: {},
      status: { conditions: [condition('Ready', status)] },
    }));
  const rates = (nodes: Node[]) => [...evictionRates(nodes, defaultSettings).values()];

  it('go on at the usual rate while a zone is mostly well', () =>
    expect(rates(zone('a', ['True', 'True', 'False']))).toEqual([0.1]));
  it('stop in a small zone that is mostly down', () => {
    expect(rates(zone('a', ['True', 'False', 'False', 'False']))).toEqual([0]);
  });
  it('stop when no zone is well', () => {
    expect(rates([...zone('a', ['Unknown']), ...zone('b', ['Unknown'])])).toEqual([0, 0]);
  });
  it('are rationed', () => {
    const limiter = new EvictionLimiter();
    expect([0, 5_000, 10_000].map((at) => limiter.admit('a', 0.1, at))).toEqual([true, false, true]);
    expect(limiter.admit('a', 0, 90_000)).toBe(false);
  });
});

describe('node-lifecycle-controller', () => {
  let cluster: TestCluster;
  afterEach(() => cluster.close());

  it('gives a silent node up, with its pods, and takes it back when it speaks', async () => {
    cluster = await testCluster([nodeLifecycleController], { nodeMonitorPeriod: 50, nodeMonitorGracePeriod: 500 });
    const { client } = cluster;
    const ready = { type: 'Ready', status: 'True', lastHeartbeatTime: now(), lastTransitionTime: now() };
    await client.create(node, { metadata: { name: 'n' }, spec: {}, status: { conditions: [ready] } });
    await client.create(lease, {
      metadata: { name: 'n', namespace: 'kube-node-lease' },
      spec: { holderIdentity: 'n', renewTime: microNow() },
    });
    await client.create(pod, {
      metadata: { name: 'p', namespace: 'default' },
      spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i' }] },
    });
    await cluster.setReady('p', true);
    const lost = await cluster.eventually(
      () => cluster.get(node, 'n'),
      (it) => (it.spec.taints ?? []).length === 2,
    );
    expect(findCondition(lost.status?.conditions, 'Ready')).toMatchObject({
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
    });
    await cluster.eventually(
      () => cluster.get(pod, 'p'),
      (it) => findCondition(it.status?.conditions, 'Ready')?.status === 'False',
    );
    await cluster.change(
      node,
      'n',
      (it) => {
        it.status = { ...it.status, conditions: [{ ...ready, lastHeartbeatTime: '2030-01-01T00:00:00Z' }] };
      },
      { status: true },
    );
    await cluster.eventually(
      () => cluster.get(node, 'n'),
      (it) => !it.spec.taints?.length,
    );
  });
});
