import { isIP } from 'node:net';

/** The number an IP address stands for, of 32 or 128 bits; the text must be an address. */
export function addressNumber(address: string): bigint {
  if (isIP(address) === 4) return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(Number(part)), 0n);
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  const text = tail ? `${tail[1]}${words(addressNumber(tail[2]!), 2).join(':')}` : address;
  const [head = '', rest] = text.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = rest === undefined || rest === '' ? [] : rest.split(':');
  const zeros = rest === undefined ? [] : new Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].reduce((sum, word) => (sum << 16n) | BigInt(Number.parseInt(word, 16)), 0n);
}

/** The address a number stands for, in canonical form (IPv6: RFC 5952). */
export function addressText(value: bigint, bits: 32 | 128): string {
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

/** An address in the one form it is compared and stored in: `::1` for `0:0:0:0:0:0:0:1`. */
export function canonicalAddress(address: string): string {
  return addressText(addressNumber(address), isIP(address) === 4 ? 32 : 128);
}

function words(value: bigint, count: number): string[] {
  return Array.from({ length: count }, (_, i) => ((value >> BigInt(16 * (count - 1 - i))) & 0xffffn).toString(16));
}

/** Whether an address range is a part of another of its family, and not all of it; both must be ranges. */
export function isStrictlyInside(inner: string, outer: string): boolean {
  const [a, b] = [rangeOf(inner), rangeOf(outer)];
  const shift = BigInt(b.size - b.bits);
  return a.size === b.size && a.bits > b.bits && a.address >> shift === b.address >> shift;
}

/** Whether an address is an IPv4 one in the form of IPv6, `::ffff:10.0.0.1`. */
export function isMapped(address: string): boolean {
  return isIP(address) === 6 && addressNumber(address) >> 32n === 0xffffn;
}

/** A range in the one form it should be written in: `2001:db8::/32` for `2001:DB8:0::/32`. */
export function canonicalCidr(cidr: string): string {
  const [address = '', bits] = cidr.split('/');
  return `${canonicalAddress(address)}/${bits}`;
}

/** Whether a range is written as an address in it, `10.1.2.3/8`, and not as the one it begins with. */
export function hasHostBits(cidr: string): boolean {
  const { address, bits, size } = rangeOf(cidr);
  return BigInt.asUintN(size - bits, address) !== 0n;
}

function rangeOf(cidr: string): { address: bigint; bits: number; size: number } {
  const [address = '', bits] = cidr.split('/');
  return { address: addressNumber(address), bits: Number(bits), size: isIP(address) === 4 ? 32 : 128 };
}
