import { decodeJson, encodeJson } from '@coracle/api/codec/json';
import type { AnyKind, KubeObject } from '@coracle/api/kind';
import { imprintOf } from './imprint.ts';
import { withoutManagedFields } from './managed-part.ts';

const heads = new WeakMap<AnyKind, Buffer>();

/**
 * What the JSON of every object of a kind starts with: `{"kind":"Pod","apiVersion":"v1","metadata":{`. All objects are encoded
 * in this one shape, so that a resourceVersion can be spliced in, and a list item's kind left off, without parsing.
 */
export function headOf(kind: AnyKind): Buffer {
  let head = heads.get(kind);
  if (!head) {
    head = Buffer.from(
      `{"kind":${JSON.stringify(kind.kind)},"apiVersion":${JSON.stringify(kind.apiVersion)},"metadata":{`,
    );
    heads.set(kind, head);
  }
  return head;
}

/** How many bytes of `headOf` a list item leaves off: `"kind":…,"apiVersion":…,`. */
export function typeMetaLength(kind: AnyKind): number {
  return headOf(kind).length - '{"metadata":{'.length;
}

/** The object as the store keeps it: without resourceVersion, which is the store's own revision of the write. */
export function encodeStored(kind: AnyKind, object: KubeObject): Buffer {
  return exactBuffer(headOf(kind).toString() + tailOf(object));
}

/** The object as the watch cache keeps it: what `withResourceVersion` makes of its stored form. */
export function encodeServed(kind: AnyKind, object: KubeObject, revision: number): Buffer {
  const tail = tailOf(object);
  return exactBuffer(`${headOf(kind).toString()}${versionField(revision, tail.startsWith('}'))}${tail}`);
}

/** What follows the head: the rest of the metadata, and all else. */
function tailOf(object: KubeObject): string {
  const { kind: _kind, apiVersion: _apiVersion, metadata, ...rest } = object;
  const { resourceVersion: _resourceVersion, selfLink: _selfLink, ...meta } = metadata;
  const restText = encodeJson(rest);
  return encodeJson(meta).slice(1) + (restText === '{}' ? '}' : `,${restText.slice(1)}`);
}

/** What stands before the rest of the metadata; nothing for an object that was never written, as what is made for a try alone. */
function versionField(revision: number, isAlone: boolean): string {
  if (revision === 0) return '';
  return `"resourceVersion":"${revision}"${isAlone ? '' : ','}`;
}

/** Splices a resourceVersion into bytes that `encodeStored` made. */
export function withResourceVersion(kind: AnyKind, stored: Buffer, revision: number): Buffer {
  const head = headOf(kind).length;
  // An object without any metadata is possible in the store only (nothing that was created lacks a name); it needs no comma.
  return spliced(stored, head, head, versionField(revision, stored[head] === 0x7d));
}

const marker = Buffer.from('"resourceVersion":"');

/** Replaces the resourceVersion in bytes that `withResourceVersion` made. */
export function replaceResourceVersion(kind: AnyKind, body: Buffer, revision: number): Buffer {
  const from = headOf(kind).length + marker.length;
  const to = body.indexOf(0x22, from);
  return spliced(body, from, to, String(revision));
}

/** The bytes with ASCII text in place of those between two offsets, in memory of their own as `exactBuffer` has it. */
function spliced(bytes: Buffer, from: number, to: number, text: string): Buffer {
  const out = Buffer.allocUnsafeSlow(bytes.length - (to - from) + text.length);
  bytes.copy(out, 0, 0, from);
  out.write(text, from, 'latin1');
  bytes.copy(out, from + text.length, to);
  return out;
}

/** An object that the store holds, and its bytes as the watch cache keeps them. */
export interface ReadObject {
  readonly object: KubeObject;
  readonly body: Buffer;
}

/**
 * Reads an object that the store holds, in the stored form; fills in defaults that came after it was written. Where there are none, and it was written
 * as `encodeStored` writes, its bytes are taken as they are, and the object comes without managed fields, which are more than half of many: that saves
 * a cold start a quarter of its time.
 */
export function readStored(kind: AnyKind, value: Buffer, revision: number): ReadObject {
  if (hasWrittenShape(kind, value)) {
    const object = decodeJson(withoutManagedFields(value, headOf(kind).length)).value as KubeObject;
    const { resourceVersion, selfLink } = object.metadata;
    const before = imprintOf(object);
    complete(kind, object);
    if (resourceVersion === undefined && selfLink === undefined && imprintOf(object) === before) {
      object.metadata.resourceVersion = String(revision);
      return { object, body: withResourceVersion(kind, value, revision) };
    }
  }
  const object = decodeJson(value).value as KubeObject;
  object.metadata ??= {};
  complete(kind, object);
  object.metadata.resourceVersion = String(revision);
  return { object, body: encodeServed(kind, object, revision) };
}

/** What a definition has lost since the object was written is not shown; what it has gained since is filled in. */
function complete(kind: AnyKind, object: KubeObject): void {
  kind.dynamic?.decode(object);
  kind.defaults?.(object);
}

/** Whether bytes are in the shape that a resourceVersion can be spliced into. */
function hasWrittenShape(kind: AnyKind, value: Buffer): boolean {
  const head = headOf(kind);
  return head.compare(value, 0, head.length) === 0 && value[value.length - 1] === 0x7d;
}

/** The kind in whose form a stored object is: a custom resource's may be of a version that was stored before. */
export function storedFormOf(kind: AnyKind, value: Buffer): AnyKind {
  if (!kind.dynamic || value.subarray(0, headOf(kind).length).equals(headOf(kind))) return kind;
  const { apiVersion } = decodeJson(value).value as KubeObject;
  return kind.dynamic.version(apiVersion ?? '') ?? kind;
}

/** A stored-form object in the form of another kind that shares its storage; the object itself where the kinds are one. */
export function toKind(kind: AnyKind, stored: KubeObject): KubeObject {
  if (kind.dynamic) return kind.dynamic.convert(stored);
  return kind.storedAs ? { ...kind.storedAs.decode(stored), kind: kind.kind, apiVersion: kind.apiVersion } : stored;
}

/** As `toKind`, where a webhook may have to be asked. Throws a StatusError where it cannot. */
export async function inFormOf(kind: AnyKind, object: KubeObject): Promise<KubeObject> {
  return kind.dynamic?.convertMany ? (await kind.dynamic.convertMany([object]))[0]! : toKind(kind, object);
}

/** The inverse of `toKind`. */
export function toStored(kind: AnyKind, object: KubeObject): KubeObject | Promise<KubeObject> {
  if (!kind.storedAs) return object;
  const stored = kind.storedAs.kind();
  if (kind.dynamic?.convertMany) return inFormOf(stored, object).then((form) => withDefaults(stored, form));
  return withDefaults(stored, storedForm(kind, object));
}

function withDefaults(kind: AnyKind, object: KubeObject): KubeObject {
  kind.defaults?.(object);
  return object;
}

/** An object in the form of the kind that stores it, as it is; the object itself where the kinds are one. */
export function storedForm(kind: AnyKind, object: KubeObject): KubeObject {
  if (!kind.storedAs) return object;
  const stored = kind.storedAs.kind();
  return { ...kind.storedAs.encode(object), kind: stored.kind, apiVersion: stored.apiVersion };
}

/** Text as bytes in memory of its own: slices of a shared pool would keep whole slabs alive in a cache. */
export function exactBuffer(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}
