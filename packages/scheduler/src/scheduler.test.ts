import { event as eventKind } from '@coracle/api/core/v1/event';
import { node as nodeKind } from '@coracle/api/core/v1/node';
import { pod as podKind } from '@coracle/api/core/v1/pod';
import { findCondition } from '@coracle/api/meta/conditions';
import { podDisruptionBudget } from '@coracle/api/policy/v1/poddisruptionbudget';
import type { Node, Pod } from '@coracle/api/types/core/v1';
import type { TestServer } from '@coracle/apiserver/testing';
import { startApiServer } from '@coracle/apiserver/testing';
import { Registry } from '@coracle/process/metrics';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AssembledScheduler } from './assemble.ts';
import { assembleScheduler } from './assemble.ts';
import { defaultConfiguration, defaultProfile } from './config/configuration.ts';
import { schedulerMetrics } from './metrics.ts';
import { eventually } from './testing/eventually.ts';
import type { PodOptions } from './testing/objects.ts';
import { makeNode, makePod } from './testing/objects.ts';

let server: TestServer;
let stop: AbortController;
let running: Promise<void>;
let scheduler: AssembledScheduler;
let registry: Registry;

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

beforeEach(async () => {
  server = await startApiServer();
  stop = new AbortController();
  registry = new Registry();
  scheduler = assembleScheduler({
    client: server.client,
    configuration: {
      ...defaultConfiguration(),
      profiles: [defaultProfile(), { ...defaultProfile(), schedulerName: 'second' }],
    },
    metrics: schedulerMetrics(registry),
    log: silent,
    signal: stop.signal,
  });
  await scheduler.synced();
  running = scheduler.run(stop.signal);
});

afterEach(async () => {
  stop.abort();
  await running;
  await scheduler.eventsWritten();
  server.client.close();
  await server.close();
});

const addNode = (name: string, options: Parameters<typeof makeNode>[1] = {}): Promise<Node> =>
  server.client.create(nodeKind, makeNode(name, options));

async function addPod(name: string, options: PodOptions = {}): Promise<Pod> {
  const pod = makePod({ name, ...options });
  delete pod.metadata.uid;
  return server.client.create(podKind, pod);
}

const get = (name: string): Promise<Pod> => server.client.get(podKind, name, 'default');
const isOn = (name: string, node: string) =>
  eventually(`${name} to be on ${node}`, async () => (await get(name)).spec.nodeName === node);
const unscheduled = (name: string, message: string) =>
  eventually(`${name} to be told: ${message}`, async () => {
    const condition = findCondition((await get(name)).status?.conditions, 'PodScheduled');
    return condition?.status === 'False' && condition.message === message && condition;
  });

const eventOf = (name: string, reason: string, message?: string) =>
  eventually(`${reason} of ${name}`, async () => {
    const { items } = await server.client.list(eventKind, { namespace: 'default' });
    const fits = (text: string | undefined) => message === undefined || text === message;
    return items.find((each) => each.involvedObject.name === name && each.reason === reason && fits(each.message));
  });

