import { lease } from '@coracle/api/coordination/v1/lease';
import { node } from '@coracle/api/core/v1/node';
import { pod } from '@coracle/api/core/v1/pod';
import { service } from '@coracle/api/core/v1/service';
import { endpointSlice } from '@coracle/api/discovery/v1/endpointslice';
import { findCondition } from '@coracle/api/meta/conditions';
import { formatTime, microNow, now } from '@coracle/api/meta/time';
import type { Node, NodeCondition, Taint } from '@coracle/api/types/core/v1';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Controller } from '../../controller.ts';
import { defaultSettings } from '../../settings.ts';
import { type TestCluster, testCluster } from '../../testing/cluster.ts';
import { endpointSliceController } from '../endpointslice/controller.ts';
import { nodeLifecycleController } from './controller.ts';
import { look, silentConditions } from './health.ts';
import { taintsOf } from './taints.ts';
import { EvictionLimiter, evictionRates, zoneOf } from './zones.ts';

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
    expect(taintsOf(nodeWith([condition('Ready', 'True')]), 'wait', 't')).toBeUndefined();
    expect(
      keys(taintsOf(nodeWith([condition('Ready', 'Unknown'), condition('DiskPressure', 'True')]), 'start', 't')),
    ).toEqual([
      'node.kubernetes.io/unreachable:NoSchedule',
      'node.kubernetes.io/disk-pressure:NoSchedule',
      'node.kubernetes.io/unreachable:NoExecute',
    ]);
    expect(keys(taintsOf(nodeWith([condition('Ready', 'False')]), 'wait', 't'))).toEqual([
      'node.kubernetes.io/not-ready:NoSchedule',
    ]);
    expect(keys(taintsOf(nodeWith([condition('Ready', 'True')], { unschedulable: true }), 'wait', 't'))).toEqual([
      'node.kubernetes.io/unschedulable:NoSchedule',
    ]);
  });
  it('go with their reason, and leave those of others', () => {
    const taints: Taint[] = [
      { key: 'mine', effect: 'NoExecute' },
      { key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' },
      { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' },
    ];
    expect(keys(taintsOf(nodeWith([condition('Ready', 'True')], { taints }), 'wait', 't'))).toEqual(['mine:NoExecute']);
  });
});

describe('evictions', () => {
  const zone = (name: string, statuses: string[]): Node[] =>
    statuses.map((status, i) => ({
      metadata: { name: `${name}${i}`, labels: { 'topology.kubernetes.io/zone': name } },
      spec: {},
      status: { conditions: [condition('Ready', status)] },
    }));
  const rates = (nodes: Node[]) => [...evictionRates(nodes, defaultSettings)!.values()];

  it('go on at the usual rate while a zone is mostly well', () =>
    expect(rates(zone('a', ['True', 'True', 'False']))).toEqual([0.1]));
  it('stop in a small zone that is mostly down, and slow down in a large one', () => {
    const well = zone('b', ['True']);
    expect(rates([...zone('a', ['True', 'False', 'False', 'False']), ...well])).toEqual([0, 0.1]);
    const large = zone(
      'a',
      Array.from({ length: 51 }, (_, i) => (i < 20 ? 'True' : 'Unknown')),
    );
    expect(rates([...large, ...well])).toEqual([0.01, 0.1]);
  });
  it('go on in a zone that is wholly down beside one that is well', () => {
    expect(rates([...zone('a', ['Unknown', 'False', 'Unknown']), ...zone('b', ['True'])])).toEqual([0.1, 0.1]);
  });
  it('stop when no node is well, whatever the zones', () => {
    expect(evictionRates(zone('a', ['Unknown']), defaultSettings)).toBeUndefined();
    expect(evictionRates([...zone('a', ['Unknown']), ...zone('b', ['False'])], defaultSettings)).toBeUndefined();
  });
  it('do not go by nodes that are excluded', () => {
    const spare = zone('a', ['True']);
    spare[0]!.metadata.labels!['node.kubernetes.io/exclude-disruption'] = '';
    expect(evictionRates([...zone('a', ['Unknown']), ...spare], defaultSettings)).toBeUndefined();
  });
  it('are rationed', () => {
    const limiter = new EvictionLimiter(defaultSettings);
    limiter.look(zone('a', ['True', 'False']));
    const at = zoneOf(zone('a', ['True'])[0]!);
    expect([0, 4_000, 10_000, 10_000].map((time) => limiter.admit(at, time))).toEqual([0, 6_000, 0, 10_000]);
    expect(limiter.admit('another', 10_000)).toBe(0);
    expect(limiter.look(zone('a', ['Unknown']))).toBe(false);
    expect([limiter.stopped, limiter.admit(at, 90_000)]).toEqual([true, Number.POSITIVE_INFINITY]);
    expect(limiter.look(zone('a', ['True']))).toBe(true);
    expect(limiter.stopped).toBe(false);
  });
});

