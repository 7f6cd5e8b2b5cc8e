import type { KubeObject } from '@coracle/api/kind';
import { deepEqual } from '@coracle/api/meta/object';
import type { OwnerReference } from '@coracle/api/types/meta/v1';

export const foregroundFinalizer = 'foregroundDeletion';
export const orphanFinalizer = 'orphan';

/** What is needed to find an object on the server. */
export interface Identity {
  apiVersion: string;
  kind: string;
  namespace: string | undefined;
  name: string;
  uid: string;
}

/** An object as the collector knows it. */
export interface Node {
  identity: Identity;
  owners: readonly OwnerReference[];
  readonly dependents: Set<Node>;
  beingDeleted: boolean;
  /** Waits, with the foreground finalizer, until the dependents that block it are gone. */
  deletingDependents: boolean;
  /** Known only from owner references: no watch has shown it yet. */
  virtual: boolean;
}

/** What the graph asks of the collector after a change. */
export interface GraphTasks {
  /** The object may have lost its reason to be. */
  examine(node: Node): void;
  /** The object is being deleted and its dependents are to stay. */
  orphan(node: Node): void;
}

/**
 * Who owns whom, by uid. Invariants: a node is in the `dependents` of exactly the nodes its `owners` name; every owner named
 * anywhere has a node, a virtual one until it is seen.
 */
export class OwnerGraph {
  readonly #nodes = new Map<string, Node>();
  readonly #tasks: GraphTasks;

  constructor(tasks: GraphTasks) {
    this.#tasks = tasks;
  }

  get size(): number {
    return this.#nodes.size;
  }

  node(uid: string): Node | undefined {
    return this.#nodes.get(uid);
  }

  /** Takes note of an object that was added or changed. */
  observe(object: KubeObject, type: { apiVersion: string; kind: string }): void {
    const { namespace, name, uid, ownerReferences = [], deletionTimestamp, finalizers = [] } = object.metadata;
    const identity: Identity = { ...type, namespace: namespace || undefined, name: name!, uid: uid! };
    const known = this.#nodes.get(uid!);
    const node: Node = known ?? {
      identity,
      owners: [],
      dependents: new Set(),
      beingDeleted: false,
      deletingDependents: false,
      virtual: false,
    };
    if (!known) this.#nodes.set(uid!, node);
    const wasVirtual = node.virtual;
    const elsewhere = wasVirtual && !sameCoordinates(node.identity, identity);
    node.virtual = false;
    node.identity = identity;
    this.#setOwners(node, ownerReferences);
    // References that named it in another namespace or as another kind point nowhere: their objects are examined.
    if (elsewhere) for (const dependent of node.dependents) this.#tasks.examine(dependent);
    // Restarted, the collector finds work half done: what is already being deleted counts as news.
    if (deletionTimestamp && !node.beingDeleted) {
      node.beingDeleted = true;
      if (finalizers.includes(orphanFinalizer)) this.#tasks.orphan(node);
    }
    if (deletionTimestamp && finalizers.includes(foregroundFinalizer) && !node.deletingDependents) {
      node.deletingDependents = true;
      for (const dependent of node.dependents) this.#tasks.examine(dependent);
      this.#tasks.examine(node);
    }
  }

  /** Takes note that an object is gone. Its dependents, and owners that wait for it, are examined. */
  forget(uid: string): void {
    const node = this.#nodes.get(uid);
    if (!node) return;
    this.#nodes.delete(uid);
    for (const { uid: owner } of node.owners) {
      const ownerNode = this.#nodes.get(owner);
      ownerNode?.dependents.delete(node);
      if (ownerNode?.deletingDependents) this.#tasks.examine(ownerNode);
      if (ownerNode?.virtual && ownerNode.dependents.size === 0) this.#nodes.delete(owner);
    }
    if (node.dependents.size === 0) return;
    for (const dependent of node.dependents) this.#tasks.examine(dependent);
    // They still name it, until they are gone or have it removed.
    this.#nodes.set(uid, { ...node, owners: [], virtual: true, beingDeleted: false, deletingDependents: false });
  }

  #setOwners(node: Node, owners: readonly OwnerReference[]): void {
    if (deepEqual(node.owners, owners)) return;
    const before = new Map(node.owners.map((each) => [each.uid, each]));
    const after = new Map(owners.map((each) => [each.uid, each]));
    node.owners = owners;
    for (const [uid, reference] of after) this.#link(node, uid, reference);
    for (const [uid, reference] of before) {
      const next = after.get(uid);
      const owner = this.#nodes.get(uid);
      if (!next && owner) {
        owner.dependents.delete(node);
        if (owner.virtual && owner.dependents.size === 0) this.#nodes.delete(uid);
      }
      // It no longer holds up its owner's deletion.
      const unblocked = reference.blockOwnerDeletion === true && next?.blockOwnerDeletion !== true;
      if (owner && (unblocked || !next)) this.#tasks.examine(owner);
    }
    if (before.size > 0) this.#tasks.examine(node);
  }

  #link(node: Node, uid: string, { apiVersion, kind, name }: OwnerReference): void {
    const known = this.#nodes.get(uid);
    if (known) {
      known.dependents.add(node);
      const claimed = { apiVersion, kind, name, uid, namespace: node.identity.namespace };
      // A reference with the wrong coordinates points nowhere, whatever its uid.
      if (!known.virtual && !sameCoordinates(known.identity, claimed)) this.#tasks.examine(node);
      return;
    }
    const virtual: Node = {
      identity: { apiVersion, kind, name, uid, namespace: node.identity.namespace },
      owners: [],
      dependents: new Set([node]),
      beingDeleted: false,
      deletingDependents: false,
      virtual: true,
    };
    this.#nodes.set(uid, virtual);
    // Whether it exists is not known: a look at the server decides.
    this.#tasks.examine(virtual);
  }
}

const groupOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';

/** Whether a reference means the object: cluster-scoped owners match from any namespace. */
function sameCoordinates(object: Identity, named: Identity): boolean {
  return (
    object.kind === named.kind &&
    groupOf(object.apiVersion) === groupOf(named.apiVersion) &&
    object.name === named.name &&
    (object.namespace === undefined || named.namespace === undefined || object.namespace === named.namespace)
  );
}

/** The dependents that must go before the node can. */
export const blockingDependents = (node: Node): Node[] =>
  [...node.dependents].filter((dependent) =>
    dependent.owners.some((owner) => owner.uid === node.identity.uid && owner.blockOwnerDeletion === true),
  );
