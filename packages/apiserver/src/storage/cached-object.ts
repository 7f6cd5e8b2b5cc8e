import { decodeJson } from '@coracle/api/codec/json';
import type { AnyKind, KubeObject } from '@coracle/api/kind';
import { internalError } from '@coracle/api/meta/status';
import {
  encodeServed,
  encodeStored,
  headOf,
  readStored,
  replaceResourceVersion,
  storedFormOf,
  toKind,
  typeMetaLength,
  withResourceVersion,
} from './encoding.ts';
import { relativeKey } from './keys.ts';
import type { StoredEntry } from './store.ts';

/** One kind's view of an object: its JSON and what field selectors see. */
interface Form {
  readonly body: Buffer;
  readonly fields: Readonly<Record<string, string>>;
}

/** An object as the cache holds it, and what it was made of. */
export interface FromStore {
  readonly object: CachedObject;
  readonly decoded: KubeObject;
}

const noFields: Readonly<Record<string, string>> = Object.freeze({});

/**
 * One revision of one object as the watch cache holds it: its JSON, encoded once, and what selectors look at. Immutable; a write
 * makes a new one. Forms of other versions are made on first use.
 */
export class CachedObject {
  /** The kind in whose form it is stored. */
  readonly kind: AnyKind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly revision: number;
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly #form: Form;
  #others: Map<AnyKind, Form> | undefined;

  private constructor(kind: AnyKind, object: KubeObject, revision: number, form: Form) {
    this.kind = kind;
    this.namespace = object.metadata.namespace ?? '';
    this.name = object.metadata.name ?? '';
    this.uid = object.metadata.uid ?? '';
    this.labels = object.metadata.labels;
    this.revision = revision;
    this.#form = form;
  }

  /**
   * From what the store holds; `decoded` is what it was made of, in the stored kind's form. Throws InternalError where that cannot be decrypted or
   * is no object.
   */
  static fromStore(kind: AnyKind, { key, value, revision, fault }: StoredEntry): FromStore {
    if (fault) throw internalError(new Error(`unable to transform key ${JSON.stringify(key)}: ${fault.message}`));
    try {
      return CachedObject.#decoded(kind, value, revision);
    } catch (error) {
      throw internalError(new Error(`unable to decode key ${JSON.stringify(key)}: ${(error as Error).message}`));
    }
  }

  static #decoded(kind: AnyKind, value: Buffer, revision: number): FromStore {
    const form = storedFormOf(kind, value);
    const { object: decoded, body } = readStored(form, value, revision);
    return { object: CachedObject.#of(form, decoded, body, revision), decoded };
  }

  /** From a write of this process: the stored-form object and the bytes that were written. */
  static fromWrite(kind: AnyKind, object: KubeObject, stored: Buffer, revision: number): CachedObject {
    return CachedObject.#of(kind, object, withResourceVersion(kind, stored, revision), revision);
  }

  /** One that was never stored, and so has no revision. */
  static unstored(kind: AnyKind, object: KubeObject): CachedObject {
    return CachedObject.#of(kind, object, encodeStored(kind, object), 0);
  }

  static #of(kind: AnyKind, object: KubeObject, body: Buffer, revision: number): CachedObject {
    return new CachedObject(kind, object, revision, { body, fields: fieldsOf(kind, object) });
  }

  /** The same object under the revision of its removal (from the store, or from what a selector selects). */
  at(revision: number): CachedObject {
    const { kind } = this;
    const meta = {
      name: this.name,
      namespace: this.namespace,
      uid: this.uid,
      labels: this.labels as Record<string, string>,
    };
    const moved = (of: AnyKind, { body, fields }: Form): Form => ({
      body: replaceResourceVersion(of, body, revision),
      fields,
    });
    const object = new CachedObject(kind, { metadata: meta }, revision, moved(kind, this.#form));
    // What a webhook made need not be asked for again.
    if (kind.dynamic?.convertMany && this.#others) {
      object.#others = new Map([...this.#others].map(([of, form]) => [of, moved(of, form)]));
    }
    return object;
  }

  /** `namespace/name`, or `name`. */
  get key(): string {
    return relativeKey(this.name, this.namespace);
  }

  /** The object's JSON in a kind's form. */
  body(kind: AnyKind): Buffer {
    return this.#in(kind).body;
  }

  /** As `body`, without apiVersion and kind and the opening brace: what follows `{` in a list item. */
  itemTail(kind: AnyKind): Buffer {
    const body = this.body(kind);
    return body.subarray(1 + typeMetaLength(kind));
  }

  /** The value a field selector compares. Undefined: the kind has no such field. */
  field(kind: AnyKind, field: string): string | undefined {
    if (field === 'metadata.name') return this.name;
    if (field === 'metadata.namespace') return this.namespace;
    return this.#in(kind).fields[field];
  }

  /** A fresh copy of the object, decoded; the caller may change it. */
  decode(kind: AnyKind): KubeObject {
    return decodeJson(this.body(kind)).value as KubeObject;
  }

  /**
   * Makes the form of a kind for each of the objects, where a webhook has to be asked for it: all in one question. To be awaited, if there is something to
   * await, before the objects are looked at in that form. Throws a StatusError where the webhook cannot be asked.
   */
  static prepare(objects: Iterable<CachedObject>, kind: AnyKind): Promise<void> | undefined {
    const convertMany = kind.dynamic?.convertMany;
    if (!convertMany) return undefined;
    const missing = [...objects].filter((each) => !each.has(kind));
    if (missing.length === 0) return undefined;
    return convertMany(missing.map((each) => decodeJson(each.#form.body).value as KubeObject)).then((made) => {
      for (const [i, object] of made.entries()) missing[i]!.#keep(kind, object);
    });
  }

  /** Whether the object is at hand in a kind's form, so that no webhook has to be asked. */
  has(kind: AnyKind): boolean {
    return kind === this.kind || this.#others?.has(kind) === true;
  }

  #in(kind: AnyKind): Form {
    if (kind === this.kind) return this.#form;
    return this.#others?.get(kind) ?? this.#keep(kind, toKind(kind, decodeJson(this.#form.body).value as KubeObject));
  }

  #keep(kind: AnyKind, object: KubeObject): Form {
    const body = encodeServed(kind, object, this.revision);
    const form = { body, fields: fieldsOf(kind, object) };
    this.#others ??= new Map();
    this.#others.set(kind, form);
    return form;
  }
}

function fieldsOf(kind: AnyKind, object: KubeObject): Readonly<Record<string, string>> {
  if (!kind.selectableFields) return noFields;
  const fields: Record<string, string> = {};
  for (const [field, value] of Object.entries(kind.selectableFields)) fields[field] = value(object);
  return fields;
}

/** Bytes this object's bodies take, for bounds on caches. */
export function sizeOf(object: CachedObject): number {
  return object.body(object.kind).length + headOf(object.kind).length;
}
