import type { AnyKind, KubeObject } from '@coracle/api/kind';
import { type FieldError, Path } from '@coracle/api/meta/field-path';
import { generateName } from '@coracle/api/meta/names';
import { clone, deepEqual } from '@coracle/api/meta/object';
import {
  alreadyExists,
  conflict,
  generateNameConflict,
  invalidObject,
  isAlreadyExists,
  notFoundError,
  StatusError,
} from '@coracle/api/meta/status';
import { keepUnchangedTimes } from '@coracle/api/patch/apply';
import type { DeleteOptions } from '@coracle/api/types/meta/v1';
import { CachedObject } from '../storage/cached-object.ts';
import { encodeStored, toStored } from '../storage/encoding.ts';
import { relativeKey } from '../storage/keys.ts';
import type { ResourceCache } from '../storage/resource-cache.ts';
import type { Store, StoredEntry } from '../storage/store.ts';
import type { WatchHub } from '../storage/watch-hub.ts';
import type { ObjectAccess } from './access.ts';
import { attributesOf, mutate, validate, type Write } from './admission.ts';
import { deletionStep, finishesDeletion } from './deletion.ts';
import { recordManager } from './field-management.ts';
import { carryOver, stampNew, validateMetadata, validateMetadataUpdate } from './metadata.ts';
import type { Release, ResourceHooks, WriteContext } from './strategy.ts';
import { hasGeneration, prepareForUpdate, validateChange } from './update.ts';

const generatedNameAttempts = 8;

/** What a resource needs of the server around it. */
export interface ResourceParts {
  store: Store;
  cache: ResourceCache;
  hub: WatchHub;
  hooks: ResourceHooks;
  objects: ObjectAccess;
  /** The revision the caches are at. */
  seen(): number;
  /** Waits until the caches hold everything that was written before this call. */
  fresh(): Promise<void>;
  /** Seconds after which entries of this resource expire by themselves. */
  ttlSeconds: number | undefined;
}

/** What an update makes of the object there is; undefined: there is none. */
export type MakeNew = (current: KubeObject | undefined) => Promise<KubeObject | undefined> | KubeObject | undefined;

/** The answer to a delete. `removed`: it is gone, and `object` is how it looked last. */
export interface Deleted {
  removed: boolean;
  object: CachedObject;
}

/** One served kind's objects: reads from the watch cache, writes to the store. All objects are in the kind's own form. */
export class Resource {
  readonly kind: AnyKind;
  readonly #parts: ResourceParts;

  constructor(kind: AnyKind, parts: ResourceParts) {
    this.kind = kind;
    this.#parts = parts;
  }

  get cache(): ResourceCache {
    return this.#parts.cache;
  }

  get hub(): WatchHub {
    return this.#parts.hub;
  }

  get hooks(): ResourceHooks {
    return this.#parts.hooks;
  }

  /** The group and plural, as error texts name the resource. */
  get named(): { group: string; resource: string } {
    return { group: this.kind.group, resource: this.kind.plural };
  }

  /** A consistent read: everything acknowledged before the call is seen. */
  async get(name: string, namespace: string): Promise<CachedObject | undefined> {
    await this.#parts.fresh();
    return this.cache.get(relativeKey(name, namespace));
  }

  /** As stored now, straight from the store. */
  async live(key: string): Promise<CachedObject | undefined> {
    const { entry } = await this.#parts.store.get(this.cache.prefix + key);
    return this.fromEntry(entry);
  }

  fromEntry(entry: StoredEntry | undefined): CachedObject | undefined {
    return entry && CachedObject.fromStore(this.cache.kind, entry.value, entry.revision);
  }

