import { expect, it } from '@jest/globals';
import { callsToOwnServer } from '../testing/own-server.ts';

const call = callsToOwnServer();

const jobs = '/apis/batch/v1/namespaces/default/jobs';
const pods = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } };

it('gives jobs their selector, and orphans their pods with a warning unless told otherwise', async () => {
  const { status, body } = await call('POST', jobs, { metadata: { name: 'pi' }, spec: { template: pods } });
  expect(status).toBe(201);
  const { uid, labels, generation } = body.metadata;
  expect({ labels, generation }).toEqual({ labels: body.spec.template.metadata.labels, generation: 1 });
  expect(body.spec.selector).toEqual({ matchLabels: { 'batch.kubernetes.io/controller-uid': uid } });
  const gone = await call('DELETE', `${jobs}/pi`);
  expect(gone.body.metadata.finalizers).toEqual(['orphan']);
  expect(gone.headers.get('warning')).toContain('child pods are preserved by default when jobs are deleted');
  await call('POST', jobs, { metadata: { name: 'e' }, spec: { template: pods } });
  const told = await call('DELETE', `${jobs}/e?propagationPolicy=Background`);
  expect([told.body.status, told.headers.get('warning')]).toEqual(['Success', null]);
});

it('scales replication controllers, whose selector is a plain map', async () => {
  const path = '/api/v1/namespaces/default/replicationcontrollers';
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  await call('POST', path, { metadata: { name: 'web' }, spec: { template } });
  const scale = (await call('GET', `${path}/web/scale`)).body;
  expect(scale).toMatchObject({ spec: { replicas: 1 }, status: { replicas: 0, selector: 'app=web' } });
  expect((await call('PUT', `${path}/web/scale`, { ...scale, spec: { replicas: 3 } })).body.spec.replicas).toBe(3);
  expect((await call('GET', `${path}/web`)).body).toMatchObject({ metadata: { generation: 2 }, spec: { replicas: 3 } });
  expect((await call('DELETE', `${path}/web`)).body.metadata.finalizers).toEqual(['orphan']);
});

it('serves autoscalers in both versions as one object', async () => {
  const path = (version: string) => `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`;
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
  const made = await call('POST', path('v1'), { metadata: { name: 'web' }, spec: { scaleTargetRef, maxReplicas: 3 } });
  expect(made.body.spec).toMatchObject({ minReplicas: 1, targetCPUUtilizationPercentage: 80 });
  const newer = (await call('GET', `${path('v2')}/web`)).body;
  expect(newer).toMatchObject({
    apiVersion: 'autoscaling/v2',
    metadata: { uid: made.body.metadata.uid, resourceVersion: made.body.metadata.resourceVersion },
    spec: { metrics: [{ resource: { name: 'cpu', target: { averageUtilization: 80 } } }] },
  });
  newer.status = { currentReplicas: 1, desiredReplicas: 2, conditions: [{ type: 'AbleToScale', status: 'True' }] };
  expect((await call('PUT', `${path('v2')}/web/status`, newer)).status).toBe(200);
  // A writer of the older form that has no annotations changes nothing of the status.
  const older = (await call('GET', `${path('v1')}/web`)).body;
  delete older.metadata.annotations;
  older.spec.targetCPUUtilizationPercentage = 50;
  expect((await call('PUT', `${path('v1')}/web`, older)).status).toBe(200);
  expect((await call('GET', `${path('v2')}/web`)).body).toMatchObject({
    spec: { metrics: [{ resource: { target: { averageUtilization: 50 } } }] },
    status: { desiredReplicas: 2, conditions: [{ type: 'AbleToScale' }] },
  });
  const zero = await call('PUT', `${path('v1')}/web`, {
    ...older,
    metadata: { name: 'web' },
    spec: { scaleTargetRef },
  });
  expect(zero.body).toMatchObject({
    code: 422,
    details: { causes: expect.arrayContaining([expect.objectContaining({ field: 'spec.maxReplicas' })]) },
  });
});

it('counts the templates of daemon sets', async () => {
  const path = '/apis/apps/v1/namespaces/default/daemonsets';
  const template = { metadata: { labels: { app: 'd' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const spec = { selector: { matchLabels: { app: 'd' } }, template };
  const { body } = await call('POST', path, { metadata: { name: 'd' }, spec });
  body.spec.template.spec.containers[0].image = 'j';
  const changed = (await call('PUT', `${path}/d`, body)).body;
  expect(changed.metadata).toMatchObject({
    generation: 2,
    annotations: { 'deprecated.daemonset.template.generation': '2' },
  });
});
