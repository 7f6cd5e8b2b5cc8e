import type { Handle } from '../framework/handle.ts';
import type { Plugin } from '../framework/plugin.ts';
import { maxNodeScore } from '../framework/plugin.ts';

const mebibyte = 1024 * 1024;
const minThreshold = 23 * mebibyte;
const maxContainerThreshold = 1000 * mebibyte;

/**
 * Prefers nodes that have much of the pod's images already. An image counts by its size times the share of nodes that have it,
 * so that one node with a rare image does not draw all pods to it.
 */
export function imageLocality({ snapshot }: Pick<Handle, 'snapshot'>): Plugin {
  return {
    name: 'ImageLocality',
    score(_state, { pod }, node) {
      const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
      const total = snapshot.nodes.length;
      let sum = 0;
      for (const { image } of containers) {
        const state = node.images.get(normalizedImage(image ?? ''));
        if (state) sum += Math.trunc(state.size * (state.nodes.size / total));
      }
      const max = maxContainerThreshold * containers.length;
      const clamped = Math.min(Math.max(sum, minThreshold), max);
      return Math.floor((maxNodeScore * (clamped - minThreshold)) / (max - minThreshold));
    },
  };
}

/** A name without tag or digest stands for `latest`. A colon before the last slash belongs to a registry's port. */
function normalizedImage(name: string): string {
  return name.lastIndexOf(':') <= name.lastIndexOf('/') ? `${name}:latest` : name;
}