describe('the scheduler against an API server', () => {
  it('assigns pods and tells so', async () => {
    await addNode('n1');
    await addPod('p');
    await isOn('p', 'n1');
    expect(findCondition((await get('p')).status?.conditions, 'PodScheduled')?.status).toBe('True');
    expect(await eventOf('p', 'Scheduled')).toMatchObject({
      type: 'Normal',
      message: 'Successfully assigned default/p to n1',
      source: { component: 'default-scheduler' },
    });
  });

  it('tells why a pod waits, and places it when that changes', async () => {
    await addPod('p', { requests: { cpu: '6' } });
    await unscheduled('p', 'no nodes available to schedule pods');
    await addNode('small');
    const condition = await unscheduled(
      'p',
      '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
    );
    expect(condition.reason).toBe('Unschedulable');
    expect((await eventOf('p', 'FailedScheduling', condition.message)).type).toBe('Warning');
    await addNode('large', { allocatable: { cpu: '8' }, unschedulable: true });
    await unscheduled(
      'p',
      '0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.',
    );
    await server.client.patch(nodeKind, 'large', undefined, {
      type: 'merge',
      body: { spec: { unschedulable: false } },
    });
    await isOn('p', 'large');
  });

  it('leaves pods of other schedulers alone, and serves each of its profiles', async () => {
    await addNode('n1');
    await addPod('foreign', { schedulerName: 'elsewhere' });
    await addPod('second', { schedulerName: 'second' });
    await isOn('second', 'n1');
    expect((await eventOf('second', 'Scheduled')).source?.component).toBe('second');
    expect((await get('foreign')).spec.nodeName).toBeUndefined();
  });

  it('fills nodes up to what they have, no further', async () => {
    await addNode('n1', { allocatable: { cpu: '2' } });
    await addNode('n2', { allocatable: { cpu: '2' } });
    await Promise.all(Array.from({ length: 6 }, (_, i) => addPod(`p${i}`, { requests: { cpu: '1' } })));
    const placed = async () => (await server.client.list(podKind, { namespace: 'default' })).items;
    await eventually(
      'four pods to be placed',
      async () => (await placed()).filter((each) => each.spec.nodeName).length === 4,
    );
    const waiting = (await placed()).filter((each) => !each.spec.nodeName);
    for (const each of waiting) {
      await unscheduled(
        each.metadata.name!,
        '0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.',
      );
    }
    const victim = (await placed()).find((each) => each.spec.nodeName === 'n1')!;
    await server.client.delete(podKind, victim.metadata.name!, 'default', { gracePeriodSeconds: 0 });
    await eventually(
      'a fifth to be placed',
      async () => (await placed()).filter((each) => each.spec.nodeName).length === 4,
    );
  });

  it('waits for scheduling gates to go', async () => {
    await addNode('n1');
    const gated = await addPod('gated', { schedulingGates: [{ name: 'example.com/quota' }] });
    await addPod('free');
    await isOn('free', 'n1');
    expect((await get('gated')).spec.nodeName).toBeUndefined();
    await server.client.patch(podKind, gated.metadata.name!, 'default', {
      type: 'json',
      body: [{ op: 'remove', path: '/spec/schedulingGates' }],
    });
    await isOn('gated', 'n1');
  });

  it('evicts less important pods for a more important one', async () => {
    await addNode('n1', { allocatable: { cpu: '1' } });
    await addPod('low', { priority: 0, requests: { cpu: '1' } });
    await isOn('low', 'n1');
    await addPod('high', { priority: 1000, requests: { cpu: '1' } });
    await eventually('low to be evicted', async () => {
      const low = await get('low');
      const condition = findCondition(low.status?.conditions, 'DisruptionTarget');
      return low.metadata.deletionTimestamp && condition?.reason === 'PreemptionByScheduler';
    });
    await eventually('high to be nominated', async () => (await get('high')).status?.nominatedNodeName === 'n1');
    // What its kubelet does once the pod has stopped.
    await server.client.delete(podKind, 'low', 'default', { gracePeriodSeconds: 0 });
    await isOn('high', 'n1');
    await eventOf('low', 'Preempted');
  });

  it('evicts those that no disruption budget protects first', async () => {
    await server.client.create(podDisruptionBudget, {
      metadata: { name: 'db', namespace: 'default' },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'db' } } },
    });
    await addNode('n1', { allocatable: { cpu: '2' } });
    await addPod('db', { priority: 0, requests: { cpu: '1' }, labels: { app: 'db' } });
    await addPod('web', { priority: 5, requests: { cpu: '1' } });
    await isOn('db', 'n1');
    await isOn('web', 'n1');
    await addPod('high', { priority: 1000, requests: { cpu: '1' } });
    await eventually('web to be evicted', async () => (await get('web')).metadata.deletionTimestamp);
    expect((await get('db')).metadata.deletionTimestamp).toBeUndefined();
  });

  it('counts what it did', async () => {
    await addNode('n1');
    await addPod('p');
    await isOn('p', 'n1');
    await eventOf('p', 'Scheduled');
    const text = await registry.metrics();
    expect(text).toContain('scheduler_schedule_attempts_total{result="scheduled",profile="default-scheduler"} 1');
    expect(text).toContain('scheduler_pending_pods{queue="active"} 0');
    expect(text).toContain('scheduler_cache_size{type="nodes"} 1');
    expect(text).toContain('scheduler_queue_incoming_pods_total{queue="active",event="PodAdd"} 1');
  });
});
