/** A network in numbers: addresses of IPv4 and IPv6 alike are big integers. */
export interface Network {
  family: 4 | 6;
  base: bigint;
  prefix: number;
}

const bitsOf = { 4: 32, 6: 128 } as const;

/** Reads `10.244.0.0/16` or `fd00::/48`. Throws on text that is no network. */
export function parseNetwork(text: string): Network {
  const [address = '', length = ''] = text.split('/');
  const family = address.includes(':') ? 6 : 4;
  const prefix = Number(length);
  if (!/^\d+$/.test(length) || prefix > bitsOf[family]) throw new Error(`invalid CIDR address: ${text}`);
  const value = family === 4 ? parseIpv4(address) : parseIpv6(address);
  if (value === undefined) throw new Error(`invalid CIDR address: ${text}`);
  const host = BigInt(bitsOf[family] - prefix);
  return { family, base: (value >> host) << host, prefix };
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || parts.some((part) => !/^\d{1,3}$/.test(part) || Number(part) > 255)) return undefined;
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function parseIpv6(text: string): bigint | undefined {
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0) return undefined;
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const all = [...before, ...Array.from({ length: missing }, () => '0'), ...after];
  if (all.some((group) => !/^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return all.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

/** The network as text, IPv6 with its longest run of zeros left out. */
export function formatNetwork({ family, base, prefix }: Network): string {
  if (family === 4) {
    const bytes = [24n, 16n, 8n, 0n].map((shift) => (base >> shift) & 255n);
    return `${bytes.join('.')}/${prefix}`;
  }
  const groups = Array.from({ length: 8 }, (_, i) => (base >> BigInt(112 - 16 * i)) & 0xffffn);
  const text = groups.map((group) => group.toString(16)).join(':');
  const runs = [...text.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].sort((a, b) => b[0].length - a[0].length);
  const [longest] = runs;
  if (!longest) return `${text}/${prefix}`;
  const short = `${text.slice(0, longest.index)}::${text.slice(longest.index + longest[0].length + 1)}`;
  return `${short}/${prefix}`;
}

/** Hands out the parts of a network, each `partPrefix` bits long, and takes them back. */
export class RangeSet {
  readonly network: Network;
  readonly #partPrefix: number;
  readonly #size: bigint;
  readonly #used = new Set<bigint>();
  #next = 0n;

  /** Throws when the parts do not fit the network, or are more than 65,536. */
  constructor(network: Network, partPrefix: number) {
    if (partPrefix < network.prefix || partPrefix - network.prefix > 16) {
      throw new Error(`node CIDR mask size ${partPrefix} does not fit the cluster CIDR ${formatNetwork(network)}`);
    }
    this.network = network;
    this.#partPrefix = partPrefix;
    this.#size = 1n << BigInt(partPrefix - network.prefix);
  }

  /** A part nobody has, in turn; undefined when all are taken. */
  allocate(): string | undefined {
    for (let tried = 0n; tried < this.#size; tried++) {
      const index = (this.#next + tried) % this.#size;
      if (this.#used.has(index)) continue;
      this.#used.add(index);
      this.#next = index + 1n;
      return formatNetwork({
        ...this.network,
        base: this.network.base + index * this.#width,
        prefix: this.#partPrefix,
      });
    }
    return undefined;
  }

  /** Marks every part that overlaps the given network as taken. Networks of elsewhere are ignored. */
  occupy(text: string): void {
    for (const index of this.#indexes(text)) this.#used.add(index);
  }

  release(text: string): void {
    for (const index of this.#indexes(text)) this.#used.delete(index);
  }

  get #width(): bigint {
    return 1n << BigInt(bitsOf[this.network.family] - this.#partPrefix);
  }

  *#indexes(text: string): Generator<bigint> {
    const network = parseNetwork(text);
    if (network.family !== this.network.family) return;
    const end = network.base + (1n << BigInt(bitsOf[network.family] - network.prefix)) - 1n;
    const last = this.network.base + this.#size * this.#width - 1n;
    if (end < this.network.base || network.base > last) return;
    const from = network.base < this.network.base ? 0n : (network.base - this.network.base) / this.#width;
    const to = end > last ? this.#size - 1n : (end - this.network.base) / this.#width;
    for (let index = from; index <= to; index++) yield index;
  }
}
