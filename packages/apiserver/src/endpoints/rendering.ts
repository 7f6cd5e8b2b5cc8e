import { encodeJson } from '@coracle/api/codec/json';
import { age } from '@coracle/api/columns';
import type { AnyKind, Column, KubeObject } from '@coracle/api/kind';
import type { StatusError } from '@coracle/api/meta/status';
import type { ListMeta } from '@coracle/api/types/meta/v1';
import type { CachedObject } from '../storage/cached-object.ts';
import type { EventEncoding } from '../storage/watch-hub.ts';
import type { Form, FormVersion } from './negotiation.ts';

/** How objects of a kind are written in one form: alone, in a list, in a watch. */
export interface Rendering extends EventEncoding {
  /** An object as a response of its own. */
  single(object: CachedObject): Buffer;
  /** Fills into the first events of a watch what all others leave out. */
  begin?(frames: Buffer): Buffer;
  /** A list, piece by piece: its beginning, each item, its end. */
  list(metadata: ListMeta, objects: readonly CachedObject[]): Iterable<Buffer> | Promise<Iterable<Buffer>>;
}

/** How much of the object goes along with a table row. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

/** The rendering of a kind in a negotiated form. */
export function renderingOf(
  kind: AnyKind,
  form: Form['as'],
  includeObject: IncludeObject = 'Metadata',
  version: FormVersion = 'v1',
): Rendering {
  if (form === 'table') return new TableRendering(kind, includeObject, version);
  return form === 'object' ? new ObjectRendering(kind) : new MetadataRendering(kind, version);
}

const openBrace = Buffer.from('{');
const comma = Buffer.from(',');
const listEnd = Buffer.from(']}\n');
const frameEnd = Buffer.from('}\n');
const frameHeads = new Map<string, Buffer>();

/** What all forms in JSON share: lists are comma-separated items in a head and an end, watches are lines. */
abstract class JsonRendering implements Rendering {
  abstract readonly key: string;
  abstract single(object: CachedObject): Buffer;
  abstract bookmark(revision: number, annotations?: Record<string, string>): Buffer;
  /** What a list starts with. */
  protected abstract head(metadata: ListMeta): string;
  protected abstract item(object: CachedObject): Buffer[];

  event(object: CachedObject): Buffer {
    return this.single(object);
  }

  *list(metadata: ListMeta, objects: readonly CachedObject[]): Generator<Buffer, void> {
    yield Buffer.from(this.head(metadata));
    for (let i = 0; i < objects.length; i++) {
      if (i > 0) yield comma;
      yield* this.item(objects[i]!);
    }
    yield listEnd;
  }

  status({ status }: StatusError): Buffer {
    return Buffer.from(encodeJson(status));
  }

  /** One line of a watch: `{"type":"ADDED","object":{…}}`. */
  frame(type: string, object: Buffer): Buffer {
    let head = frameHeads.get(type);
    if (!head) {
      head = Buffer.from(`{"type":"${type}","object":`);
      frameHeads.set(type, head);
    }
    return Buffer.concat([head, object, frameEnd]);
  }
}

class ObjectRendering extends JsonRendering {
  readonly key: string;
  readonly #kind: AnyKind;

  constructor(kind: AnyKind) {
    super();
    this.#kind = kind;
    this.key = `object:${kind.apiVersion}`;
  }

