import type { AnyKind, KubeObject } from '@coracle/api/kind';
import { append } from '@coracle/api/meta/append';
import type { FieldError } from '@coracle/api/meta/field-path';
import { invalidObject, StatusError } from '@coracle/api/meta/status';
import type { ObjectVersions } from '@coracle/api/patch/versions';
import type { Attributes, Operation } from '../admission/plugin.ts';
import { CachedObject } from '../storage/cached-object.ts';
import { encodeStored, toStored } from '../storage/encoding.ts';
import type { ResourceCache } from '../storage/resource-cache.ts';
import type { Store, StoredEntry } from '../storage/store.ts';
import type { WatchHub } from '../storage/watch-hub.ts';
import type { ObjectAccess } from './access.ts';
import { attributesOf, type Write } from './admission.ts';
import { checkStorable } from './size-limit.ts';
import type { ResourceHooks, WriteContext } from './strategy.ts';

/** What a resource needs of the server around it. */
export interface ResourceParts {
  store: Store;
  cache: ResourceCache;
  hub: WatchHub;
  hooks: ResourceHooks;
  objects: ObjectAccess;
  /** See `fieldVersions`. */
  versions: ObjectVersions;
  /** The revision the caches are at. */
  seen(): number;
  /** Waits until the caches hold everything that was written before this call. */
  fresh(): Promise<void>;
  /** Seconds after which entries of this resource expire by themselves. */
  ttlSeconds: number | undefined;
}

/** An object in the form the store keeps, and its bytes. */
export interface Encoded {
  object: KubeObject;
  bytes: Buffer;
}

/** A write did not happen, because another one was first; `current` is what is there now. */
export class Overtaken {
  readonly current: StoredEntry | undefined;

  constructor(current: StoredEntry | undefined) {
    this.current = current;
  }
}

/** What creating, updating and deleting a resource's objects have in common. */
export class Writer {
  readonly kind: AnyKind;
  readonly hooks: ResourceHooks;
  readonly versions: ObjectVersions;
  readonly #parts: ResourceParts;
  readonly #assumed = new WeakSet<CachedObject>();

  constructor(kind: AnyKind, parts: ResourceParts) {
    this.kind = kind;
    this.hooks = parts.hooks;
    this.versions = parts.versions;
    this.#parts = parts;
  }

  /** The group and plural, as error texts name the resource. */
  get named(): { group: string; resource: string } {
    return { group: this.kind.group, resource: this.kind.plural };
  }

  /** Where the store keeps an object. */
  storeKey(key: string): string {
    return this.#parts.cache.prefix + key;
  }

  /** As stored now, straight from the store. */
  async live(key: string): Promise<CachedObject | undefined> {
    return this.fromEntry(await this.entry(key));
  }