describe('node-lifecycle-controller', () => {
  let cluster: TestCluster;
  let beating: Map<string, boolean>;
  let timer: NodeJS.Timeout;
  const ready = { type: 'Ready', status: 'True', lastHeartbeatTime: now(), lastTransitionTime: now() };

  /** Nodes with a pod each, whose kubelets are alive until they are silenced. */
  async function start(names: string[], controllers: Controller[] = []): Promise<void> {
    const settings = { nodeMonitorPeriod: 100, nodeMonitorGracePeriod: 1500, nodeEvictionRate: 10 };
    cluster = await testCluster([nodeLifecycleController, ...controllers], settings);
    const { client } = cluster;
    beating = new Map(names.map((name) => [name, true]));
    const leaseOf = (name: string) => ({
      metadata: { name, namespace: 'kube-node-lease' },
      spec: { holderIdentity: name, renewTime: microNow() },
    });
    for (const name of names) {
      await client.create(lease, leaseOf(name));
      await client.create(node, { metadata: { name }, spec: {}, status: { conditions: [ready] } });
      const labels = { app: 'web' };
      const spec = { nodeName: name, containers: [{ name: 'c', image: 'i' }] };
      await client.create(pod, { metadata: { name: `on-${name}`, namespace: 'default', labels }, spec });
      await cluster.setReady(`on-${name}`, true);
    }
    timer = setInterval(() => {
      for (const [name, alive] of beating) if (alive) client.update(lease, leaseOf(name)).catch(failed);
    }, 200);
  }
  let failed: (error: unknown) => void;
  let failure: unknown;
  beforeEach(() => {
    failure = undefined;
    failed = (error) => {
      failure = error;
    };
  });
  afterEach(async () => {
    clearInterval(timer);
    await cluster.close();
    expect(failure).toBeUndefined();
  });

  const taintsNow = async (name: string) =>
    ((await cluster.get(node, name)).spec.taints ?? []).map((each) => `${each.key}:${each.effect}`);
  const unreachable = ['node.kubernetes.io/unreachable:NoSchedule', 'node.kubernetes.io/unreachable:NoExecute'];
  const report = (name: string, status: string) =>
    cluster.change(
      node,
      name,
      (it) => {
        const lastHeartbeatTime = formatTime(Date.now() + 60_000);
        it.status = { ...it.status, conditions: [{ ...ready, status, lastHeartbeatTime }] };
      },
      { status: true },
    );

  it('gives a silent node up, with its pods, and takes it back when it speaks', async () => {
    await start(['lost', 'well'], [endpointSliceController()]);
    const spec = { selector: { app: 'web' }, ports: [{ port: 80 }] };
    await cluster.client.create(service, { metadata: { name: 'web', namespace: 'default' }, spec });
    const readyPods = async () =>
      (await cluster.list(endpointSlice))
        .flatMap((it) => it.endpoints ?? [])
        .filter((it) => it.conditions?.ready)
        .map((it) => it.targetRef?.name)
        .sort();
    await cluster.eventually(readyPods, (names) => names.length === 2);
    beating.set('lost', false);
    expect(await cluster.eventually(readyPods, (names) => names.length < 2)).toEqual(['on-well']);
    await cluster.eventually(
      () => taintsNow('lost'),
      (taints) => taints.length === 2,
    );
    expect(await taintsNow('lost')).toEqual(unreachable);
    const lost = await cluster.get(node, 'lost');
    expect(findCondition(lost.status?.conditions, 'Ready')).toMatchObject({
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
    });
    expect(findCondition((await cluster.get(pod, 'on-lost')).status?.conditions, 'Ready')?.status).toBe('False');
    expect(await taintsNow('well')).toEqual([]);
    beating.set('lost', true);
    await report('lost', 'True');
    await cluster.eventually(
      () => taintsNow('lost'),
      (taints) => taints.length === 0,
    );
  });

  it('keeps pods where they are while no node is heard of, and lifts evictions that had begun', async () => {
    await start(['a', 'b']);
    beating.set('a', false);
    await cluster.eventually(
      () => taintsNow('a'),
      (taints) => taints.length === 2,
    );
    beating.set('b', false);
    const [noSchedule] = unreachable;
    await cluster.eventually(
      async () => [...(await taintsNow('a')), ...(await taintsNow('b'))],
      (taints) => taints.length === 2 && taints.every((each) => each === noSchedule),
    );
    beating.set('b', true);
    await report('b', 'True');
    await cluster.eventually(
      () => taintsNow('a'),
      (taints) => taints.length === 2,
    );
    expect(await taintsNow('b')).toEqual([]);
  });

  it('leaves the pods of a node that says itself that it is not ready to that node', async () => {
    await start(['sick', 'well']);
    await report('sick', 'False');
    await cluster.eventually(
      () => taintsNow('sick'),
      (taints) => taints.length === 2,
    );
    expect(await taintsNow('sick')).toEqual([
      'node.kubernetes.io/not-ready:NoSchedule',
      'node.kubernetes.io/not-ready:NoExecute',
    ]);
    expect(findCondition((await cluster.get(pod, 'on-sick')).status?.conditions, 'Ready')?.status).toBe('True');
  });
});
