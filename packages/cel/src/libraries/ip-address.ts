import { isIP } from 'node:net';
import { addressNumber, addressText } from '@coracle/api/meta/addresses';
import { readType, type Type } from '../check/type.ts';
import { EvaluationError } from '../evaluate/failure.ts';
import { Opaque } from '../values.ts';

export const ipType: Type = readType('net.IP');
export const cidrType: Type = readType('net.CIDR');

/** An IP address. */
export class Address extends Opaque {
  override readonly type = ipType;
  readonly number: bigint;
  readonly bits: 32 | 128;

  constructor(number: bigint, bits: 32 | 128) {
    super();
    this.number = number;
    this.bits = bits;
  }

  /** Bytes of the address: what comparing it costs. */
  override get size(): number {
    return this.bits / 8;
  }

  override equals(other: Opaque): boolean {
    return other instanceof Address && other.bits === this.bits && other.number === this.number;
  }

  override toString(): string {
    return addressText(this.number, this.bits);
  }
}

/** A range of addresses, `10.0.0.0/8`; the address need not be the first of it. */
export class Range extends Opaque {
  override readonly type = cidrType;
  readonly address: Address;
  readonly prefix: number;

  constructor(address: Address, prefix: number) {
    super();
    this.address = address;
    this.prefix = prefix;
  }

  override get size(): number {
    return Math.ceil(this.prefix / 8);
  }

  override equals(other: Opaque): boolean {
    return other instanceof Range && other.prefix === this.prefix && other.address.equals(this.address);
  }

  override toString(): string {
    return `${this.address}/${this.prefix}`;
  }

  masked(): Range {
    return new Range(new Address(this.#network(this.address.number), this.address.bits), this.prefix);
  }

  contains({ number, bits }: Address): boolean {
    return bits === this.address.bits && this.#network(number) === this.#network(this.address.number);
  }

  #network(number: bigint): bigint {
    const rest = BigInt(this.address.bits - this.prefix);
    return (number >> rest) << rest;
  }
}

/** Reads an address: no leading zeros, no zone, no IPv4 in IPv6's notation. Throws EvaluationError. */
export function readAddress(text: string): Address {
  const refuse = (why: string) => new EvaluationError(why);
  const family = isIP(text);
  if (text.includes('%')) throw refuse(`IP address with zone value is not allowed`);
  if (family === 0) {
    const detail =
      /^[\d.]+$/.test(text) && /(^|\.)0\d/.test(text) ? 'IPv4 field has octet with leading zero' : 'unable to parse IP';
    throw refuse(
      `IP Address ${JSON.stringify(text)} parse error during conversion from string: ParseAddr(${JSON.stringify(text)}): ${detail}`,
    );
  }
  const number = addressNumber(text);
  if (family === 6 && (text.includes('.') || number >> 32n === 0xffffn))
    throw refuse(`IPv4-mapped IPv6 address is not allowed`);
  return new Address(number, family === 4 ? 32 : 128);
}

/** Reads `address/prefix`. Throws EvaluationError. */
export function readRange(text: string): Range {
  const during = 'network address parse error during conversion from string: ';
  const bad = (why: string) =>
    new EvaluationError(`${during}${during}netip.ParsePrefix(${JSON.stringify(text)}): ${why}`);
  const slash = text.lastIndexOf('/');
  if (slash < 0) throw bad("no '/'");
  const [address, length] = [text.slice(0, slash), text.slice(slash + 1)];
  if (isIP(address) === 0) throw bad(`ParseAddr(${JSON.stringify(address)}): unable to parse IP`);
  if (!/^(?:0|[1-9]\d*)$/.test(length)) throw bad(`bad bits after slash: ${JSON.stringify(length)}`);
  const ip = readAddress(address);
  if (Number(length) > ip.bits) throw bad('prefix length out of range');
  return new Range(ip, Number(length));
}
