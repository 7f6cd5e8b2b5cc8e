import { pod as podKind } from '@coracle/api/core/v1/pod';
import { isNotFound } from '@coracle/api/meta/status';
import type { Client } from '@coracle/client';
import type { PodWriter } from './framework/handle.ts';

/** Writes what the scheduler decided to the API server. */
export function podWriter(client: Client): PodWriter {
  return {
    async bind({ metadata }, node) {
      const { name, namespace, uid } = metadata;
      const binding = {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name, namespace, uid },
        target: { kind: 'Node', name: node },
      };
      await client.subresource(podKind, name!, namespace, 'binding', 'POST', binding);
    },

    async patchStatus({ metadata }, status) {
      const body = { metadata: { uid: metadata.uid }, status };
      const patch = { type: 'strategic' as const, body };
      await client.patch(podKind, metadata.name!, metadata.namespace, patch, { subresource: 'status' });
    },

    async delete({ metadata }) {
      try {
        await client.delete(podKind, metadata.name!, metadata.namespace, { preconditions: { uid: metadata.uid } });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    },
  };
}
