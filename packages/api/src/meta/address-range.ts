import { isIP } from 'node:net';
import { addressNumber, addressText } from './addresses.ts';

/** A range of addresses in CIDR notation, of either family. */
export class AddressRange {
  /** As canonical CIDR: `10.96.0.0/12`. */
  readonly cidr: string;
  readonly family: 'IPv4' | 'IPv6';
  /** How many addresses may be handed out: all but the network's own and, in IPv4, the broadcast address. */
  readonly size: number;
  readonly #base: bigint;
  readonly #bits: 32 | 128;
  readonly #prefix: number;

  /** Throws on what is no CIDR, and on a range that has no usable address. */
  constructor(cidr: string) {
    const [address = '', length = ''] = cidr.split('/');
    const version = isIP(address);
    const prefix = /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
    this.#bits = version === 4 ? 32 : 128;
    if (version === 0 || !(prefix >= 0 && prefix <= this.#bits)) throw new Error(`invalid CIDR address: ${cidr}`);
    this.family = version === 4 ? 'IPv4' : 'IPv6';
    const host = BigInt(this.#bits - prefix);
    this.#prefix = prefix;
    this.#base = (addressNumber(address) >> host) << host;
    this.cidr = `${addressText(this.#base, this.#bits)}/${prefix}`;
    // 64 bits of hosts are beyond counting; more than 2^32 are never handed out.
    const all = host > 32n ? 2 ** 32 : Number(1n << host);
    this.size = all - (version === 4 && host <= 32n ? 2 : 1);
    if (this.size < 1) throw new Error(`the range ${cidr} has no usable address`);
  }

  /** The range a text stands for; undefined where it is none, or has no usable address. */
  static parse(cidr: string): AddressRange | undefined {
    try {
      return new AddressRange(cidr);
    } catch {
      return undefined;
    }
  }

  /** The address at an index below `size`, in canonical form. */
  at(index: number): string {
    return addressText(this.#base + BigInt(index) + 1n, this.#bits);
  }

  /** The index of an address; undefined when it is not one that may be handed out. */
  indexOf(address: string): number | undefined {
    if ((isIP(address) === 4) !== (this.family === 'IPv4') || isIP(address) === 0) return undefined;
    const index = addressNumber(address) - this.#base - 1n;
    return index >= 0n && index < BigInt(this.size) ? Number(index) : undefined;
  }

  /** Whether an address is one of the range, be it one that may be handed out or not. */
  has(address: string): boolean {
    const version = isIP(address);
    return version !== 0 && (version === 4) === (this.family === 'IPv4') && this.#holds(addressNumber(address));
  }

  /** Whether all of another range is in this one. */
  covers(other: AddressRange): boolean {
    return other.family === this.family && other.#prefix >= this.#prefix && this.#holds(other.#base);
  }

  #holds(address: bigint): boolean {
    return (address ^ this.#base) >> BigInt(this.#bits - this.#prefix) === 0n;
  }
}
