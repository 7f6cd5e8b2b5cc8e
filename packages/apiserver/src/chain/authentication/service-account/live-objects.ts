import { node } from '@coracle/api/core/v1/node';
import { pod } from '@coracle/api/core/v1/pod';
import { secret } from '@coracle/api/core/v1/secret';
import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
import type { AnyKind, KubeObject } from '@coracle/api/kind';
import { parseTime } from '@coracle/api/meta/time';
import type { ObjectAccess } from '../../../registry/access.ts';
import type { BoundKind, LiveObjects } from './verifier.ts';

/** How long an object that is being deleted still vouches for tokens: clocks of the servers of a cluster differ a little. */
const leeway = 60_000;

/** Looks bound objects up in the watch cache, and in the store when the cache does not know the very same object (yet). */
export function liveObjects(objects: ObjectAccess): LiveObjects {
  const kinds: Record<BoundKind, AnyKind> = { serviceaccount: serviceAccount, pod, secret, node };
  return {
    async stateOf(kindName, ref, namespace) {
      const kind = kinds[kindName];
      const scope = kind.namespaced ? namespace : undefined;
      const cached: KubeObject | undefined = objects.cached(kind, ref.name, scope);
      const object: KubeObject | undefined =
        cached?.metadata.uid === ref.uid ? cached : await objects.get(kind, ref.name, scope);
      if (!object) return { is: 'gone' };
      const { deletionTimestamp, uid = '' } = object.metadata;
      if (uid !== ref.uid) return { is: 'replaced', uid };
      const isOver = deletionTimestamp !== undefined && parseTime(deletionTimestamp) < Date.now() - leeway;
      return { is: isOver ? 'deleted' : 'alive' };
    },
  };
}
