import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  bytesTag,
  encodeMessage,
  encodeProtobuf,
  encodeWatchEvent,
  envelopeHead,
  envelopeTail,
  inEnvelope,
} from '@coracle/api/codec/protobuf';
import type { AnyKind } from '@coracle/api/kind';
import type { StatusError } from '@coracle/api/meta/status';
import type { ListMeta } from '@coracle/api/types/meta/v1';
import type { CachedObject } from '../storage/cached-object.ts';
import { MessageMemo } from './message-memo.ts';
import type { FormVersion } from './negotiation.ts';
import { bookmarkOf, metadataOf, type Rendering } from './rendering.ts';

const partialOf = (version: FormVersion) => ({
  kind: 'PartialObjectMetadata',
  apiVersion: `meta.k8s.io/${version}`,
  type: 'meta/v1.PartialObjectMetadata',
});
/** How long encoding may hold the event loop, in milliseconds. */
const longestTurn = 5;

/** Messages of whole objects, shared by all readers of protobuf. */
const memo = new MessageMemo(32 << 20);

/** A kind's objects, or their metadata alone, in protobuf. */
export function protobufRenderingOf(kind: AnyKind, metadataOnly: boolean, version: FormVersion): Rendering {
  return new ProtobufRendering(kind, metadataOnly, version);
}

class ProtobufRendering implements Rendering {
  readonly key: string;
  readonly #kind: AnyKind;
  readonly #metadataOnly: boolean;
  /** What the objects go out as. */
  readonly #as: { readonly kind: string; readonly apiVersion: string; readonly type: string };

  constructor(kind: AnyKind, metadataOnly: boolean, version: FormVersion) {
    this.#kind = kind;
    this.#metadataOnly = metadataOnly;
    this.#as = metadataOnly ? partialOf(version) : kind;
    this.key = `protobuf:${this.#as.type}:${version}:${kind.apiVersion}`;
  }

  single(object: CachedObject): Buffer {
    return inEnvelope(this.#as.apiVersion, this.#as.kind, this.#message(object));
  }

  event(object: CachedObject): Buffer {
    return this.single(object);
  }

  /** A message says its length before it begins: all items are encoded first, a few at a time. */
  async list(metadata: ListMeta, objects: readonly CachedObject[]): Promise<Iterable<Buffer>> {
    const meta = encodeMessage(metadata, 'meta/v1.ListMeta');
    const fields = [bytesTag(1, meta.length), meta];
    let turn = performance.now();
    for (const object of objects) {
      const item = this.#message(object);
      fields.push(bytesTag(2, item.length), item);
      if (performance.now() - turn < longestTurn) continue;
      await nextTurn();
      turn = performance.now();
    }
    const length = fields.reduce((sum, each) => sum + each.length, 0);
    const { apiVersion } = this.#as;
    const kind = this.#metadataOnly ? `${this.#as.kind}List` : this.#kind.listKind;
    return [envelopeHead(apiVersion, kind, length), ...fields, envelopeTail];
  }

  bookmark(revision: number, annotations?: Record<string, string>): Buffer {
    const { kind, apiVersion, type } = this.#as;
    return encodeProtobuf(bookmarkOf(kind, apiVersion, revision, annotations), type);
  }

  status({ status }: StatusError): Buffer {
    return encodeProtobuf(status, 'meta/v1.Status');
  }

  frame(type: string, object: Buffer): Buffer {
    return encodeWatchEvent(type, object);
  }

  #message(object: CachedObject): Buffer {
    if (this.#metadataOnly) return encodeMessage(metadataOf(object.decode(this.#kind)), this.#as.type);
    return memo.of(object, this.#kind);
  }
}
