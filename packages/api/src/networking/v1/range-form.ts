import { canonicalCidr, hasHostBits, isMapped } from '../../meta/addresses.ts';
import { isCidr } from '../../meta/names.ts';

/** A range as new objects have to write it (KEP-4858): `10.1.2.3/8` could mean a range or an address in it. */
export function isUnambiguousCidr(value: string): string[] {
  const errors = isCidr(value);
  if (errors.length > 0) return errors;
  if (isMapped(value.split('/')[0]!)) errors.push('must not be an IPv4-mapped IPv6 address');
  if (hasHostBits(value)) errors.push('must not have bits set beyond the prefix length');
  return errors;
}

/** A range in the one form that kinds newer than KEP-4858 take. */
export function isCanonicalCidr(value: string): string[] {
  const errors = isUnambiguousCidr(value);
  const canonical = errors.length > 0 ? value : canonicalCidr(value);
  return canonical === value ? errors : [`must be in canonical form (${JSON.stringify(canonical)})`];
}
