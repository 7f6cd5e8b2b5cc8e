/** The wire format of protocol buffers (https://protobuf.dev/programming-guides/encoding), as far as Kubernetes uses it. */
export const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** A message that cannot be read. */
export class ProtobufError extends Error {
  override name = 'ProtobufError';
}

/** Reads one message. Every read checks its bounds; a damaged message throws ProtobufError. */
export class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** The next field's number and wire type. */
  tag(): [field: number, type: number] {
    const tag = Number(this.varint());
    const field = Math.floor(tag / 8);
    if (field < 1) throw new ProtobufError('proto: illegal tag 0');
    return [field, tag & 7];
  }

  /** An unsigned 64-bit number. */
  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new ProtobufError('unexpected EOF');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new ProtobufError('proto: integer overflow');
  }

  bytes(): Buffer {
    const length = Number(this.varint());
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new ProtobufError('unexpected EOF');
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }

  double(): number {
    if (this.#at + 8 > this.#bytes.length) throw new ProtobufError('unexpected EOF');
    this.#at += 8;
    return this.#bytes.readDoubleLE(this.#at - 8);
  }

  /** Passes over a field nobody asked for. */
  skip(type: number): void {
    if (type === wire.varint) this.varint();
    else if (type === wire.bytes) this.bytes();
    else if (type === wire.fixed64) this.#at += 8;
    else if (type === wire.fixed32) this.#at += 4;
    else throw new ProtobufError(`proto: illegal wireType ${type}`);
    if (this.#at > this.#bytes.length) throw new ProtobufError('unexpected EOF');
  }
}

/** Collects the bytes of one message. */
export class Writer {
  readonly #chunks: Buffer[] = [];

  varint(field: number, value: bigint | number): void {
    this.#chunks.push(
      varintBytes((BigInt(field) << 3n) | BigInt(wire.varint)),
      varintBytes(BigInt.asUintN(64, BigInt(value))),
    );
  }

  bytes(field: number, value: Uint8Array): void {
    this.#chunks.push(
      varintBytes((BigInt(field) << 3n) | BigInt(wire.bytes)),
      varintBytes(BigInt(value.length)),
      Buffer.from(value),
    );
  }

  double(field: number, value: number): void {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    this.#chunks.push(varintBytes((BigInt(field) << 3n) | BigInt(wire.fixed64)), bytes);
  }

  finish(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

function varintBytes(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}
