import { type Referenced, referencesOf } from '@coracle/api/core/v1/pod-references';
import { isMirror } from '@coracle/api/core/v1/static-pods';
import type { PersistentVolume, Pod } from '@coracle/api/types/core/v1';
import type { ResourceSlice } from '@coracle/api/types/resource/v1';
import type { VolumeAttachment } from '@coracle/api/types/storage/v1';
import { mountSecretsOf } from './volume-references.ts';

/** The kinds of objects the graph knows. */
export type Connected = Referenced | 'pod' | 'persistentvolume' | 'volumeattachment' | 'resourceslice';

/**
 * Which nodes run a pod that needs an object: what the node authorizer asks. Fed by the caches of pods, volumes, attachments and slices. A pod
 * needs a claim, the claim its volume, and the volume the secrets it is mounted with.
 */
export class NodeGraph {
  /** Object key, then node, then how many of the node's pods need it. */
  readonly #nodes = new Map<string, Map<string, number>>();
  /** What each pod contributed, to take it back. */
  readonly #edges = new Map<string, { node: string; uid: string; keys: string[] }>();
  /** The claim of each volume that has one, and its secrets. */
  readonly #volumes = new Map<string, { claim: string; secrets: string[] }>();
  /** The volumes that need a secret. */
  readonly #volumesOfSecret = new Map<string, Set<string>>();
  /** The node of each attachment. */
  readonly #attachments = new Map<string, string>();
  /** The node of each slice of devices that is of one. */
  readonly #slices = new Map<string, string>();

  /** A pod was created or changed. What a pod refers to is fixed with its node, ephemeral containers aside. */
  setPod(pod: Pod): void {
    const podKey = keyOf('pod', pod.metadata.namespace, pod.metadata.name);
    this.#remove(podKey);
    const node = pod.spec.nodeName;
    if (!node) return;
    // A static pod's image the node may have written itself: it entitles the node to nothing.
    const references = isMirror(pod) ? [] : referencesOf(pod);
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

  /** A volume was created or changed; it is needed by whoever needs its claim. */
  setVolume(volume: PersistentVolume): void {
    const name = volume.metadata.name!;
    this.deleteVolume(name);
    const { claimRef } = volume.spec;
    if (!claimRef) return;
    const claim = keyOf('persistentvolumeclaim', claimRef.namespace, claimRef.name);
    const secrets = mountSecretsOf(volume).map((each) => keyOf('secret', each.namespace, each.name));
    this.#volumes.set(name, { claim, secrets });
    for (const secret of secrets) {
      const volumes = this.#volumesOfSecret.get(secret) ?? new Set<string>();
      this.#volumesOfSecret.set(secret, volumes.add(name));
    }
  }

  deleteVolume(name: string): void {
    for (const secret of this.#volumes.get(name)?.secrets ?? []) {
      const volumes = this.#volumesOfSecret.get(secret);
      volumes?.delete(name);
      if (volumes?.size === 0) this.#volumesOfSecret.delete(secret);
    }
    this.#volumes.delete(name);
  }

  setAttachment({ metadata, spec }: VolumeAttachment): void {
    this.#attachments.set(metadata.name!, spec.nodeName);
  }

  deleteAttachment(name: string): void {
    this.#attachments.delete(name);
  }

  setSlice({ metadata, spec }: ResourceSlice): void {
    if (spec.nodeName) this.#slices.set(metadata.name!, spec.nodeName);
    else this.#slices.delete(metadata.name!);
  }

  deleteSlice(name: string): void {
    this.#slices.delete(name);
  }

  /** Whether one of the node's pods needs the object (or is it), or the object is an attachment to the node or a slice of its devices. */
  connects(node: string, kind: Connected, namespace: string, name: string): boolean {
    if (kind === 'volumeattachment') return this.#attachments.get(name) === node;
    if (kind === 'resourceslice') return this.#slices.get(name) === node;
    if (kind === 'persistentvolume') return this.#needsVolume(node, name);
    const key = keyOf(kind, namespace, name);
    if (this.#nodes.get(key)?.has(node)) return true;
    if (kind !== 'secret') return false;
    return [...(this.#volumesOfSecret.get(key) ?? [])].some((volume) => this.#needsVolume(node, volume));
  }

  #needsVolume(node: string, name: string): boolean {
    const claim = this.#volumes.get(name)?.claim;
    return claim !== undefined && (this.#nodes.get(claim)?.has(node) ?? false);
  }
}

function keyOf(kind: string, namespace = '', name = ''): string {
  return `${kind}/${namespace}/${name}`;
}
