import { encodeMessage } from '@coracle/api/codec/protobuf';
import type { AnyKind } from '@coracle/api/kind';
import type { CachedObject } from '../storage/cached-object.ts';

/**
 * The protobuf messages of objects that were read as such: each is encoded once per revision while there is room. Those not read for longest go first.
 * Objects that are read as JSON only have no part in it.
 */
export class MessageMemo {
  readonly #limit: number;
  /** In the order of their last use. An object is kept in the form it was last read in. */
  readonly #messages = new Map<CachedObject, { readonly kind: AnyKind; readonly message: Buffer }>();
  #size = 0;

  /** Keeps at most so many bytes of messages. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The message of an object in a kind's form. */
  of(object: CachedObject, kind: AnyKind): Buffer {
    const found = this.#messages.get(object);
    if (found) {
      this.#messages.delete(object);
      if (found.kind === kind) {
        this.#messages.set(object, found);
        return found.message;
      }
      this.#size -= found.message.length;
    }
    const message = encodeMessage(object.decode(kind), kind.type);
    this.#messages.set(object, { kind, message });
    this.#size += message.length;
    for (const [oldest, { message: dropped }] of this.#messages) {
      if (this.#size <= this.#limit) break;
      this.#messages.delete(oldest);
      this.#size -= dropped.length;
    }
    return message;
  }
}
