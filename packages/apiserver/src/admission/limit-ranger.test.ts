import { limitRange } from '@coracle/api/core/v1/limitrange';
import { persistentVolumeClaim } from '@coracle/api/core/v1/persistentvolumeclaim';
import { pod } from '@coracle/api/core/v1/pod';
import type { LimitRangeItem, ResourceRequirements } from '@coracle/api/types/core/v1';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { startApiServer, type TestServer } from '../testing.ts';
import { limitRanger } from './limit-ranger.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startApiServer({ plugins: [limitRanger()] });
});
afterEach(() => server.close());

/** Makes a range and returns once plugins see it: reads that name no version wait for the cache. */
const limit = async (...limits: LimitRangeItem[]) => {
  const made = await server.client.create(limitRange, {
    metadata: { name: 'r', namespace: 'default' },
    spec: { limits },
  });
  await server.client.list(limitRange, { namespace: 'default' });
  return made;
};
const run = (resources: ResourceRequirements = {}, init: ResourceRequirements[] = []) =>
  server.client.create(pod, {
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      containers: [{ name: 'c', image: 'x', resources }],
      initContainers: init.map((each, i) => ({ name: `i${i}`, image: 'x', resources: each })),
    },
  });

describe('LimitRanger', () => {
  it('gives containers what the namespace has for those that state nothing', async () => {
    const made = await limit({ type: 'Container', default: { cpu: '2', memory: '1Gi' }, defaultRequest: { cpu: '1' } });
    expect(made.spec.limits[0]!.defaultRequest).toEqual({ cpu: '1', memory: '1Gi' });
    const { spec, metadata } = await run({ requests: { cpu: '500m' } }, [{}]);
    expect(spec.containers[0]!.resources).toEqual({
      limits: { cpu: '2', memory: '1Gi' },
      requests: { cpu: '500m', memory: '1Gi' },
    });
    expect(metadata.annotations?.['kubernetes.io/limit-ranger']).toBe(
      'LimitRanger plugin set: memory request for container c; cpu, memory limit for container c; cpu, memory request for init container i0; cpu, memory limit for init container i0',
    );
  });

  it.each<[LimitRangeItem, ResourceRequirements, string]>([
    [
      { type: 'Container', min: { cpu: '1' } },
      { requests: { cpu: '500m' } },
      'pods "web" is forbidden: minimum cpu usage per Container is 1, but request is 500m',
    ],
    [
      { type: 'Container', max: { cpu: '1' } },
      { limits: { cpu: '2' } },
      'pods "web" is forbidden: maximum cpu usage per Container is 1, but limit is 2',
    ],
    [
      { type: 'Container', maxLimitRequestRatio: { cpu: '2' } },
      { limits: { cpu: '3' }, requests: { cpu: '1' } },
      'cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000',
    ],
    [{ type: 'Pod', max: { cpu: '1' } }, {}, 'maximum cpu usage per Pod is 1.  No limit is specified'],
  ])('%j refuses %j', async (item, resources, why) => {
    await limit(item);
    await expect(run(resources)).rejects.toThrow(why);
  });

  it('binds as soon as a range is made, though its cache does not know it', async () => {
    const { registry } = server;
    const cachedList = registry.cachedList.bind(registry) as (...given: unknown[]) => never[];
    let behind = true;
    const cache = jest.spyOn(registry, 'cachedList').mockImplementation((...given: unknown[]) => {
      if (given[0] !== limitRange || !behind) return cachedList(...given);
      behind = false;
      return [];
    });
    try {
      await server.client.create(limitRange, {
        metadata: { name: 'r', namespace: 'default' },
        spec: { limits: [{ type: 'Container', default: { cpu: '2' } }] },
      });
      expect((await run()).spec.containers[0]!.resources?.limits).toEqual({ cpu: '2' });
      expect(behind).toBe(false);
    } finally {
      cache.mockRestore();
    }
  });

  it('bounds what claims ask for', async () => {
    await limit({ type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '2Gi' } });
    const claim = (storage: string) =>
      server.client.create(persistentVolumeClaim, {
        metadata: { name: 'data', namespace: 'default' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
      });
    await expect(claim('3Gi')).rejects.toThrow(
      'maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi',
    );
    await claim('1Gi');
  });

  it('ranges that no amount can meet are refused', async () => {
    await expect(limit({ type: 'Container', min: { cpu: '2' }, max: { cpu: '1' } })).rejects.toThrow(
      'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
    );
    await expect(limit({ type: 'Pod', default: { cpu: '1' } })).rejects.toThrow(
      "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
    );
  });
});
