import type { Handle } from '../framework/handle.ts';
import type { Plugin } from '../framework/plugin.ts';

/** Binds by creating the pod's binding subresource. */
export function defaultBinder({ pods }: Pick<Handle, 'pods'>): Plugin {
  return {
    name: 'DefaultBinder',
    async bind(_state, { pod }, node) {
      await pods.bind(pod, node);
      return undefined;
    },
  };
}
