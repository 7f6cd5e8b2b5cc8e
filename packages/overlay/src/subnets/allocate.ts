import type { NetworkConfig } from '../config/network-config.ts';
import { formatRange, holds, overlap, type Range, rangeFrom } from '../range.ts';

/** Every subnet of the network is taken. */
export class NoSubnetError extends Error {
  override name = 'NoSubnetError';
}

/** Whether a subnet is one the configuration lets a node have. */
export function isWithin(config: NetworkConfig, subnet: Range): boolean {
  return (
    subnet.length === config.subnetLength &&
    subnet.base >= config.subnetMin.base &&
    subnet.base <= config.subnetMax.base &&
    holds(config.network, subnet)
  );
}

/**
 * A subnet nobody has: the earlier one when it is free, or else any, chosen at random, so that one that was given back is not soon
 * somebody else's. `random`: from 0 up to but without 1. Throws NoSubnetError.
 */
export function chooseSubnet(
  config: NetworkConfig,
  taken: readonly Range[],
  earlier: Range | undefined,
  random: () => number = Math.random,
): Range {
  const isFree = (subnet: Range) => !taken.some((each) => overlap(each, subnet));
  if (earlier && isWithin(config, earlier) && isFree(earlier)) return earlier;
  const step = 2 ** (32 - config.subnetLength);
  const count = (config.subnetMax.base - config.subnetMin.base) / step + 1;
  const start = Math.floor(random() * count);
  for (let i = 0; i < count; i++) {
    const subnet = { base: config.subnetMin.base + ((start + i) % count) * step, length: config.subnetLength };
    if (isFree(subnet)) return subnet;
  }
  throw new NoSubnetError(`out of subnets: all ${count} of Network ${formatRange(config.network)} are leased`);
}

/** The name of a subnet in keys: `10.244.3.0-24`. */
export const keyOfSubnet = (subnet: Range): string => formatRange(subnet).replace('/', '-');

/** Reads `10.244.3.0-24`; undefined when it is no such name. */
export function subnetOfKey(name: string): Range | undefined {
  const subnet = rangeFrom(name.replace('-', '/'));
  return subnet && keyOfSubnet(subnet) === name ? subnet : undefined;
}
