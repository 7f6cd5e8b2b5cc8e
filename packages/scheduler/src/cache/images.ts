import type { Node } from '@coracle/api/types/core/v1';
import type { ImageState, NodeInfo } from '../framework/node-info.ts';

/** Which images lie on which nodes. Nodes share one state per image, so `nodes` is right on all of them at once. */
export class Images {
  readonly #states = new Map<string, { size: number; nodes: Set<string> }>();

  /** Replaces what is known of a node's images by its status. */
  update(info: NodeInfo, node: Node): void {
    this.remove(info);
    const images = new Map<string, ImageState>();
    for (const image of node.status?.images ?? []) {
      for (const name of image.names ?? []) {
        let state = this.#states.get(name);
        if (!state) {
          state = { size: image.sizeBytes ?? 0, nodes: new Set() };
          this.#states.set(name, state);
        }
        state.nodes.add(info.name);
        images.set(name, state);
      }
    }
    info.images = images;
  }

  remove(info: NodeInfo): void {
    for (const name of info.images.keys()) {
      const state = this.#states.get(name);
      if (state?.nodes.delete(info.name) && state.nodes.size === 0) this.#states.delete(name);
    }
    info.images = new Map();
  }
}
