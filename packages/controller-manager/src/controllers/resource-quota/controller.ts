import { resourceQuota } from '@coracle/api/core/v1/resourcequota';
import type { KubeObject } from '@coracle/api/kind';
import { deepEqual, keyOf } from '@coracle/api/meta/object';
import { type Amounts, addResources, formatResources, parseResources } from '@coracle/api/meta/resources';
import { totalUsage } from '@coracle/api/quota/usage';
import type { ResourceQuota } from '@coracle/api/types/core/v1';
import { Informers } from '@coracle/client/informer';
import { delay } from '@coracle/client/rate-limit';
import { type Controller, type ControllerContext, defineController, own, type Scope } from '../../controller.ts';
import { type Counted, CountedResources } from './resources.ts';

const name = 'resourcequota-controller';
/** As upstream: kinds that have come or gone are noticed within this time (ms). */
const discoveryPeriod = 30_000;
/**
 * What is charged is written a moment later. Before room is given back, so much time (ms) passes between the version of the quota that is
 * written over and the count, so that everything charged in that version is there to be counted.
 */
const settling = 200;

/**
 * Counts what the objects of a namespace use of what its quotas bound: when a quota is new or bounds something else, when something it counts goes or
 * changes, and all of them from time to time (https://kubernetes.io/docs/concepts/policy/resource-quotas/).
 */
export const resourceQuotaController = (): Controller => {
  let resources: CountedResources;
  const declared = defineController({
    name,
    aliases: ['resourcequota'],
    watches: [
      (context, scope) => {
        resources = resourcesOf(context, scope);
        return own(resourceQuota, { when: (old, it) => !old || !deepEqual(old.spec, it.spec) })(context, scope);
      },
    ],
    workers: ({ workers }) => workers['resourcequota'] ?? 5,
    run: (scope) => Promise.all([resync(scope), rediscover(scope, resources)]).then(() => undefined),
    async reconcile(key, scope) {
      const quota = scope.listers.get(resourceQuota, key);
      if (quota && !quota.metadata.deletionTimestamp) await count(quota, resources, scope);
    },
  });
  return declared;
};

function resourcesOf({ client, informers, signal, log }: ControllerContext, scope: Scope): CountedResources {
  const metadata = new Informers(client.with({ metadataOnly: true }), { signal, log });
  return new CountedResources(client, informers, metadata, log, ({ evaluator }, before, now) => {
    const at = Date.now();
    for (const quota of scope.listers.list(resourceQuota, before.metadata.namespace)) {
      const uses = (it: KubeObject | undefined) =>
        formatResources(totalUsage(evaluator, quota.spec, it ? [it] : [], at));
      if (!deepEqual(uses(before), uses(now))) scope.enqueue(keyOf(quota));
    }
  });
}

async function resync({ settings, signal, listers, enqueue }: Scope): Promise<void> {
  while (!signal.aborted) {
    await delay(settings.resourceQuotaSyncPeriod, signal);
    for (const quota of listers.list(resourceQuota)) enqueue(keyOf(quota));
  }
}

async function rediscover(scope: Scope, resources: CountedResources): Promise<void> {
  const { signal, log } = scope;
  while (!signal.aborted) {
    await delay(discoveryPeriod, signal);
    try {
      await refresh(scope, resources);
    } catch (error) {
      if (!signal.aborted) log.error({ controller: name, err: error }, 'Discovery failed, trying again later');
    }
  }
}

/** Has quotas counted anew that bound what has come or gone. */
async function refresh({ listers, enqueue }: Scope, resources: CountedResources): Promise<void> {
  const changed = await resources.refresh();
  for (const quota of listers.list(resourceQuota)) {
    const names = Object.keys(quota.spec.hard ?? {});
    if (changed.some(({ evaluator }) => names.some((each) => evaluator.bounds(each)))) enqueue(keyOf(quota));
  }
}

/** Brings a quota's status to what there is. Throws where something could not be counted, after the rest has been written. */
async function count(quota: ResourceQuota, resources: CountedResources, { client, signal }: Scope): Promise<void> {
  const { spec, status, metadata } = quota;
  const hard = spec.hard ?? {};
  const names = Object.keys(hard);
  const isKnown = (each: string) => resources.counting([each]).length > 0;
  if (!names.every(isKnown)) await resources.refresh();
  const counted = resources.counting(names);
  await resources.watch(counted);
  const before = parseResources(status?.used);
  let { usage, failures } = await usageOf(quota, counted, resources);
  if ([...usage].some(([each, amount]) => before.get(each) && amount.cmp(before.get(each)!) < 0)) {
    await delay(settling, signal);
    ({ usage, failures } = await usageOf(quota, counted, resources));
  }
  // What nothing counts (any more) is as it was, or nothing.
  const used: Record<string, string> = {};
  for (const each of names) {
    const known = usage.get(each)?.toString() ?? status?.used?.[each];
    if (known !== undefined) used[each] = isKnown(each) || !resources.complete ? known : '0';
  }
  if (!deepEqual(status?.hard ?? {}, hard) || !deepEqual(status?.used ?? {}, used) || !status?.hard) {
    await client.updateStatus(resourceQuota, { ...quota, metadata: { ...metadata }, status: { hard, used } });
  }
  if (failures.length > 0) throw new AggregateError(failures, failures.map(({ message }) => message).join(', '));
}

async function usageOf(
  { spec, metadata }: ResourceQuota,
  counted: readonly Counted[],
  resources: CountedResources,
): Promise<{ usage: Amounts; failures: Error[] }> {
  const usage: Amounts = new Map();
  const failures: Error[] = [];
  const counts = counted.map(async (each) => {
    try {
      addResources(
        usage,
        totalUsage(each.evaluator, spec, await resources.list(each, metadata.namespace!), Date.now()),
      );
    } catch (error) {
      failures.push(error as Error);
    }
  });
  await Promise.all(counts);
  return { usage, failures };
}
