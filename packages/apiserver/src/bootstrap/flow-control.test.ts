import { flowSchema } from '@coracle/api/flowcontrol/v1/flowschema';
import { priorityLevelConfiguration } from '@coracle/api/flowcontrol/v1/prioritylevelconfiguration';
import type { FlowSchema, PriorityLevelConfiguration } from '@coracle/api/types/flowcontrol/v1';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Store } from '../storage/store.ts';
import { ownStore } from '../testing/own-store.ts';
import { startApiServer, type TestServer } from '../testing.ts';
import { autoUpdateAnnotation, ensureFlowControl } from './flow-control.ts';

let store: Store;
let server: TestServer;

beforeEach(async () => {
  store = await ownStore();
  server = await startApiServer({ store });
  await ensure();
});
afterEach(async () => {
  await server.close();
  await store.close();
});

async function ensure(it = server): Promise<void> {
  await it.registry.fresh();
  await ensureFlowControl(it.registry);
  await it.registry.fresh();
}

const level = (name: string) => server.registry.get(priorityLevelConfiguration, name);

/** What an administrator makes of a level: its shares, its annotation. */
async function change(name: string, shares: number, annotation?: string): Promise<void> {
  await server.registry.fresh();
  await server.registry.update(priorityLevelConfiguration, name, undefined, (it) => {
    it.spec.limited!.nominalConcurrencyShares = shares;
    if (annotation === undefined) delete it.metadata.annotations;
    else it.metadata.annotations = { [autoUpdateAnnotation]: annotation };
    return it;
  });
}