  single(object: CachedObject): Buffer {
    return object.body(this.#kind);
  }

  protected head(metadata: ListMeta): string {
    const { listKind, apiVersion, dynamic } = this.#kind;
    // Lists of custom resources always say whether they go on.
    const shown = dynamic ? { continue: '', ...metadata } : metadata;
    return `{"kind":"${listKind}","apiVersion":"${apiVersion}","metadata":${JSON.stringify(shown)},"items":[`;
  }

  /** What a list is of is said by the list, but for custom resources, which say it themselves. */
  protected item(object: CachedObject): Buffer[] {
    return this.#kind.dynamic ? [object.body(this.#kind)] : [openBrace, object.itemTail(this.#kind)];
  }

  bookmark(revision: number, annotations?: Record<string, string>): Buffer {
    return Buffer.from(JSON.stringify(bookmarkOf(this.#kind.kind, this.#kind.apiVersion, revision, annotations)));
  }
}

class MetadataRendering extends JsonRendering {
  readonly key: string;
  readonly #kind: AnyKind;
  readonly #version: FormVersion;

  constructor(kind: AnyKind, version: FormVersion) {
    super();
    this.#kind = kind;
    this.#version = version;
    this.key = `metadata:${version}:${kind.apiVersion}`;
  }

  single(object: CachedObject): Buffer {
    return Buffer.from(encodeJson(metadataOf(object.decode(this.#kind), this.#version)));
  }

  protected head(metadata: ListMeta): string {
    return `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/${this.#version}","metadata":${JSON.stringify(metadata)},"items":[`;
  }

  protected item(object: CachedObject): Buffer[] {
    return [this.single(object)];
  }

  bookmark(revision: number, annotations?: Record<string, string>): Buffer {
    const apiVersion = `meta.k8s.io/${this.#version}`;
    return Buffer.from(JSON.stringify(bookmarkOf('PartialObjectMetadata', apiVersion, revision, annotations)));
  }
}

const noColumns = Buffer.from('"columnDefinitions":null');

function tableHead(version: FormVersion, metadata: ListMeta, definitions: string): string {
  return `{"kind":"Table","apiVersion":"meta.k8s.io/${version}","metadata":${JSON.stringify(metadata)},"columnDefinitions":${definitions},"rows":[`;
}

class TableRendering extends JsonRendering {
  readonly key: string;
  readonly #kind: AnyKind;
  readonly #columns: readonly Column<KubeObject>[];
  readonly #include: IncludeObject;
  readonly #definitions: string;
  readonly #version: FormVersion;

  constructor(kind: AnyKind, include: IncludeObject, version: FormVersion) {
    super();
    this.#version = version;
    this.#kind = kind;
    this.#include = include;
    this.#columns = columnsOf(kind);
    this.#definitions = JSON.stringify(this.#columns.map(definitionOf));
    this.key = `table:${version}:${kind.apiVersion}:${include}`;
  }

  single(object: CachedObject): Buffer {
    return this.#of(object, this.#definitions);
  }

  /** Watches tell their columns once. */
  override event(object: CachedObject): Buffer {
    return this.#of(object, 'null');
  }

  begin(frames: Buffer): Buffer {
    const at = frames.indexOf(noColumns);
    if (at < 0) return frames;
    const columns = Buffer.from(`"columnDefinitions":${this.#definitions}`);
    return Buffer.concat([frames.subarray(0, at), columns, frames.subarray(at + noColumns.length)]);
  }

  #of(object: CachedObject, definitions: string): Buffer {
    const head = tableHead(this.#version, { resourceVersion: String(object.revision) }, definitions);
    return Buffer.concat([Buffer.from(head), this.#row(object), Buffer.from(']}')]);
  }

  override list(metadata: ListMeta, objects: readonly CachedObject[]): Generator<Buffer, void> {
    return super.list(metadata, inRowOrder(this.#kind, objects));
  }

  protected head(metadata: ListMeta): string {
    return tableHead(this.#version, metadata, this.#definitions);
  }

  protected item(object: CachedObject): Buffer[] {
    return [this.#row(object)];
  }

  bookmark(revision: number, annotations?: Record<string, string>): Buffer {
    const object = bookmarkOf('PartialObjectMetadata', `meta.k8s.io/${this.#version}`, revision, annotations);
    const head = tableHead(this.#version, { resourceVersion: String(revision) }, 'null');
    // The columns of a custom resource have no value here, but its name has one.
    const cells = this.#kind.dynamic ? this.#columns.map((column) => (column === nameColumn ? '' : null)) : [];
    return Buffer.from(`${head}${JSON.stringify({ cells, object })}]}`);
  }

  #row(cached: CachedObject): Buffer {
    const object = cached.decode(this.#kind);
    const now = Date.now();
    const cells = this.#columns.map((column) => column.value(object, now));
    return Buffer.from(encodeJson({ cells, object: included(object, this.#include, this.#version) }));
  }
}

function inRowOrder(kind: AnyKind, objects: readonly CachedObject[]): readonly CachedObject[] {
  const { rowOrder } = kind;
  if (!rowOrder) return objects;
  const rows = objects.map((object) => ({ object, decoded: object.decode(kind) }));
  return rows.sort((a, b) => rowOrder(a.decoded, b.decoded)).map(({ object }) => object);
}

const nameColumn: Column<KubeObject> = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Tells the object apart from others of its kind, in its namespace where it has one.',
  priority: 0,
  value: (it) => it.metadata.name ?? '',
};

/** `Name` and the kind's own columns; some kinds (events) place their name column themselves. */
function columnsOf(kind: AnyKind): readonly Column<KubeObject>[] {
  const own: readonly Column<KubeObject>[] = kind.columns ?? [age];
  return !kind.dynamic && own.some((column) => column.name === 'Name') ? own : [nameColumn, ...own];
}

/** A table of one object that is not stored. */
export function tableOf<T extends KubeObject>(
  object: T,
  columns: readonly Column<T>[],
  include: IncludeObject,
  version: FormVersion,
): object {
  const { resourceVersion = '' } = object.metadata;
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: { resourceVersion },
    columnDefinitions: columns.map(definitionOf),
    rows: [
      { cells: columns.map((column) => column.value(object, Date.now())), object: included(object, include, version) },
    ],
  };
}

function definitionOf<T extends KubeObject>({ name, type, format, description, priority }: Column<T>): object {
  return { name, type, format: format ?? '', description, priority };
}

/** What of an object goes along with its row. */
function included(object: KubeObject, include: IncludeObject, version: FormVersion): KubeObject | null {
  if (include === 'None') return null;
  return include === 'Object' ? object : metadataOf(object, version);
}

/** An object's metadata, as a PartialObjectMetadata. */
export function metadataOf(object: KubeObject, version: FormVersion = 'v1'): KubeObject {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata };
}

/** A bookmark's object. */
export function bookmarkOf(
  kind: string,
  apiVersion: string,
  revision: number,
  annotations?: Record<string, string>,
): KubeObject {
  return { kind, apiVersion, metadata: { resourceVersion: String(revision), ...(annotations ? { annotations } : {}) } };
}
