import type { Pod } from '@coracle/api/types/core/v1';
import { expect, it } from '@jest/globals';
import { isToLeave } from './drain.ts';

const pod = (metadata: Pod['metadata'], phase = 'Running'): Pod => ({
  metadata,
  spec: { containers: [] },
  status: { phase },
});
const owned = (kind: string) => ({
  ownerReferences: [{ apiVersion: 'apps/v1', kind, name: 'x', uid: 'u', controller: true }],
});

it.each<[string, Pod, boolean]>([
  ['one of nobody', pod({ name: 'a' }), true],
  ['one of a ReplicaSet', pod(owned('ReplicaSet')), true],
  ['one of a DaemonSet, which would come back', pod(owned('DaemonSet')), false],
  ['one of a manifest file', pod({ annotations: { 'kubernetes.io/config.mirror': 'x' } }), false],
  ['one that has ended', pod({ name: 'a' }, 'Succeeded'), false],
])('of the pods of a node that is drained, %s has to leave: %#', (_, it, leaves) => expect(isToLeave(it)).toBe(leaves));
