import type { Kind, KubeObject } from '@coracle/api/kind';
import type { Selector } from '@coracle/api/meta/labels';

/** What changed, as seen by the watch cache; objects must not be mutated. */
export interface Change<T extends KubeObject> {
  readonly type: 'added' | 'updated' | 'deleted';
  readonly object: T;
  readonly old?: T | undefined;
}

/** How the server itself writes. */
export interface OwnWriteOptions {
  dryRun?: boolean;
  /** Who is recorded in managedFields; `kube-apiserver` by default. */
  fieldManager?: string;
}

/**
 * Objects for the server's own parts: admission plugins, authorizers, allocators, the bootstrap. Calls pass neither
 * authentication nor admission, but defaults, validation and the resource's hooks do run.
 */
export interface ObjectAccess {
  /** From the watch cache: fast, perhaps a moment behind. Undefined when not there. Do not mutate the answer. */
  cached<T extends KubeObject>(kind: Kind<T>, name: string, namespace?: string): T | undefined;
  /** All of a kind from the watch cache, in key order. */
  cachedList<T extends KubeObject>(kind: Kind<T>, namespace?: string, selector?: Selector): T[];
  /** As `cachedList`, with all that was written before the call. */
  list<T extends KubeObject>(kind: Kind<T>, namespace?: string, selector?: Selector): Promise<T[]>;
  /** Waits until the caches hold everything written before this call; throws when the store or the caches do not keep up. */
  fresh(): Promise<unknown>;
  /** Calls back for every object there is now ('added'), then for every change, in order. Returns the unsubscriber. */
  onChange<T extends KubeObject>(kind: Kind<T>, handler: (change: Change<T>) => void): () => void;
  /** A linearizable read of the store. */
  get<T extends KubeObject>(kind: Kind<T>, name: string, namespace?: string): Promise<T | undefined>;
  /** From the watch cache, or from the store where the cache has not heard of it: what was made a moment ago counts at once. */
  lookUp<T extends KubeObject>(kind: Kind<T>, name: string, namespace?: string): Promise<T | undefined>;
  create<T extends KubeObject>(kind: Kind<T>, object: T, options?: OwnWriteOptions): Promise<T>;
  /**
   * Reads, changes and writes with optimistic locking until it succeeds; `change` gets a copy it may mutate and return, and
   * returns undefined to leave the object alone. `subresource: 'status'` writes status. Throws NotFound.
   */
  update<T extends KubeObject>(
    kind: Kind<T>,
    name: string,
    namespace: string | undefined,
    change: (current: T) => T | undefined | Promise<T | undefined>,
    options?: OwnWriteOptions & { subresource?: string },
  ): Promise<T>;
  /**
   * Lays fields over an object that is there, by server-side apply, whoever else manages them. `wanted` gets what there is, and returns undefined to leave
   * the object alone. Throws NotFound.
   */
  apply<T extends KubeObject>(
    kind: Kind<T>,
    name: string,
    namespace: string | undefined,
    wanted: (current: T) => KubeObject | undefined,
    options: OwnWriteOptions & { fieldManager: string; subresource?: string },
  ): Promise<T>;
  /** Deletes as a client's DELETE does, finalizers and grace included. Throws NotFound, Conflict (preconditions). */
  delete<T extends KubeObject>(
    kind: Kind<T>,
    name: string,
    namespace?: string,
    options?: {
      gracePeriodSeconds?: number;
      propagationPolicy?: string;
      preconditions?: { uid?: string; resourceVersion?: string };
      dryRun?: boolean;
    },
  ): Promise<void>;
}
