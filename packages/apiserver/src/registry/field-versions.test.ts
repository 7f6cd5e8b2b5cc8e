import { describe, expect, it } from '@jest/globals';
import { callsToOwnServer } from '../testing/own-server.ts';

const call = callsToOwnServer();

const scalers = (version: string, name = '') =>
  `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers/${name}`;
const apply = (version: string, name: string, manager: string, spec: object, force = false) =>
  call(
    'PATCH',
    `${scalers(version, name)}?fieldManager=${manager}&force=${force}`,
    {
      apiVersion: `autoscaling/${version}`,
      kind: 'HorizontalPodAutoscaler',
      metadata: { name },
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, ...spec },
    },
    { 'content-type': 'application/apply-patch+yaml' },
  );
const cpu = (averageUtilization: number) => ({
  metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } }],
});

interface Entry {
  manager: string;
  apiVersion: string;
  fieldsV1: { 'f:spec'?: object };
}
async function managers(path: string): Promise<Record<string, Entry>> {
  const { body } = await call('GET', path);
  return Object.fromEntries(body.metadata.managedFields.map((each: Entry) => [each.manager, each]));
}

describe('fields that were written in another version', () => {
  it('are contested in the words of that version, and lost to who takes them by force', async () => {
    await apply('v1', 'contested', 'a', { maxReplicas: 5, targetCPUUtilizationPercentage: 50 });
    const refused = await apply('v2', 'contested', 'b', { maxReplicas: 5, ...cpu(80) });
    expect([refused.status, refused.body.message]).toEqual([
      409,
      'Apply failed with 1 conflict: conflict with "a": .spec.targetCPUUtilizationPercentage',
    ]);
    const forced = await apply('v2', 'contested', 'b', { maxReplicas: 5, ...cpu(80) }, true);
    expect(forced.body.spec.metrics[0].resource.target.averageUtilization).toBe(80);
    const { a, b } = await managers(scalers('v2', 'contested'));
    expect(a).toMatchObject({ apiVersion: 'autoscaling/v1' });
    expect(a!.fieldsV1['f:spec']).toEqual({ 'f:maxReplicas': {}, 'f:scaleTargetRef': {} });
    expect(b!.fieldsV1['f:spec']).toMatchObject({ 'f:metrics': {} });
  });

  it('are not contested where they stay as they are', async () => {
    await apply('v1', 'agreed', 'a', { maxReplicas: 5, targetCPUUtilizationPercentage: 50 });
    expect((await apply('v2', 'agreed', 'b', { maxReplicas: 5, ...cpu(50) })).status).toBe(200);
    expect((await managers(scalers('v2', 'agreed'))).a!.fieldsV1['f:spec']).toHaveProperty(
      'f:targetCPUUtilizationPercentage',
    );
  });

  it('are removed when who applied them there leaves them out here', async () => {
    await apply('v1', 'left-out', 'a', { minReplicas: 2, maxReplicas: 5, targetCPUUtilizationPercentage: 50 });
    const { body } = await apply('v2', 'left-out', 'a', { maxReplicas: 5, ...cpu(50) });
    expect(body.spec).toMatchObject({ minReplicas: 1, maxReplicas: 5, ...cpu(50) });
  });

  it('stay when others own them, in whatever version', async () => {
    await apply('v1', 'shared', 'a', { minReplicas: 2, maxReplicas: 5, targetCPUUtilizationPercentage: 50 });
    await apply('v1', 'shared', 'b', { minReplicas: 2, maxReplicas: 5, targetCPUUtilizationPercentage: 50 });
    const { body } = await apply('v2', 'shared', 'a', { maxReplicas: 5 });
    expect(body.spec).toMatchObject({ minReplicas: 2, ...cpu(50) });
  });

  it('are lost to an update', async () => {
    await apply('v1', 'updated', 'a', { maxReplicas: 5, targetCPUUtilizationPercentage: 50 });
    const merge = { 'content-type': 'application/merge-patch+json' };
    await call('PATCH', `${scalers('v2', 'updated')}?fieldManager=b`, { spec: cpu(90) }, merge);
    expect((await managers(scalers('v2', 'updated'))).a!.fieldsV1['f:spec']).not.toHaveProperty(
      'f:targetCPUUtilizationPercentage',
    );
  });

  it('are nobody’s when the version is not served any more', async () => {
    await apply('v2', 'old', 'a', { maxReplicas: 5 });
    const { body } = await call('GET', scalers('v2', 'old'));
    const [entry] = body.metadata.managedFields;
    body.metadata.managedFields.push({ ...entry, manager: 'old', apiVersion: 'autoscaling/v2beta2' });
    expect((await call('PUT', scalers('v2', 'old'), body)).status).toBe(200);
    expect(Object.keys(await managers(scalers('v2', 'old')))).toEqual(['a']);
  });
});
