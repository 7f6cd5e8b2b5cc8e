import { pod } from '@coracle/api/core/v1/pod';
import { keyOf } from '@coracle/api/meta/object';
import { isNotFound } from '@coracle/api/meta/status';
import { now } from '@coracle/api/meta/time';
import { defineController, own } from '../../controller.ts';
import { staleFrom } from './status.ts';

/** Takes back the DisruptionTarget condition of pods that were marked to be deleted and never were (KEP-3329). */
export const staleConditions = defineController({
  name: 'stale-pod-disruption',
  workers: () => 1,
  watches: [own(pod, { when: (_old, it) => staleFrom(it) !== undefined })],

  async reconcile(key, { listers, client, enqueue }) {
    const it = listers.get(pod, key);
    const from = it && staleFrom(it);
    if (!it || from === undefined) return;
    const wait = from - Date.now();
    if (wait > 0) return enqueue(keyOf(it), wait);
    const { name, namespace, uid, resourceVersion } = it.metadata;
    const condition = { type: 'DisruptionTarget', status: 'False', lastTransitionTime: now() };
    const body = { metadata: { uid, resourceVersion }, status: { conditions: [condition] } };
    try {
      await client.patch(pod, name!, namespace, { type: 'strategic', body }, { subresource: 'status' });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  },
});