  /** Creates an object; `draft` is decoded and defaulted, and owned by this call. Throws AlreadyExists, Invalid and what plugins throw. */
  async create(draft: KubeObject, write: Write): Promise<CachedObject> {
    const { generateName: base, name } = draft.metadata;
    if (name || !base) return this.#createOnce(draft, write);
    for (let attempt = 1; ; attempt++) {
      const object = attempt < generatedNameAttempts ? clone(draft) : draft;
      try {
        return await this.#createOnce(object, write, generateName(base));
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
        if (attempt === generatedNameAttempts) throw generateNameConflict(this.named, object.metadata.name ?? base);
      }
    }
  }

  async #createOnce(draft: KubeObject, write: Write, generated?: string): Promise<CachedObject> {
    const { kind } = this;
    const { plugins } = write;
    const place = { name: draft.metadata.name ?? '', namespace: draft.metadata.namespace ?? '' };
    recordManager(kind, draft, undefined, write);
    const attributes = attributesOf(write, this.#parts.objects, kind, 'CREATE', draft, undefined, place);
    await mutate(plugins, attributes);
    const object = attributes.object!;
    kind.defaults?.(object);
    if (generated !== undefined) object.metadata.name = generated;
    if (kind.subresources?.status && !kind.keepsStatusOnCreate) delete (object as { status?: unknown }).status;
    stampNew(object, hasGeneration(kind));
    kind.prepareForCreate?.(object);
    const context = this.#contextOf(write);
    const release = await this.hooks.beforeCreate?.(object, context);
    return this.#orRelease(release, write.dryRun, async () => {
      const at = new Path();
      this.#refuse(object, [
        ...validateMetadata(kind, object.metadata, at.child('metadata')),
        ...(kind.validate?.(object, at) ?? []),
      ]);
      await validate(
        plugins,
        attributesOf(write, this.#parts.objects, kind, 'CREATE', object, undefined, {
          ...place,
          name: object.metadata.name!,
        }),
      );
      const key = relativeKey(object.metadata.name!, object.metadata.namespace);
      const stored = this.#encode(object);
      if (write.dryRun) {
        if (await this.live(key)) throw alreadyExists(this.named, object.metadata.name!);
        return this.#cached(stored, 0);
      }
      const result = await this.#parts.store.put(this.cache.prefix + key, stored.bytes, 0, this.#parts.ttlSeconds);
      if (!result.ok) throw alreadyExists(this.named, object.metadata.name!);
      const created = this.#wrote(key, stored, result.revision);
      await this.hooks.afterCreate?.(object, context);
      return created;
    });
  }

  /**
   * Changes an object: `makeNew` gets what there is and returns what shall be (it may be called again when the write meets
   * another; undefined leaves things alone). Creates it where `makeNew` accepts undefined and the kind allows that.
   */
  async update(
    name: string,
    namespace: string,
    makeNew: MakeNew,
    write: Write,
  ): Promise<{ object: CachedObject; created: boolean }> {
    const key = relativeKey(name, namespace);
    let current = this.cache.get(key);
    let live = false;
    for (;;) {
      if (!current && !live) {
        current = await this.live(key);
        live = true;
      }
      try {
        const done = await this.#attempt(name, namespace, key, current, makeNew, write);
        if ('object' in done) return done;
        current = this.fromEntry(done.current);
        live = true;
      } catch (error) {
        // What the cache made us refuse may be different by now: nothing is refused on its word alone.
        if (live || !(error instanceof StatusError)) throw error;
        const actual = await this.live(key);
        if (actual?.revision === current?.revision) throw error;
        current = actual;
        live = true;
      }
    }
  }

  async #attempt(
    name: string,
    namespace: string,
    key: string,
    current: CachedObject | undefined,
    makeNew: MakeNew,
    write: Write,
  ): Promise<{ object: CachedObject; created: boolean } | { current: StoredEntry | undefined }> {
    const { kind } = this;
    const old = current?.decode(kind);
    const wanted = await makeNew(current?.decode(kind));
    if (!current || !old) {
      if (!wanted) throw notFoundError(this.named, name);
      delete wanted.metadata.uid;
      delete wanted.metadata.resourceVersion;
      return { object: await this.#createOnce(wanted, write), created: true };
    }
    if (!wanted) return { object: current, created: false };
    this.#checkPreconditions(name, wanted, old);
    const view = this.hooks.views?.[write.subresource];
    kind.defaults?.(wanted);
    carryOver(wanted, old);
    recordManager(kind, wanted, old, write);
    const attributes = attributesOf(write, this.#parts.objects, kind, 'UPDATE', wanted, old, { name, namespace });
    await mutate(write.plugins, attributes);
    kind.defaults?.(attributes.object!);
    const object = prepareForUpdate(kind, attributes.object!, old, write.subresource, view);
    const context = this.#contextOf(write);
    const release = await this.hooks.beforeUpdate?.(object, old, context);
    return this.#orRelease(release, write.dryRun, async () => {
      const at = new Path();
      this.#refuse(object, [
        ...validateMetadataUpdate(object.metadata, old.metadata, at.child('metadata')),
        ...validateChange(kind, object, old, write.subresource, at, view),
      ]);
      await validate(
        write.plugins,
        attributesOf(write, this.#parts.objects, kind, 'UPDATE', object, old, { name, namespace }),
      );
      keepUnchangedTimes(old, object);
      if (sameObject(object, old)) return { object: current, created: false };
      const stored = this.#encode(object);
      const finished = finishesDeletion(object, old, this.#blocked(object));
      if (write.dryRun) return { object: this.#cached(stored, current.revision), created: false };
      if (finished) {
        const result = await this.#parts.store.delete(this.cache.prefix + key, current.revision);
        if (!result.ok) return { current: result.current };
        await this.hooks.afterDelete?.(object, context);
        return { object: this.#cached(stored, result.revision), created: false };
      }
      const result = await this.#parts.store.put(
        this.cache.prefix + key,
        stored.bytes,
        current.revision,
        this.#parts.ttlSeconds,
      );
      if (!result.ok) return { current: result.current };
      const updated = this.#wrote(key, stored, result.revision);
      await this.hooks.afterUpdate?.(object, old, context);
      return { object: updated, created: false };
    });
  }

  /** Deletes an object, or begins to. Throws NotFound, Conflict (preconditions) and what plugins throw. */
  async delete(name: string, namespace: string, options: DeleteOptions, write: Write): Promise<Deleted> {
    const key = relativeKey(name, namespace);
    let current = this.cache.get(key);
    let live = false;
    for (;;) {
      if (!current) {
        if (!live) current = await this.live(key);
        if (!current) throw notFoundError(this.named, name);
        live = true;
      }
      const seen = current.revision;
      try {
        const done = await this.#attemptDelete(name, namespace, key, current, options, write);
        if ('object' in done) return done;
        current = this.fromEntry(done.current);
        live = true;
      } catch (error) {
        if (live || !(error instanceof StatusError)) throw error;
        const actual = await this.live(key);
        if (actual?.revision === seen) throw error;
        current = actual;
        live = true;
      }
    }
  }

  async #attemptDelete(
    name: string,
    namespace: string,
    key: string,
    current: CachedObject,
    options: DeleteOptions,
    write: Write,
  ): Promise<Deleted | { current: StoredEntry | undefined }> {
    const { kind } = this;
    const old = current.decode(kind);
    const { preconditions } = options;
    if (preconditions?.uid !== undefined && preconditions.uid !== old.metadata.uid) {
      throw conflict(
        this.named,
        name,
        `Precondition failed: UID in precondition: ${preconditions.uid}, UID in object meta: ${old.metadata.uid ?? ''}`,
      );
    }
    if (
      preconditions?.resourceVersion !== undefined &&
      preconditions.resourceVersion !== old.metadata.resourceVersion
    ) {
      throw conflict(
        this.named,
        name,
        `Precondition failed: ResourceVersion in precondition: ${preconditions.resourceVersion}, ResourceVersion in object meta: ${old.metadata.resourceVersion}`,
      );
    }
    const attributes = attributesOf(write, this.#parts.objects, kind, 'DELETE', undefined, old, { name, namespace });
    await mutate(write.plugins, attributes);
    await validate(write.plugins, attributes);
    const context = this.#contextOf(write);
    await this.hooks.beforeDelete?.(old, context);
    const step = deletionStep(kind, current.decode(kind), options, this.#blocked(old));
    if (step.kind === 'pending') return { removed: false, object: current };
    if (step.kind === 'mark') this.hooks.onMarkedForDeletion?.(step.object);
    const stored = this.#encode(step.object);
    if (write.dryRun) return { removed: step.kind === 'remove', object: this.#cached(stored, current.revision) };
    if (step.kind === 'mark') {
      if (sameObject(step.object, old)) return { removed: false, object: current };
      const result = await this.#parts.store.put(
        this.cache.prefix + key,
        stored.bytes,
        current.revision,
        this.#parts.ttlSeconds,
      );
      return result.ok
        ? { removed: false, object: this.#wrote(key, stored, result.revision) }
        : { current: result.current };
    }
    const result = await this.#parts.store.delete(this.cache.prefix + key, current.revision);
    if (!result.ok) return { current: result.current };
    await this.hooks.afterDelete?.(step.object, context);
    return { removed: true, object: this.#cached(stored, result.revision) };
  }

  #checkPreconditions(name: string, wanted: KubeObject, old: KubeObject): void {
    const { uid, resourceVersion } = wanted.metadata;
    if (uid && uid !== old.metadata.uid) {
      throw conflict(
        this.named,
        name,
        `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid ?? ''}`,
      );
    }
    if (!resourceVersion && this.kind.allowUnconditionalUpdate === false) {
      this.#refuse(wanted, [
        {
          type: 'FieldValueInvalid',
          field: 'metadata.resourceVersion',
          message: 'Invalid value: 0: must be specified for an update',
        },
      ]);
    }
    if (resourceVersion && resourceVersion !== old.metadata.resourceVersion) throw conflict(this.named, name);
  }

  #refuse(object: KubeObject, errors: FieldError[]): void {
    if (errors.length > 0)
      throw invalidObject(this.kind, object.metadata.name || object.metadata.generateName || '', errors);
  }

  #blocked(object: KubeObject): boolean {
    return this.hooks.holdsBackDeletion?.(object) ?? false;
  }

  #encode(object: KubeObject): { object: KubeObject; bytes: Buffer } {
    const stored = toStored(this.kind, object);
    return { object: stored, bytes: encodeStored(this.cache.kind, stored) };
  }

  #cached(stored: { object: KubeObject; bytes: Buffer }, revision: number): CachedObject {
    return CachedObject.fromWrite(this.cache.kind, stored.object, stored.bytes, revision);
  }

  #wrote(key: string, stored: { object: KubeObject; bytes: Buffer }, revision: number): CachedObject {
    const object = this.#cached(stored, revision);
    if (revision > this.#parts.seen()) this.cache.wrote(key, object);
    return object;
  }

  #contextOf(write: Write): WriteContext {
    return {
      kind: this.kind,
      user: write.user,
      dryRun: write.dryRun,
      subresource: write.subresource,
      objects: this.#parts.objects,
      warn: (text) => write.warn(text),
    };
  }

  /** Runs the rest of a write; what a hook reserved for it is released when it fails, meets another write, or is a dry run. */
  async #orRelease<T extends object>(
    release: Release | undefined,
    dryRun: boolean,
    rest: () => Promise<T>,
  ): Promise<T> {
    try {
      const result = await rest();
      if (dryRun || 'current' in result) await release?.();
      return result;
    } catch (error) {
      await release?.();
      throw error;
    }
  }
}

/** Whether writing `object` over `old` would change nothing. */
function sameObject(object: KubeObject, old: KubeObject): boolean {
  const { resourceVersion } = old.metadata;
  return deepEqual({ ...object, metadata: { ...object.metadata, resourceVersion } }, old);
}