describe('flow control of a cluster', () => {
  it('begins with what upstream suggests', async () => {
    const levels = await server.registry.list(priorityLevelConfiguration);
    const width = ({ metadata: { name }, spec: { type, exempt, limited } }: PriorityLevelConfiguration) => {
      const { queues, handSize, queueLengthLimit } = limited?.limitResponse?.queuing ?? {};
      const { nominalConcurrencyShares, lendablePercent } = (exempt ?? limited)!;
      return [name, type, nominalConcurrencyShares, lendablePercent, queues, handSize, queueLengthLimit];
    };
    expect(levels.map(width)).toEqual([
      ['catch-all', 'Limited', 5, 0, undefined, undefined, undefined],
      ['exempt', 'Exempt', 0, 0, undefined, undefined, undefined],
      ['global-default', 'Limited', 20, 50, 128, 6, 50],
      ['leader-election', 'Limited', 10, 0, 16, 4, 50],
      ['node-high', 'Limited', 40, 25, 64, 6, 50],
      ['system', 'Limited', 30, 33, 64, 6, 50],
      ['workload-high', 'Limited', 40, 50, 128, 6, 50],
      ['workload-low', 'Limited', 100, 90, 128, 6, 50],
    ]);
    const schemas = await server.registry.list(flowSchema);
    const place = ({ metadata: { name }, spec }: FlowSchema) =>
      [spec.matchingPrecedence, name, spec.priorityLevelConfiguration.name, spec.distinguisherMethod?.type] as const;
    expect(schemas.map(place).sort(([a], [b]) => a! - b!)).toEqual([
      [1, 'exempt', 'exempt', undefined],
      [2, 'probes', 'exempt', undefined],
      [100, 'system-leader-election', 'leader-election', 'ByUser'],
      [150, 'endpoint-controller', 'workload-high', 'ByUser'],
      [200, 'workload-leader-election', 'leader-election', 'ByUser'],
      [400, 'system-node-high', 'node-high', 'ByUser'],
      [500, 'system-nodes', 'system', 'ByUser'],
      [800, 'kube-controller-manager', 'workload-high', 'ByNamespace'],
      [800, 'kube-scheduler', 'workload-high', 'ByNamespace'],
      [900, 'kube-system-service-accounts', 'workload-high', 'ByNamespace'],
      [9000, 'service-accounts', 'workload-low', 'ByUser'],
      [9900, 'global-default', 'global-default', 'ByUser'],
      [10_000, 'catch-all', 'catch-all', 'ByUser'],
    ]);
    for (const { metadata } of [...levels, ...schemas]) {
      expect(metadata).toMatchObject({
        generation: 1,
        annotations: { [autoUpdateAnnotation]: 'true' },
        managedFields: [{ manager: 'api-priority-and-fairness-config-producer-v1', operation: 'Update' }],
      });
    }
  });

  it('is left alone where it is as it should be, by several servers', async () => {
    const before = await server.registry.fresh();
    const other = await startApiServer({ store });
    try {
      await Promise.all([ensure(), ensure(other)]);
      await Promise.all([ensure(), ensure(other)]);
      expect(await server.registry.fresh()).toBe(before);
    } finally {
      await other.close();
    }
  });

  it('is made once where several servers begin at once', async () => {
    for (const { metadata } of await server.registry.list(flowSchema)) {
      await server.registry.delete(flowSchema, metadata.name!);
    }
    const other = await startApiServer({ store });
    try {
      await Promise.all([ensure(), ensure(other)]);
      const schemas = await server.registry.list(flowSchema);
      expect(schemas).toHaveLength(13);
      expect(schemas.filter(({ metadata }) => metadata.generation !== 1)).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it.each([
    ['is kept up to the suggestion where the annotation says so', 'true', 100, 'true'],
    ['is left alone where the annotation says so', 'false', 7, 'false'],
    ['is left alone once it was changed, and says so', undefined, 7, 'false'],
    ['is left alone where the annotation cannot be read, and says so', 'perhaps', 7, 'false'],
  ])('%s', async (_what, annotation, shares, said) => {
    await change('workload-low', 7, annotation);
    await ensure();
    const now = await level('workload-low');
    expect(now?.spec.limited?.nominalConcurrencyShares).toBe(shares);
    expect(now?.metadata.annotations).toEqual({ [autoUpdateAnnotation]: said });
  });

  it('is taken over where nobody has changed it: an object of the first generation without the annotation', async () => {
    await server.registry.delete(priorityLevelConfiguration, 'workload-low');
    const old = (await level('system'))!;
    await server.registry.create(priorityLevelConfiguration, { metadata: { name: 'workload-low' }, spec: old.spec });
    await ensure();
    expect(await level('workload-low')).toMatchObject({
      metadata: { annotations: { [autoUpdateAnnotation]: 'true' }, generation: 2 },
      spec: { limited: { nominalConcurrencyShares: 100 } },
    });
  });

  it('is made again when it was deleted', async () => {
    await server.registry.delete(priorityLevelConfiguration, 'workload-low');
    await server.registry.delete(flowSchema, 'exempt');
    await ensure();
    expect(await level('workload-low')).toBeDefined();
    expect(await server.registry.get(flowSchema, 'exempt')).toBeDefined();
  });

  it('has mandatory objects that cannot be taken over, but for what the exempt level lends', async () => {
    await server.registry.update(priorityLevelConfiguration, 'exempt', undefined, (it) => {
      it.metadata.annotations = { [autoUpdateAnnotation]: 'false' };
      it.spec.exempt = { nominalConcurrencyShares: 10, lendablePercent: 50 };
      return it;
    });
    await ensure();
    expect(await level('exempt')).toMatchObject({
      metadata: { annotations: { [autoUpdateAnnotation]: 'true' } },
      spec: { exempt: { nominalConcurrencyShares: 10, lendablePercent: 50 } },
    });
  });

  it('loses what is suggested no more, and nothing else', async () => {
    const { spec } = (await level('system'))!;
    for (const [name, annotation] of [
      ['of-yesterday', 'true'],
      ['taken-over', 'false'],
      ['mine', undefined],
    ] as const) {
      const annotations: Record<string, string> =
        annotation === undefined ? {} : { [autoUpdateAnnotation]: annotation };
      await server.registry.create(priorityLevelConfiguration, { metadata: { name, annotations }, spec });
    }
    await ensure();
    const names = (await server.registry.list(priorityLevelConfiguration)).map(({ metadata }) => metadata.name);
    expect(names).toHaveLength(10);
    expect(names).toEqual(expect.arrayContaining(['taken-over', 'mine']));
  });
});
