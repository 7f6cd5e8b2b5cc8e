/** An IPv4 range: its first address as a number, and the length of its prefix. */
export interface Range {
  base: number;
  length: number;
}

/** How many addresses a range holds. */
export const sizeOf = (range: Range): number => 2 ** (32 - range.length);

/** Reads `10.244.0.1` as a number. Throws on anything else. */
export function parseAddress(text: string): number {
  const address = addressFrom(text);
  if (address === undefined) throw new Error(`${JSON.stringify(text)} is no IPv4 address`);
  return address;
}

function addressFrom(text: string): number | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (!parts || parts.some((part) => part > 255)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

/** Writes a number as `10.244.0.1`. */
export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** Reads `10.244.0.0/16`; bits below the prefix are cleared. Throws on anything else. */
export function parseRange(text: string): Range {
  const range = rangeFrom(text);
  if (!range) throw new Error(`${JSON.stringify(text)} is no IPv4 range such as "10.244.0.0/16"`);
  return range;
}

/** As parseRange; undefined when the text is no range. */
export function rangeFrom(text: string): Range | undefined {
  const [, address = '', length = ''] = /^([\d.]+)\/(\d{1,2})$/.exec(text) ?? [];
  const base = addressFrom(address);
  return base === undefined || Number(length) > 32 ? undefined : rangeAt(base, Number(length));
}

/** The range of a prefix length that holds an address. */
export function rangeAt(address: number, length: number): Range {
  return { base: address - (address % 2 ** (32 - length)), length };
}

/** `10.244.0.0/16` */
export function formatRange(range: Range): string {
  return `${formatAddress(range.base)}/${range.length}`;
}

/** The address at an offset in a range: 0 is its first one. */
export function addressAt(range: Range, offset: number): string {
  return formatAddress(range.base + offset);
}

/** Whether all of `inner` is within `outer`. */
export function holds(outer: Range, inner: Range): boolean {
  return inner.base >= outer.base && inner.base + sizeOf(inner) <= outer.base + sizeOf(outer);
}

/** Whether two ranges share an address. */
export function overlap(a: Range, b: Range): boolean {
  return a.base < b.base + sizeOf(b) && b.base < a.base + sizeOf(a);
}

/** Whether two ranges are the same one. */
export function sameRange(a: Range | undefined, b: Range | undefined): boolean {
  return a?.base === b?.base && a?.length === b?.length;
}