  /** As `live`, not decoded. */
  async entry(key: string): Promise<StoredEntry | undefined> {
    return (await this.#parts.store.get(this.#parts.cache.prefix + key)).entry;
  }

  /** Whether the store wants an object written anew though nothing of it changes. */
  isStale(key: string): Promise<boolean> | undefined {
    return this.#parts.store.isStale?.(this.#parts.cache.prefix + key);
  }

  fromEntry(entry: StoredEntry | undefined): CachedObject | undefined {
    return entry && CachedObject.fromStore(this.#parts.cache.kind, entry).object;
  }

  /**
   * Attempts a write on the object as the cache has it, and again on the live one when it was overtaken. What an attempt refuses is
   * final only if the object it looked at was live: the cache may be behind.
   */
  async untilWritten<T>(
    key: string,
    write: Write,
    attempt: (current: CachedObject | undefined) => Promise<T | Overtaken>,
  ): Promise<T> {
    let current = this.#parts.cache.get(key);
    let live = false;
    for (;;) {
      if (!current && !live) {
        current = await this.asked(write, this.live(key));
        live = true;
      }
      try {
        if (current) await CachedObject.prepare([current], this.kind);
        const result = await attempt(current);
        if (!(result instanceof Overtaken)) return result;
        current = this.fromEntry(result.current);
        live = true;
      } catch (error) {
        if (live || !(error instanceof StatusError)) throw error;
        const actual = await this.asked(write, this.live(key));
        if (actual?.revision === current?.revision) throw error;
        current = actual;
        live = true;
      }
    }
  }

  /** Something asked of the store for a write, which is told how long it took. */
  async asked<T>({ waited }: Write, answer: Promise<T>): Promise<T> {
    if (!waited) return answer;
    const begun = performance.now();
    try {
      return await answer;
    } finally {
      waited(performance.now() - begun, 'etcd');
    }
  }

  async encode(object: KubeObject): Promise<Encoded> {
    const stored = await toStored(this.kind, object);
    const bytes = encodeStored(this.#parts.cache.kind, stored);
    checkStorable(bytes.length);
    return { object: stored, bytes };
  }

  /** An encoded object as answers carry it, under a revision. */
  show({ object, bytes }: Encoded, revision: number): CachedObject {
    return CachedObject.fromWrite(this.#parts.cache.kind, object, bytes, revision);
  }

  /** Writes over the expected revision; 0: the object must not exist. */
  async put(key: string, encoded: Encoded, expected: number): Promise<CachedObject | Overtaken> {
    const { store, cache, ttlSeconds, seen } = this.#parts;
    const result = await store.put(cache.prefix + key, encoded.bytes, expected, ttlSeconds);
    if (!result.ok) return new Overtaken(result.current);
    const object = this.show(encoded, result.revision);
    if (result.assumed) this.#assumed.add(object);
    if (result.revision > seen()) cache.wrote(key, object);
    return object;
  }

  /** Removes the expected revision; gives the object as it was last, under the revision of its removal. */
  async remove(key: string, encoded: Encoded, expected: number): Promise<CachedObject | Overtaken> {
    const { store, cache } = this.#parts;
    const result = await store.delete(cache.prefix + key, expected);
    if (!result.ok) return new Overtaken(result.current);
    const object = this.show(encoded, result.revision);
    if (result.assumed) this.#assumed.add(object);
    return object;
  }

  /** Whether a write's answer was lost, so that another may have done the same: then what follows from it must not be done a second time. */
  isAssumed(written: CachedObject): boolean {
    return this.#assumed.has(written);
  }

  /**
   * Throws Invalid where anything is wrong with an object: what others refuse is told first, then what the kind finds (`validate`, which is given what the
   * hooks found beforehand), then what the hooks say after that. Nulls that were let through where none is allowed are not kept.
   */
  async check(
    object: KubeObject,
    old: KubeObject | undefined,
    write: Write,
    context: WriteContext,
    validate: (beforehand: readonly FieldError[] | undefined) => FieldError[],
  ): Promise<void> {
    const { hooks, kind } = this;
    const errors = (await hooks.refusals?.(object, old, context)) ?? [];
    append(errors, validate(await hooks.beforehand?.(object, old)));
    if (hooks.errors) append(errors, await hooks.errors(object, old, context, errors));
    if (errors.length > 0) {
      throw invalidObject(kind, object.metadata.name || object.metadata.generateName || '', errors);
    }
    if (write.applied) kind.dynamic?.decode(object);
  }

  /** Whether something beyond metadata.finalizers keeps an object that is being deleted. */
  isHeldBack(object: KubeObject): boolean {
    return this.hooks.holdsBackDeletion?.(object) ?? false;
  }

  attributes(
    write: Write,
    operation: Operation,
    object: KubeObject | undefined,
    old: KubeObject | undefined,
    place: { name: string; namespace: string },
  ): Attributes {
    return attributesOf(write, this.#parts.objects, this.kind, operation, object, old, place);
  }

  context(write: Write): WriteContext {
    return {
      kind: this.kind,
      user: write.user,
      dryRun: write.dryRun,
      ...(write.verb === undefined ? {} : { verb: write.verb }),
      subresource: write.subresource,
      objects: this.#parts.objects,
      warn: (text) => write.warn(text),
    };
  }
}
