import { pod as podKind } from '@coracle/api/core/v1/pod';
import { findCondition } from '@coracle/api/meta/conditions';
import { podDisruptionBudget } from '@coracle/api/policy/v1/poddisruptionbudget';
import type { Pod } from '@coracle/api/types/core/v1';
import type { DeleteOptions } from '@coracle/api/types/meta/v1';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '@coracle/api/types/policy/v1';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Store } from '../../storage/store.ts';
import { callsTo } from '../../testing/http.ts';
import { ownStore } from '../../testing/own-store.ts';
import { startApiServer, type TestServer } from '../../testing.ts';

const namespace = 'default';
const violation = "Cannot evict pod as it would violate the pod's disruption budget.";

let store: Store;
let servers: TestServer[];
beforeEach(async () => {
  store = await ownStore();
  servers = [await startApiServer({ store }), await startApiServer({ store })];
});
afterEach(async () => {
  for (const server of servers) await server.close();
  await store.close();
});

async function makePod(name: string, { phase = 'Running', ready = true, labels = { app: 'web' } } = {}): Promise<Pod> {
  const { client } = servers[0]!;
  const containers = [{ name: 'c', image: 'i' }];
  const made = await client.create(podKind, {
    metadata: { name, namespace, labels },
    spec: { nodeName: 'n', containers },
  });
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }];
  return client.updateStatus(podKind, { ...made, status: { ...made.status, phase, conditions } });
}

async function makeBudget(
  status: Partial<PodDisruptionBudgetStatus>,
  spec: Partial<PodDisruptionBudget['spec']> = {},
  name = 'web',
): Promise<PodDisruptionBudget> {
  const { client } = servers[0]!;
  const made = await client.create(podDisruptionBudget, {
    metadata: { name, namespace },
    spec: { minAvailable: 2, selector: { matchLabels: { app: 'web' } }, ...spec },
  });
  return client.updateStatus(podDisruptionBudget, {
    ...made,
    status: { ...made.status, observedGeneration: 1, ...status },
  });
}

