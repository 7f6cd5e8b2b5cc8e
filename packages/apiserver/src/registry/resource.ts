import type { AnyKind, KubeObject } from '@coracle/api/kind';
import type { ObjectVersions } from '@coracle/api/patch/versions';
import type { DeleteOptions } from '@coracle/api/types/meta/v1';
import type { CachedObject } from '../storage/cached-object.ts';
import { relativeKey } from '../storage/keys.ts';
import type { ResourceCache } from '../storage/resource-cache.ts';
import type { StoredEntry } from '../storage/store.ts';
import type { WatchHub } from '../storage/watch-hub.ts';
import type { Write } from './admission.ts';
import { type Changed, changeObject, type MakeNew } from './change.ts';
import { createObject } from './create.ts';
import { type Deleted, removeObject } from './remove.ts';
import { type ResourceParts, Writer } from './writer.ts';

/** One served kind's objects: reads from the watch cache, writes to the store. All objects are in the kind's own form. */
export class Resource {
  readonly kind: AnyKind;
  readonly #parts: ResourceParts;
  readonly #writer: Writer;

  constructor(kind: AnyKind, parts: ResourceParts) {
    this.kind = kind;
    this.#parts = parts;
    this.#writer = new Writer(kind, parts);
  }

  get cache(): ResourceCache {
    return this.#parts.cache;
  }

  get hub(): WatchHub {
    return this.#parts.hub;
  }

  /** The versions others may have written its objects in. */
  get versions(): ObjectVersions {
    return this.#parts.versions;
  }

  /** The group and plural, as error texts name the resource. */
  get named(): { group: string; resource: string } {
    return this.#writer.named;
  }

  /** A consistent read: everything acknowledged before the call is seen. */
  async get(name: string, namespace: string): Promise<CachedObject | undefined> {
    await this.#parts.fresh();
    return this.cache.get(relativeKey(name, namespace));
  }

  /** As stored now, straight from the store. */
  live(key: string): Promise<CachedObject | undefined> {
    return this.#writer.live(key);
  }

  fromEntry(entry: StoredEntry): CachedObject {
    return this.#writer.fromEntry(entry)!;
  }

  /** See `createObject`. */
  create(draft: KubeObject, write: Write): Promise<CachedObject> {
    return createObject(this.#writer, draft, write);
  }

  /** See `changeObject`. */
  update(name: string, namespace: string, makeNew: MakeNew, write: Write): Promise<Changed> {
    return changeObject(this.#writer, { name, namespace }, makeNew, write);
  }

  /** See `removeObject`. */
  delete(name: string, namespace: string, options: DeleteOptions, write: Write): Promise<Deleted> {
    return removeObject(this.#writer, { name, namespace }, options, write);
  }
}
