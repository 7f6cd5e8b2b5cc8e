import type { Node } from '@coracle/api/types/core/v1';
import { NodeInfo } from '../framework/node-info.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import { assumedOn } from '../framework/pod-info.ts';
import { Images } from './images.ts';
import { interleaveZones } from './node-order.ts';
import type { Snapshot } from './snapshot.ts';

interface PodState {
  info: PodInfo;
  node: string;
  /** Placed by this scheduler, and not yet seen with its node through the API server. */
  assumed: boolean;
}

/**
 * The nodes and the pods on them: what the API server said, plus the pods this scheduler has placed and whose binding is under
 * way. Every change raises the generation of the node it touches, so that a snapshot copies only those.
 */
export class ClusterCache {
  readonly #nodes = new Map<string, NodeInfo>();
  readonly #pods = new Map<string, PodState>();
  readonly #images = new Images();
  /** Names touched since the last snapshot. */
  readonly #dirty = new Set<string>();
  #generation = 0;
  #orderChanged = true;

  get nodeCount(): number {
    return this.#nodes.size;
  }

  get podCount(): number {
    return this.#pods.size;
  }

  get assumedCount(): number {
    let count = 0;
    for (const each of this.#pods.values()) if (each.assumed) count++;
    return count;
  }

  /** Adds a node or takes over its new state. */
  setNode(node: Node): void {
    const info = this.#nodeInfo(node.metadata.name!);
    const isNew = info.node === undefined;
    if (isNew || info.node!.metadata.labels !== node.metadata.labels) this.#orderChanged = true;
    info.setNode(node);
    this.#images.update(info, node);
    this.#touch(info);
  }

  /** Forgets a node; pods still on it stay known until they are deleted themselves. */
  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (!info) return;
    this.#images.remove(info);
    info.node = undefined;
    this.#orderChanged = true;
    this.#touch(info);
    this.#dropIfEmpty(info);
  }

  /** Takes a pod that the API server shows on a node; confirms it when it was assumed there. */
  setPod(info: PodInfo): void {
    const node = info.pod.spec.nodeName!;
    const known = this.#pods.get(info.uid);
    if (known) this.#take(known);
    this.#put({ info, node, assumed: false });
  }

  removePod(uid: string): void {
    const known = this.#pods.get(uid);
    if (!known) return;
    this.#take(known);
    this.#pods.delete(uid);
  }

  /** Counts a pod as on `node` from now on. Throws when the pod is in the cache already. */
  assume(info: PodInfo, node: string): PodInfo {
    if (this.#pods.has(info.uid)) throw new Error(`pod ${info.uid}(${info.key}) is in the cache, so can't be assumed`);
    const assumed = assumedOn(info, node);
    this.#put({ info: assumed, node, assumed: true });
    return assumed;
  }

  /** Undoes `assume` after a failed binding. Does nothing when the API server has confirmed the pod meanwhile. */
  forget(uid: string): void {
    if (this.#pods.get(uid)?.assumed) this.removePod(uid);
  }

  isAssumed(uid: string): boolean {
    return this.#pods.get(uid)?.assumed ?? false;
  }

  has(uid: string): boolean {
    return this.#pods.has(uid);
  }

  nodeObject(name: string): Node | undefined {
    return this.#nodes.get(name)?.node;
  }

  /** Brings a snapshot up to date: copies the nodes that changed since it was last brought up to date, and no others. */
  updateSnapshot(snapshot: Snapshot): void {
    let listsChanged = this.#orderChanged;
    for (const name of this.#dirty) {
      const info = this.#nodes.get(name);
      const before = snapshot.byName.get(name);
      if (!info?.node) {
        if (snapshot.byName.delete(name)) listsChanged = true;
        continue;
      }
      if (before && before.generation === info.generation) continue;
      snapshot.byName.set(name, info.clone());
      listsChanged = true;
    }
    this.#dirty.clear();
    snapshot.generation = this.#generation;
    if (!listsChanged) return;
    if (this.#orderChanged) {
      this.#order = interleaveZones([...this.#nodes.values()].flatMap((each) => each.node ?? []));
      this.#orderChanged = false;
    }
    snapshot.replaceLists(this.#order.map((name) => snapshot.byName.get(name)!));
  }

  #order: string[] = [];

  #put(state: PodState): void {
    this.#pods.set(state.info.uid, state);
    const info = this.#nodeInfo(state.node);
    info.addPod(state.info);
    this.#touch(info);
  }

  #take(state: PodState): void {
    const info = this.#nodes.get(state.node);
    if (!info) return;
    info.removePod(state.info);
    this.#touch(info);
    this.#dropIfEmpty(info);
  }

  #nodeInfo(name: string): NodeInfo {
    let info = this.#nodes.get(name);
    if (!info) {
      info = new NodeInfo(name);
      this.#nodes.set(name, info);
    }
    return info;
  }

  #touch(info: NodeInfo): void {
    info.generation = ++this.#generation;
    this.#dirty.add(info.name);
  }

  #dropIfEmpty(info: NodeInfo): void {
    if (!info.node && info.pods.length === 0) this.#nodes.delete(info.name);
  }
}
