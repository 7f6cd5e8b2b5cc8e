/** An IPv4 network: its first address as a number, and its prefix length. */
export interface Network {
  base: number;
  length: number;
}

/** Reads `10.0.0.0/8` or a single address. Throws on anything else. */
export function parseNetwork(text: string): Network {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(text);
  const parts = match?.slice(1, 5).map(Number) ?? [];
  const length = Number(match?.[5] ?? 32);
  if (!match || parts.some((it) => it > 255) || length > 32) throw new Error(`${text} is no IPv4 network`);
  const address = parts.reduce((sum, it) => sum * 256 + it, 0);
  return { base: address - (address % size({ base: 0, length })), length };
}

/** `10.0.0.0/8` */
export function formatNetwork(network: Network): string {
  return `${formatAddress(network.base)}/${network.length}`;
}

/** The address at an offset in a network, as text: `addressIn('10.96.0.0/16', 1)` is `10.96.0.1`. */
export function addressIn(network: string, offset: number): string {
  return formatAddress(parseNetwork(network).base + offset);
}

/** Whether two networks share an address. */
export function overlap(a: Network, b: Network): boolean {
  return a.base < b.base + size(b) && b.base < a.base + size(a);
}

function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

function size(network: Network): number {
  return 2 ** (32 - network.length);
}
