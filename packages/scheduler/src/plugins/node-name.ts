import type { Node } from '@coracle/api/types/core/v1';
import type { Plugin } from '../framework/plugin.ts';
import { Status } from '../framework/status.ts';

const name = 'NodeName';
const refusal = new Status('UnschedulableAndUnresolvable', ["node(s) didn't match the requested node name"], name);

/** Refuses nodes other than the one in spec.nodeName. */
export function nodeName(): Plugin {
  return {
    name,
    filter: (_state, { pod }, node) => (!pod.spec.nodeName || pod.spec.nodeName === node.name ? undefined : refusal),
    interests: () => [
      {
        resource: 'Node',
        actions: ['Add'],
        hint: (pod, _, after) => pod.spec.nodeName === (after as Node).metadata.name,
      },
    ],
  };
}
