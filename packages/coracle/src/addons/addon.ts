import type { Kind, KubeObject } from '@coracle/api/kind';
import type { Client } from '@coracle/client';

/** One object of an add-on, with its kind. */
export interface AddonObject {
  kind: Kind<KubeObject>;
  object: KubeObject;
}

const fieldManager = 'coracle';

export const addonObject = <T extends KubeObject>(kind: Kind<T>, object: T): AddonObject => ({
  kind: kind as unknown as Kind<KubeObject>,
  object: { ...object, apiVersion: kind.apiVersion, kind: kind.kind },
});

/**
 * Brings the objects of an add-on to what they are to be, in order, whether they are there or not. What others set beside stays; what
 * they changed of it is set back. Throws StatusError for what the API server refuses.
 */
export async function applyAddon(client: Client, objects: readonly AddonObject[]): Promise<void> {
  for (const { kind, object } of objects) {
    const { name, namespace } = object.metadata;
    await client.patch(kind, name!, namespace, { type: 'apply', body: object }, { fieldManager, force: true });
  }
}
