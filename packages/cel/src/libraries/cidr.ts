import { reading, sizeOf, traversal } from '../cost/factors.ts';
import { add, exactly, scale } from '../cost/range.ts';
import { type Library, type Overload, overload } from '../functions/overload.ts';
import { readingEstimate, succeeds } from './ip.ts';
import { type Address, type Range, readAddress, readRange } from './ip-address.ts';

/** Comparing two addresses of 4 to 16 bytes; with `mask`, one of them is masked before; a string is parsed before. */
const comparing = (mask: boolean, parsed: boolean): Pick<Overload, 'cost' | 'estimate'> => ({
  cost([range, other]) {
    const size = sizeOf(range!);
    const masking = mask ? Math.ceil(size * traversal) + 1 : 0;
    return Math.ceil(2 * size * traversal) + masking + (parsed ? reading(other!) : 0);
  },
  estimate([, other]) {
    let cost = scale({ min: 8n, max: 32n }, traversal);
    if (mask) cost = add(add(cost, scale({ min: 4n, max: 16n }, traversal)), exactly(1));
    return { cost: parsed ? add(cost, scale(other!.size, traversal)) : cost };
  },
});

const containsRange = (range: Range, other: Range): boolean =>
  other.prefix >= range.prefix && range.contains(other.masked().address);

/** Ranges of addresses (https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-cidr-library). */
export const cidr: Library = {
  cidr: [overload('string_to_cidr', '(string) net.CIDR', readRange, readingEstimate)],
  isCIDR: [overload('is_cidr', '(string) bool', (text: string) => succeeds(() => readRange(text)), readingEstimate)],
  string: [overload('cidr_to_string', '(net.CIDR) string', String)],
  ip: [overload('cidr_ip', 'net.CIDR.() net.IP', ({ address }: Range) => address)],
  masked: [overload('cidr_masked', 'net.CIDR.() net.CIDR', (range: Range) => range.masked())],
  prefixLength: [overload('cidr_prefix_length', 'net.CIDR.() int', ({ prefix }: Range) => BigInt(prefix))],
  containsIP: [
    overload(
      'cidr_contains_ip_ip',
      'net.CIDR.(net.IP) bool',
      (range: Range, ip: Address) => range.contains(ip),
      comparing(false, false),
    ),
    overload(
      'cidr_contains_ip_string',
      'net.CIDR.(string) bool',
      (range: Range, ip: string) => range.contains(readAddress(ip)),
      comparing(false, true),
    ),
  ],
  containsCIDR: [
    overload('cidr_contains_cidr', 'net.CIDR.(net.CIDR) bool', containsRange, comparing(true, false)),
    overload(
      'cidr_contains_cidr_string',
      'net.CIDR.(string) bool',
      (range: Range, other: string) => containsRange(range, readRange(other)),
      comparing(true, true),
    ),
  ],
};
