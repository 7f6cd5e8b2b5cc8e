import type { Pod } from '@coracle/api/types/core/v1';
import { type Referenced, referencesOf } from './pod-references.ts';

/** Marks the copy of a static pod in the API: the node may have written it itself, so it entitles the node to nothing. */
export const mirrorAnnotation = 'kubernetes.io/config.mirror';

/** Which nodes run a pod that needs an object: what the node authorizer asks. Fed by the cache of pods. */
export class NodeGraph {
  /** Object key, then node, then how many of the node's pods need it. */
  readonly #nodes = new Map<string, Map<string, number>>();
  /** What each pod contributed, to take it back. */
  readonly #edges = new Map<string, { node: string; uid: string; keys: string[] }>();

  /** A pod was created or changed. What a pod refers to is fixed with its node, ephemeral containers aside. */
  setPod(pod: Pod): void {
    const podKey = keyOf('pod', pod.metadata.namespace, pod.metadata.name);
    this.#remove(podKey);
    const node = pod.spec.nodeName;
    if (!node) return;
    const mirror = pod.metadata.annotations?.[mirrorAnnotation] !== undefined;
    const references = mirror ? [] : referencesOf(pod);
    const keys = [podKey, ...references.map(({ kind, name }) => keyOf(kind, pod.metadata.namespace, name))];
    this.#edges.set(podKey, { node, uid: pod.metadata.uid ?? '', keys });
    for (const key of keys) {
      const nodes = this.#nodes.get(key) ?? new Map<string, number>();
      this.#nodes.set(key, nodes.set(node, (nodes.get(node) ?? 0) + 1));
    }
  }

  deletePod(namespace: string, name: string): void {
    this.#remove(keyOf('pod', namespace, name));
  }

  #remove(podKey: string): void {
    const edges = this.#edges.get(podKey);
    if (!edges) return;
    this.#edges.delete(podKey);
    for (const key of edges.keys) {
      const nodes = this.#nodes.get(key);
      const rest = (nodes?.get(edges.node) ?? 0) - 1;
      if (rest > 0) nodes?.set(edges.node, rest);
      else nodes?.delete(edges.node);
      if (nodes?.size === 0) this.#nodes.delete(key);
    }
  }

  /** Whether one of the node's pods needs the object (or is it). */
  connects(node: string, kind: Referenced | 'pod', namespace: string, name: string): boolean {
    return this.#nodes.get(keyOf(kind, namespace, name))?.has(node) ?? false;
  }
}

function keyOf(kind: string, namespace = '', name = ''): string {
  return `${kind}/${namespace}/${name}`;
}
