import { isIPv6 } from 'node:net';

/** An address as one number; IPv4 has 32 bits, IPv6 128. */
function numberOf(address: string): bigint {
  if (!isIPv6(address)) return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
  const [head = '', tail] = address.split('::');
  const groups = (text: string) =>
    text === ''
      ? []
      : text.split(':').flatMap((each) => (each.includes('.') ? embedded(each) : [Number.parseInt(each, 16)]));
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  const zeros = new Array<number>(8 - front.length - back.length).fill(0);
  return [...front, ...zeros, ...back].reduce((sum, part) => (sum << 16n) | BigInt(part), 0n);
}

/** The last two groups of an IPv6 address written as IPv4. */
function embedded(ipv4: string): number[] {
  const value = Number(numberOf(ipv4));
  return [value >>> 16, value & 0xffff];
}

/** Whether a CIDR (or single address) contains an address of the same family. */
export function contains(cidr: string, address: string): boolean {
  const [base = '', length] = cidr.split('/');
  if (isIPv6(base) !== isIPv6(address)) return false;
  const bits = isIPv6(base) ? 128 : 32;
  const shift = BigInt(bits - Number(length ?? bits));
  return numberOf(base) >> shift === numberOf(address) >> shift;
}

/** The CIDRs without those inside others, as nft sets of intervals take them. */
export function withoutOverlaps(cidrs: readonly string[]): string[] {
  const length = (cidr: string) => Number(cidr.split('/')[1] ?? (isIPv6(cidr) ? 128 : 32));
  const kept: string[] = [];
  for (const cidr of [...cidrs].sort((a, b) => length(a) - length(b))) {
    if (!kept.some((each) => contains(each, cidr.split('/')[0]!))) kept.push(cidr);
  }
  return kept;
}
