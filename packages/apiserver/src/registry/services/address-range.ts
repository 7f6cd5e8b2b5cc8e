import { isIP } from 'node:net';

/** A range of addresses in CIDR notation, of either family. */
export class AddressRange {
  /** As canonical CIDR: `10.96.0.0/12`. */
  readonly cidr: string;
  readonly family: 'IPv4' | 'IPv6';
  /** How many addresses may be handed out: all but the network's own and, in IPv4, the broadcast address. */
  readonly size: number;
  readonly #base: bigint;
  readonly #bits: number;

  /** Throws on what is no CIDR, and on a range that has no usable address. */
  constructor(cidr: string) {
    const [address = '', length = ''] = cidr.split('/');
    const version = isIP(address);
    const prefix = /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
    this.#bits = version === 4 ? 32 : 128;
    if (version === 0 || !(prefix >= 0 && prefix <= this.#bits)) throw new Error(`invalid CIDR address: ${cidr}`);
    this.family = version === 4 ? 'IPv4' : 'IPv6';
    const host = BigInt(this.#bits - prefix);
    this.#base = (parse(address) >> host) << host;
    this.cidr = `${format(this.#base, this.#bits)}/${prefix}`;
    // 64 bits of hosts are beyond counting; more than 2^32 are never handed out.
    const all = host > 32n ? 2 ** 32 : Number(1n << host);
    this.size = all - (version === 4 && host <= 32n ? 2 : 1);
    if (this.size < 1) throw new Error(`the range ${cidr} has no usable address`);
  }

  /** The address at an index below `size`, in canonical form. */
  at(index: number): string {
    return format(this.#base + BigInt(index) + 1n, this.#bits);
  }

  /** The index of an address; undefined when it is not one that may be handed out. */
  indexOf(address: string): number | undefined {
    if ((isIP(address) === 4) !== (this.family === 'IPv4') || isIP(address) === 0) return undefined;
    const index = parse(address) - this.#base - 1n;
    return index >= 0n && index < BigInt(this.size) ? Number(index) : undefined;
  }
}

/** An address in the form it is stored in: `::1` for `0:0:0:0:0:0:0:1`. */
export function canonical(address: string): string {
  return format(parse(address), isIP(address) === 4 ? 32 : 128);
}

function parse(address: string): bigint {
  if (isIP(address) === 4) return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(Number(part)), 0n);
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  const text = tail ? `${tail[1]}${words(parse(tail[2]!), 2).join(':')}` : address;
  const [head = '', rest] = text.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = rest === undefined || rest === '' ? [] : rest.split(':');
  const zeros = rest === undefined ? [] : new Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].reduce((sum, word) => (sum << 16n) | BigInt(Number.parseInt(word, 16)), 0n);
}

function words(value: bigint, count: number): string[] {
  return Array.from({ length: count }, (_, i) => ((value >> BigInt(16 * (count - 1 - i))) & 0xffffn).toString(16));
}

function format(value: bigint, bits: number): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join('.');
  const all = words(value, 8);
  // RFC 5952: the longest run of two or more zero words, the first of equals, becomes `::`.
  let start = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && all[end] === '0') end++;
    if (end - i > length) [start, length] = [i, end - i];
    i = Math.max(i, end - 1);
  }
  if (start < 0) return all.join(':');
  return `${all.slice(0, start).join(':')}::${all.slice(start + length).join(':')}`;
}
