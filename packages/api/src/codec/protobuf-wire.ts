/** The wire format of protocol buffers (https://protobuf.dev/programming-guides/encoding), as far as Kubernetes uses it. */
export const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** A message that cannot be read. */
export class ProtobufError extends Error {
  override name = 'ProtobufError';
}

/** How many items the lists of a message and of all messages in it may have together, and how many there were. */
export interface ItemCount {
  readonly most: number;
  seen: number;
}

/** Reads one message. Every read checks its bounds; a damaged message throws ProtobufError. */
export class Reader {
  readonly #bytes: Buffer;
  readonly #end: number;
  readonly #items: ItemCount | undefined;
  #at: number;

  /** Reads the bytes of a range; `items` is shared with the messages in it. */
  constructor(bytes: Buffer, items?: ItemCount, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#items = items;
    this.#at = start;
    this.#end = end;
  }

  get done(): boolean {
    return this.#at >= this.#end;
  }

  /** The next field's number and wire type. */
  tag(): [field: number, type: number] {
    const tag = this.#number();
    const field = Math.floor(tag / 8);
    if (field < 1) throw new ProtobufError('proto: illegal tag 0');
    return [field, tag % 8];
  }

  #number(): number {
    const byte = this.#at < this.#end ? this.#bytes[this.#at]! : 0x80;
    if (byte >= 0x80) return Number(this.varint());
    this.#at++;
    return byte;
  }

  /** An unsigned 64-bit number. */
  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.#at >= this.#end) throw new ProtobufError('unexpected EOF');
      const byte = this.#bytes[this.#at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new ProtobufError('proto: integer overflow');
  }

  /** Passes over as many bytes as stand before them; returns where they begin. */
  #passBytes(): number {
    const length = this.#number();
    const start = this.#at;
    if (start + length > this.#end) throw new ProtobufError('unexpected EOF');
    this.#at = start + length;
    return start;
  }

  bytes(): Buffer {
    const start = this.#passBytes();
    return this.#bytes.subarray(start, this.#at);
  }

  /** A message that is a field of this one. */
  message(): Reader {
    const start = this.#passBytes();
    return new Reader(this.#bytes, this.#items, start, this.#at);
  }

  /** Counts an item of a list; throws ProtobufError where there are too many. */
  item(): void {
    const items = this.#items;
    if (items && ++items.seen > items.most) throw new ProtobufError(`message contains more than ${items.most} items`);
  }

  double(): number {
    if (this.#at + 8 > this.#end) throw new ProtobufError('unexpected EOF');
    this.#at += 8;
    return this.#bytes.readDoubleLE(this.#at - 8);
  }

  /** Passes over a field nobody asked for. */
  skip(type: number): void {
    if (type === wire.varint) this.varint();
    else if (type === wire.bytes) this.#passBytes();
    else if (type === wire.fixed64) this.#at += 8;
    else if (type === wire.fixed32) this.#at += 4;
    else throw new ProtobufError(`proto: illegal wireType ${type}`);
    if (this.#at > this.#end) throw new ProtobufError('unexpected EOF');
  }
}

/** Collects the bytes of one message, those of the messages in it included, in one buffer that grows. */
export class Writer {
  #bytes: Buffer = Buffer.allocUnsafe(512);
  #at = 0;

  varint(field: number, value: bigint | number): void {
    this.#number(field * 8 + wire.varint);
    if (typeof value === 'number' && value >= 0) this.#number(value);
    else this.#big(BigInt.asUintN(64, BigInt(value)));
  }

  bytes(field: number, value: Uint8Array): void {
    this.#number(field * 8 + wire.bytes);
    this.#number(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  string(field: number, value: string): void {
    const length = Buffer.byteLength(value);
    this.#number(field * 8 + wire.bytes);
    this.#number(length);
    this.#reserve(length);
    this.#bytes.write(value, this.#at);
    this.#at += length;
  }

  double(field: number, value: number): void {
    this.#number(field * 8 + wire.fixed64);
    this.#reserve(8);
    this.#bytes.writeDoubleLE(value, this.#at);
    this.#at += 8;
  }

  /** A field that is a message: what `write` writes meanwhile. */
  message(field: number, write: () => void): void {
    this.#number(field * 8 + wire.bytes);
    const start = this.#at;
    write();
    // The length is known only now; what was written makes room for it.
    const length = this.#at - start;
    const room = lengthOf(length);
    this.#reserve(room);
    this.#bytes.copyWithin(start + room, start, this.#at);
    this.#at = start;
    this.#number(length);
    this.#at += length;
  }

  /** The bytes, in memory of their own. */
  finish(): Buffer {
    const bytes = Buffer.allocUnsafeSlow(this.#at);
    this.#bytes.copy(bytes, 0, 0, this.#at);
    return bytes;
  }

  /** A varint without a tag: a number of at most 53 bits. */
  #number(value: number): void {
    this.#reserve(10);
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) this.#bytes[this.#at++] = (rest % 128) + 0x80;
    this.#bytes[this.#at++] = rest;
  }

  #big(value: bigint): void {
    this.#reserve(10);
    let rest = value;
    for (; rest > 0x7fn; rest >>= 7n) this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80;
    this.#bytes[this.#at++] = Number(rest);
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(2 * (this.#at + count));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}

/** How many bytes a number takes as a varint. */
export function lengthOf(value: number): number {
  let count = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 128)) count++;
  return count;
}