const evict = (name: string, deleteOptions?: DeleteOptions, server = servers[0]!) =>
  callsTo(server.url)('POST', `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name, namespace },
    ...(deleteOptions ? { deleteOptions } : {}),
  });
const podNow = (name: string) => servers[0]!.client.get(podKind, name, namespace);
const budgetNow = async () => (await servers[0]!.client.get(podDisruptionBudget, 'web', namespace)).status!;

describe('an eviction under a budget', () => {
  it('is charged to it, however many ask at once and of whichever server', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `web-${i}`);
    for (const name of names) await makePod(name);
    await makeBudget({ disruptionsAllowed: 3, currentHealthy: 12, desiredHealthy: 9, expectedPods: 12 });
    const answers = await Promise.all(names.map((name, i) => evict(name, undefined, servers[i % 2])));
    expect(answers.map((each) => each.status).sort()).toEqual([201, 201, 201, ...Array(9).fill(429)]);
    const evicted = names.filter((_, i) => answers[i]!.status === 201);
    const going = (await servers[1]!.client.list(podKind, { namespace })).items.filter(
      (it) => it.metadata.deletionTimestamp,
    );
    expect(going.map((it) => it.metadata.name).sort()).toEqual(evicted.sort());
    const status = await budgetNow();
    expect(status).toMatchObject({ disruptionsAllowed: 0, currentHealthy: 12 });
    expect(Object.keys(status.disruptedPods!).sort()).toEqual(evicted);
    expect(findCondition(status.conditions, 'DisruptionAllowed')).toMatchObject({
      status: 'False',
      reason: 'InsufficientPods',
    });
    expect(findCondition((await podNow(evicted[0]!)).status?.conditions, 'DisruptionTarget')).toMatchObject({
      status: 'True',
      reason: 'EvictionByEvictionAPI',
      message: 'Eviction API: evicting',
    });
  });

  it('is refused with what the budget needs', async () => {
    await makePod('web-1');
    await makeBudget({ currentHealthy: 2, desiredHealthy: 2 });
    const { status, body, headers } = await evict('web-1');
    expect(status).toBe(429);
    expect(body).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: violation,
      reason: 'TooManyRequests',
      details: {
        causes: [
          { reason: 'DisruptionBudget', message: 'The disruption budget web needs 2 healthy pods and has 2 currently' },
        ],
      },
      code: 429,
    });
    expect(headers.get('retry-after')).toBeNull();
    expect((await podNow('web-1')).status?.conditions).toHaveLength(1);
  });

  it('is refused with why the budget could not be worked out', async () => {
    await makePod('web-1');
    const failed = {
      type: 'DisruptionAllowed',
      status: 'False',
      reason: 'SyncFailed',
      message: 'found no controllers for pod "web-1"',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    await makeBudget({ conditions: [failed] });
    expect((await evict('web-1')).body.details.causes[0].message).toBe(
      'The disruption budget web does not allow evicting pods currently because it failed sync: found no controllers for pod "web-1"',
    );
  });

  it('waits for the controller to have seen the budget', async () => {
    await makePod('web-1');
    await makeBudget({ observedGeneration: 0, disruptionsAllowed: 1 });
    const { status, body, headers } = await evict('web-1');
    expect(status).toBe(429);
    expect(body.details).toEqual({
      causes: [
        { reason: 'DisruptionBudget', message: 'The disruption budget web is still being processed by the server.' },
      ],
      retryAfterSeconds: 10,
    });
    expect(headers.get('retry-after')).toBe('10');
  });

  it('is refused where several budgets claim the pod', async () => {
    await makePod('web-1');
    await makeBudget({ disruptionsAllowed: 1 });
    await makeBudget({ disruptionsAllowed: 1 }, {}, 'other');
    const { status, body } = await evict('web-1');
    expect([status, body.code, body.message]).toEqual([
      500,
      500,
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    ]);
  });

  it('does not ask the budget for pods that do not run', async () => {
    await makeBudget({});
    for (const phase of ['Pending', 'Succeeded', 'Failed']) {
      const name = phase.toLowerCase();
      await makePod(name, { phase });
      expect((await evict(name)).status).toBe(201);
    }
    expect((await budgetNow()).disruptedPods).toBeUndefined();
  });

  it('does not ask a budget that selects other pods, nor for pods without labels', async () => {
    await makeBudget({}, { selector: {} });
    await makePod('plain', { labels: {} as { app: string } });
    expect((await evict('plain')).status).toBe(201);
    await makePod('web-1');
    expect((await evict('web-1')).status).toBe(429);
  });

  it('lets pods that are not ready go where enough others are healthy, uncharged', async () => {
    await makePod('sick', { ready: false });
    await makeBudget({ currentHealthy: 2, desiredHealthy: 2 });
    expect((await evict('sick')).status).toBe(201);
    expect((await budgetNow()).disruptedPods).toBeUndefined();
  });

  it('keeps pods that are not ready where too few are healthy, unless the budget always lets them go', async () => {
    await makePod('sick', { ready: false });
    const budget = await makeBudget({ currentHealthy: 1, desiredHealthy: 2 });
    expect((await evict('sick')).status).toBe(429);
    budget.spec.unhealthyPodEvictionPolicy = 'AlwaysAllow';
    await servers[0]!.client.update(podDisruptionBudget, budget);
    expect((await evict('sick')).status).toBe(201);
  });

  it('changes nothing as a dry run, and says what would happen', async () => {
    await makePod('web-1');
    await makeBudget({ disruptionsAllowed: 1, currentHealthy: 3, desiredHealthy: 2 });
    expect((await evict('web-1', { dryRun: ['All'] })).status).toBe(201);
    expect((await podNow('web-1')).metadata.deletionTimestamp).toBeUndefined();
    expect(await budgetNow()).toMatchObject({ disruptionsAllowed: 1 });
    expect((await evict('web-1', { dryRun: ['Some'] })).status).toBe(422);
  });

  it('spends nothing on a pod that is not the one that was meant', async () => {
    const { metadata } = await makePod('web-1');
    await makeBudget({ disruptionsAllowed: 1, currentHealthy: 3, desiredHealthy: 2 });
    const other = await evict('web-1', { preconditions: { uid: 'other' } });
    expect([other.status, other.body.message]).toEqual([
      409,
      `Operation cannot be fulfilled on Pod "web-1": the UID in the precondition (other) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    ]);
    expect((await evict('web-1', { preconditions: { resourceVersion: '1' } })).status).toBe(409);
    expect(await budgetNow()).toMatchObject({ disruptionsAllowed: 1 });
    const { uid, resourceVersion } = metadata;
    expect((await evict('web-1', { preconditions: { uid: uid!, resourceVersion: resourceVersion! } })).status).toBe(
      201,
    );
    expect(await budgetNow()).toMatchObject({ disruptionsAllowed: 0 });
  });
});

describe('an eviction', () => {
  it('may be of the version before, by clients that know no other', async () => {
    await makePod('web', { phase: 'Succeeded' });
    const older = await callsTo(servers[0]!.url)('POST', `/api/v1/namespaces/${namespace}/pods/web/eviction`, {
      apiVersion: 'policy/v1beta1',
      kind: 'Eviction',
      metadata: { name: 'web' },
    });
    expect(older.body).toMatchObject({ kind: 'Status', status: 'Success' });
  });

  it('must name the pod of its path', async () => {
    const post = callsTo(servers[0]!.url);
    const path = `/api/v1/namespaces/${namespace}/pods/web-1/eviction`;
    const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'web-2' } };
    expect((await post('POST', path, body)).body.message).toBe('name in URL does not match name in Eviction object');
    expect((await evict('web-1')).status).toBe(404);
  });
});
