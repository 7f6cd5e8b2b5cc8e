import { scheme } from '@coracle/api/builtin';
import type { KubeObject } from '@coracle/api/kind';
import type { Client } from '@coracle/client';

/** Who Coracle is in the managed fields of objects it keeps. */
const fieldManager = 'coracle';

/**
 * Brings objects of the cluster's own to what they should be, by server-side apply: fields that users added stay. Namespaces and accounts come
 * before what is in or of them. Throws StatusError.
 */
export async function applyObjects(client: Client, objects: readonly KubeObject[]): Promise<void> {
  for (const body of objects) {
    const kind = scheme.kind(body.apiVersion!, body.kind!);
    if (!kind) throw new Error(`${body.apiVersion} ${body.kind} is not known`);
    const { name, namespace } = body.metadata;
    await client.patch(kind, name!, namespace, { type: 'apply', body }, { fieldManager, force: true });
  }
}
