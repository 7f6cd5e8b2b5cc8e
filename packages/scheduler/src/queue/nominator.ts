import type { PodInfo } from '../framework/pod-info.ts';

/** Which pods are to get which node once their victims are gone. Filters count them as if they were there already. */
export class Nominator {
  readonly #byNode = new Map<string, Map<string, PodInfo>>();
  readonly #nodeOf = new Map<string, string>();

  /** Nominates a pod for `node`, or for the node its status names; an earlier nomination ends. */
  add(info: PodInfo, node = info.pod.status?.nominatedNodeName ?? ''): void {
    this.delete(info.uid);
    if (node === '' || info.pod.spec.nodeName) return;
    this.#nodeOf.set(info.uid, node);
    const pods = this.#byNode.get(node);
    if (pods) pods.set(info.uid, info);
    else this.#byNode.set(node, new Map([[info.uid, info]]));
  }

  /**
   * Follows an update of a pod. A nomination made in memory outlives an update that does not mention any: such updates are
   * older than the decision.
   */
  update(before: PodInfo, after: PodInfo): void {
    const kept = this.#nodeOf.get(before.uid);
    const mentioned = before.pod.status?.nominatedNodeName || after.pod.status?.nominatedNodeName;
    this.add(after, !mentioned && kept ? kept : undefined);
  }

  delete(uid: string): void {
    const node = this.#nodeOf.get(uid);
    if (node === undefined) return;
    this.#nodeOf.delete(uid);
    const pods = this.#byNode.get(node)!;
    pods.delete(uid);
    if (pods.size === 0) this.#byNode.delete(node);
  }

  on(node: string): Iterable<PodInfo> {
    return this.#byNode.get(node)?.values() ?? [];
  }
}
