import { lease } from '@coracle/api/coordination/v1/lease';
import { node } from '@coracle/api/core/v1/node';
import { pod } from '@coracle/api/core/v1/pod';
import { service } from '@coracle/api/core/v1/service';
import { endpointSlice } from '@coracle/api/discovery/v1/endpointslice';
import { findCondition } from '@coracle/api/meta/conditions';
import { microNow, now } from '@coracle/api/meta/time';
import type { Node, NodeCondition, Taint } from '@coracle/api/types/core/v1';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Controller } from '../../controller.ts';
import { defaultSettings, type Settings } from '../../settings.ts';
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
  afterEach(() => cluster.close());
  const ready = { type: 'Ready', status: 'True', lastHeartbeatTime: now(), lastTransitionTime: now() };

  /** Nodes that are ready, with a ready pod each. */
  async function start(
    names: string[],
    settings: Partial<Settings> = {},
    controllers: Controller[] = [],
  ): Promise<void> {
    const quick = { nodeMonitorPeriod: 50, nodeStartupGracePeriod: 500, nodeEvictionRate: 10 };
    cluster = await testCluster([nodeLifecycleController, ...controllers], { ...quick, ...settings });
    for (const name of names) {
      await cluster.client.create(node, { metadata: { name }, spec: {}, status: { conditions: [ready] } });
      const metadata = { name: `on-${name}`, namespace: 'default', labels: { app: 'web' } };
      const spec = { nodeName: name, containers: [{ name: 'c', image: 'i' }] };
      await cluster.client.create(pod, { metadata, spec });
      await cluster.setReady(`on-${name}`, true);
    }
  }

  const report = (name: string, conditions: NodeCondition[]) =>
    cluster.change(
      node,
      name,
      (it) => {
        it.status = { ...it.status, conditions };
      },
      { status: true },
    );
  const speak = (name: string, status = 'True') => report(name, [{ ...ready, status, lastHeartbeatTime: now() }]);
  /** As if the node had never reported: that is noticed after the short time for new nodes. */
  const silence = (name: string) => report(name, []);

  const taintsNow = async (name: string) =>
    ((await cluster.get(node, name)).spec.taints ?? []).map((each) => `${each.key}:${each.effect}`);
  const isPodReady = async (name: string) =>
    findCondition((await cluster.get(pod, name)).status?.conditions, 'Ready')?.status === 'True';
  const [noSchedule, noExecute] = ['NoSchedule', 'NoExecute'].map((each) => `node.kubernetes.io/unreachable:${each}`);

  it('gives a node up that no longer speaks, and its pods', async () => {
    await start(['n'], { nodeMonitorGracePeriod: 500 });
    await cluster.client.create(lease, {
      metadata: { name: 'n', namespace: 'kube-node-lease' },
      spec: { holderIdentity: 'n', renewTime: microNow() },
    });
    await cluster.eventually(
      () => taintsNow('n'),
      (taints) => taints.length > 0,
    );
    expect(findCondition((await cluster.get(node, 'n')).status?.conditions, 'Ready')).toMatchObject({
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
    });
    expect(await isPodReady('on-n')).toBe(false);
  });

  it('takes the pods of a lost node out of their services, has them evicted, and takes the node back when it speaks', async () => {
    await start(['lost', 'well'], {}, [endpointSliceController()]);
    const spec = { selector: { app: 'web' }, ports: [{ port: 80 }] };
    await cluster.client.create(service, { metadata: { name: 'web', namespace: 'default' }, spec });
    const readyPods = async () =>
      (await cluster.list(endpointSlice))
        .flatMap((it) => it.endpoints ?? [])
        .filter((it) => it.conditions?.ready)
        .map((it) => it.targetRef?.name);
    await cluster.eventually(readyPods, (names) => names.length === 2);
    await silence('lost');
    expect(await cluster.eventually(readyPods, (names) => names.length < 2)).toEqual(['on-well']);
    await cluster.eventually(
      () => taintsNow('lost'),
      (taints) => taints.length === 2,
    );
    expect(await taintsNow('lost')).toEqual([noSchedule, noExecute]);
    expect(await taintsNow('well')).toEqual([]);

    // A kubelet that is there after all is not contradicted a second time.
    await cluster.setReady('on-lost', true);
    await cluster.change(node, 'lost', (it) => {
      it.metadata.labels = { ...it.metadata.labels, looked: 'again' };
    });
    await speak('lost');
    await cluster.eventually(
      () => taintsNow('lost'),
      (taints) => taints.length === 0,
    );
    expect(await isPodReady('on-lost')).toBe(true);
  });

  it('keeps pods where they are while no node is heard of, and lifts evictions that had begun', async () => {
    await start(['a', 'b']);
    await silence('a');
    await cluster.eventually(
      () => taintsNow('a'),
      (taints) => taints.length === 2,
    );
    await silence('b');
    await cluster.eventually(
      async () => [...(await taintsNow('a')), ...(await taintsNow('b'))],
      (taints) => taints.length === 2 && taints.every((each) => each === noSchedule),
    );
    await speak('b');
    await cluster.eventually(
      () => taintsNow('a'),
      (taints) => taints.length === 2,
    );
    expect(await taintsNow('b')).toEqual([]);
  });

  it('leaves the pods of a node that says itself that it is not ready to that node', async () => {
    await start(['sick', 'well']);
    await speak('sick', 'False');
    await cluster.eventually(
      () => taintsNow('sick'),
      (taints) => taints.length === 2,
    );
    expect(await taintsNow('sick')).toEqual([
      'node.kubernetes.io/not-ready:NoSchedule',
      'node.kubernetes.io/not-ready:NoExecute',
    ]);
    expect(await isPodReady('on-sick')).toBe(true);
  });
});
