/**
 * The wire format of protocol buffers (https://protobuf.dev/programming-guides/encoding), as far as etcd uses it. It is on the path of every
 * write: a message is put together from parts and copied once, and numbers are plain numbers. Revisions stay below 2^53; lease ids do not.
 */

const varintType = 0;
const bytesType = 2;

/** Collects the fields of one message. A field that has its default is left out, as proto3 has it. */
export class Encoder {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  number(field: number, value: number | undefined): this {
    if (value) this.#head(field * 8 + varintType, value);
    return this;
  }

  int64(field: number, value: bigint | undefined): this {
    if (value) this.#add(varint([field * 8 + varintType], BigInt.asUintN(64, value)));
    return this;
  }

  flag(field: number, value: boolean | undefined): this {
    return this.number(field, value ? 1 : 0);
  }

  bytes(field: number, value: Uint8Array | undefined): this {
    if (value && value.length > 0) {
      this.#head(field * 8 + bytesType, value.length);
      this.#add(value);
    }
    return this;
  }

  /** A message in this one; it is there also when it has no fields. */
  message(field: number, value: Encoder): this {
    this.#head(field * 8 + bytesType, value.#length);
    for (const part of value.#parts) this.#add(part);
    return this;
  }

  /** The bytes, as they follow on `head`. */
  finish(head: Uint8Array): Buffer {
    return Buffer.concat([head, ...this.#parts], head.length + this.#length);
  }

  #head(tag: number, value: number): void {
    const bytes = [tag]; // all field numbers here are below 16
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
    bytes.push(rest);
    this.#add(Uint8Array.from(bytes));
  }

  #add(part: Uint8Array): void {
    this.#parts.push(part);
    this.#length += part.length;
  }
}

function varint(bytes: number[], value: bigint): Uint8Array {
  let rest = value;
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) + 128);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

/** Reads one message, which may be in several parts: a long one is not put together. Throws RangeError for bytes that are none. */
export class Decoder {
  #bytes: Buffer;
  #end: number;
  #at: number;
  #type = varintType;
  /** What follows on `#bytes`. */
  readonly #more: readonly Buffer[];
  #next = 0;

  constructor(bytes: Buffer, at = 0, end = bytes.length, more: readonly Buffer[] = []) {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
    this.#more = more;
  }

  /** The number of the next field; 0 at the end of the message. */
  field(): number {
    if (this.#isOver()) return 0;
    const tag = this.number();
    this.#type = tag % 8;
    return Math.floor(tag / 8);
  }

  /** A number; what is beyond 2^53 loses its lowest bits. */
  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  int64(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
  }

  flag(): boolean {
    return this.number() !== 0;
  }

  /** A part of the bytes the decoder was made of, not a copy, unless it was in several of them. */
  bytes(): Buffer {
    return this.#extent(partOf);
  }

  text(): string {
    return this.#extent(textOf);
  }

  message(): Decoder {
    return this.#extent(messageOf);
  }

  /** Passes over the field. */
  skip(): void {
    if (this.#type === varintType) this.number();
    else if (this.#type === bytesType) this.#extent(nothingOf);
    else throw new RangeError(`a field of wire type ${this.#type} in an answer of etcd`);
  }

  #isOver(): boolean {
    while (this.#at >= this.#end) {
      const next = this.#more[this.#next++];
      if (!next) return true;
      [this.#bytes, this.#at, this.#end] = [next, 0, next.length];
    }
    return false;
  }

  #byte(): number {
    if (this.#isOver()) throw tooShort();
    return this.#bytes[this.#at++]!;
  }

  #extent<T>(made: (bytes: Buffer, from: number, to: number) => T): T {
    const length = this.number();
    const from = this.#at;
    if (from + length > this.#end) return made(this.#joined(length), 0, length);
    this.#at += length;
    return made(this.#bytes, from, this.#at);
  }

  /** The next bytes, of which some are in the parts that follow. */
  #joined(length: number): Buffer {
    const pieces: Buffer[] = [];
    for (let left = length; left > 0; ) {
      if (this.#isOver()) throw tooShort();
      const piece = this.#bytes.subarray(this.#at, Math.min(this.#end, this.#at + left));
      pieces.push(piece);
      this.#at += piece.length;
      left -= piece.length;
    }
    return Buffer.concat(pieces, length);
  }
}

const partOf = (bytes: Buffer, from: number, to: number): Buffer => bytes.subarray(from, to);
const textOf = (bytes: Buffer, from: number, to: number): string => bytes.toString('utf8', from, to);
const messageOf = (bytes: Buffer, from: number, to: number): Decoder => new Decoder(bytes, from, to);
const nothingOf = (): void => {};

const tooShort = (): RangeError => new RangeError('an answer of etcd ends in the middle of a field');
