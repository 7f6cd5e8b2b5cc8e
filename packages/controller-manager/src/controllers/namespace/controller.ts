import { namespace as namespaceKind } from '@coracle/api/core/v1/namespace';
import { clone } from '@coracle/api/meta/object';
import { aggregate, isNotFound } from '@coracle/api/meta/status';
import type { Namespace } from '@coracle/api/types/core/v1';
import { delay } from '@coracle/client/rate-limit';
import { defineController, mapped, type Scope } from '../../controller.ts';
import { noteConditions } from './conditions.ts';
import { deleteContent } from './content.ts';

const finalizer = 'kubernetes';

/**
 * How often each namespace (by uid) was looked at while its content ended. Most pods end long before their grace does, so the first
 * looks follow soon, the later ones at upstream's pace: half of what the content may take.
 */
const waiting = new Map<string, number>();

/** Empties each Namespace that is being deleted and then lets it go. */
export const namespaceController = defineController({
  name: 'namespace-controller',
  aliases: ['namespace'],
  workers: (settings) => settings.workers.namespace ?? 10,
  watches: [
    mapped(namespaceKind, (it, old, scope) => {
      // Our own notes in its status are no reason to start again: the retries have their own rhythm.
      if (!it.metadata.deletionTimestamp || old?.metadata.deletionTimestamp) return [];
      scope.enqueue(it.metadata.name!, scope.settings.namespaceDeletionGracePeriod);
      return [];
    }),
  ],

  /** A namespace that is stuck is looked at again now and then, whatever its back-off. */
  async run({ enqueue, listers, settings, signal }) {
    while (!signal.aborted) {
      await delay(settings.namespaceSyncPeriod, signal);
      for (const { metadata } of listers.list(namespaceKind)) if (metadata.deletionTimestamp) enqueue(metadata.name!);
    }
  },

  async reconcile(key, scope) {
    const it = await live(key, scope);
    if (!it?.metadata.deletionTimestamp || !it.spec?.finalizers?.includes(finalizer)) return;
    const emptying = await deleteContent(scope.client, key);
    const noted = clone(it);
    noted.status ??= {};
    noted.status.conditions ??= [];
    const changed = noteConditions(noted.status.conditions, emptying);
    if (changed || noted.status.phase !== 'Terminating') {
      noted.status.phase = 'Terminating';
      noted.metadata = (await scope.client.updateStatus(namespaceKind, noted)).metadata;
    }
    const failures = [...emptying.discoveryFailures.map(({ error }) => error), ...emptying.deletionErrors];
    if (failures.length > 0) throw new Error(aggregate(failures.map((error) => error.message)));
    if (emptying.remaining.size > 0) {
      const looks = (waiting.get(it.metadata.uid!) ?? 0) + 1;
      waiting.set(it.metadata.uid!, looks);
      scope.enqueue(key, Math.min(2 ** (looks - 1), emptying.estimate / 2 + 1) * 1000);
      return;
    }
    waiting.delete(it.metadata.uid!);
    await finalize(noted, scope);
  },
});

async function live(key: string, { client }: Scope): Promise<Namespace | undefined> {
  try {
    return await client.get(namespaceKind, key);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Takes our finalizer away; the last one to go lets the server remove the namespace. */
async function finalize(it: Namespace, { client }: Scope): Promise<void> {
  const finalizers = (it.spec?.finalizers ?? []).filter((each) => each !== finalizer);
  const body = { ...it, apiVersion: 'v1', kind: 'Namespace', spec: { ...it.spec, finalizers } };
  try {
    await client.subresource(namespaceKind, it.metadata.name!, undefined, 'finalize', 'PUT', body);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
