import { addressAt, formatRange, holds, parseAddress, parseRange, type Range, rangeAt, sizeOf } from '../range.ts';

/** What the pod network of a cluster is: flannel's configuration, checked and with its defaults. */
export interface NetworkConfig {
  /** All pods of the cluster. */
  network: Range;
  /** Prefix length of a node's subnet. */
  subnetLength: number;
  /** The first subnet that is given to a node, and the last. */
  subnetMin: Range;
  subnetMax: Range;
  backend: BackendConfig;
}

export interface VxlanConfig {
  type: 'vxlan';
  /** The network's number on the wire. */
  vni: number;
  /** UDP port. */
  port: number;
  /** Peers on the same link get packets as they are. */
  directRouting: boolean;
  /** Undefined: that of the node's interface less what VXLAN adds. */
  mtu: number | undefined;
}

export type BackendConfig = VxlanConfig | { type: 'host-gw' };

/** The configuration cannot be used; the message names the key. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

type Json = Record<string, unknown>;

/**
 * Reads flannel's network configuration (JSON). Keys, types and values that are not supported are refused by name. Throws
 * ConfigError.
 */
export function parseNetworkConfig(text: string): NetworkConfig {
  const json = objectOf(text);
  refuseUnknown(json, '', ['Network', 'SubnetLen', 'SubnetMin', 'SubnetMax', 'Backend', ...Object.keys(fixed)]);
  for (const [key, { only, why }] of Object.entries(fixed)) {
    if (json[key] !== undefined && json[key] !== only) fail(`${key}: ${show(json[key])} is not supported: ${why}`);
  }
  if (json.Network === undefined) fail('Network: is required, such as "10.244.0.0/16"');
  const network = rangeOf(json.Network, 'Network');
  const subnetLength = subnetLengthOf(json, network);
  const step = 2 ** (32 - subnetLength);
  const [subnetMin, subnetMax] = [
    boundary(json, 'SubnetMin', network, subnetLength) ?? { base: network.base + step, length: subnetLength },
    boundary(json, 'SubnetMax', network, subnetLength) ?? {
      base: network.base + sizeOf(network) - step,
      length: subnetLength,
    },
  ];
  if (subnetMin.base > subnetMax.base) {
    fail(`SubnetMin: ${addressAt(subnetMin, 0)} is beyond SubnetMax, ${addressAt(subnetMax, 0)}`);
  }
  return { network, subnetLength, subnetMin, subnetMax, backend: backendOf(json.Backend) };
}

/** Keys of flannel's that have one value here. */
const fixed: Record<string, { only: boolean; why: string }> = {
  EnableIPv4: { only: true, why: 'the pod network is IPv4' },
  EnableIPv6: { only: false, why: 'the pod network is IPv4' },
  EnableNFTables: { only: true, why: 'masquerading is done by nftables' },
};

function subnetLengthOf(json: Json, network: Range): number {
  if (json.SubnetLen === undefined || json.SubnetLen === 0) {
    if (network.length > 28) fail(`Network: ${formatRange(network)} is too small, the smallest useful one is a /28`);
    return network.length <= 22 ? 24 : network.length + 2;
  }
  const length = integer(json.SubnetLen, 'SubnetLen', 1, 30);
  if (length < network.length + 2) {
    fail(`SubnetLen: ${length} splits Network ${formatRange(network)} into fewer than four subnets`);
  }
  return length;
}

function boundary(json: Json, key: 'SubnetMin' | 'SubnetMax', network: Range, length: number): Range | undefined {
  const value = json[key];
  if (value === undefined) return undefined;
  const base = attempt(key, () => parseAddress(stringOf(value, key)));
  const subnet = rangeAt(base, length);
  if (!holds(network, subnet)) fail(`${key}: ${String(value)} is not in Network ${formatRange(network)}`);
  if (subnet.base !== base) fail(`${key}: ${String(value)} is not the first address of a /${length}`);
  return subnet;
}

function backendOf(value: unknown): BackendConfig {
  const json = value === undefined ? {} : value;
  if (!isObject(json)) return fail(`Backend: must be an object such as {"Type": "vxlan"}, not ${show(json)}`);
  if (json.Type === undefined) fail('Backend.Type: is required: "vxlan" or "host-gw"');
  if (json.Type === 'host-gw') {
    refuseUnknown(json, 'Backend.', ['Type']);
    return { type: 'host-gw' };
  }
  if (json.Type !== 'vxlan') fail(`Backend.Type: ${show(json.Type)} is not supported, only "vxlan" and "host-gw"`);
  refuseUnknown(json, 'Backend.', ['Type', 'VNI', 'Port', 'DirectRouting', 'MTU']);
  const { VNI = 1, Port = 8472, DirectRouting = false, MTU = 0 } = json;
  if (typeof DirectRouting !== 'boolean')
    fail(`Backend.DirectRouting: must be true or false, not ${show(DirectRouting)}`);
  const mtu = MTU === 0 ? undefined : integer(MTU, 'Backend.MTU', 576, 65_535);
  return {
    type: 'vxlan',
    vni: integer(VNI, 'Backend.VNI', 1, 2 ** 24 - 1),
    // 0 leaves the port to the kernel in flannel, which is this one there.
    port: Port === 0 ? 8472 : integer(Port, 'Backend.Port', 1, 65_535),
    directRouting: DirectRouting as boolean,
    mtu,
  };
}

function objectOf(text: string): Json {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    fail(`is no JSON: ${(error as Error).message}`);
  }
  return isObject(json) ? json : fail(`must be a JSON object, not ${show(json)}`);
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function refuseUnknown(json: Json, at: string, known: readonly string[]): void {
  const unknown = Object.keys(json).find((key) => !known.includes(key));
  if (unknown !== undefined) fail(`${at}${unknown}: is not supported (known: ${known.join(', ')})`);
}

function integer(value: unknown, key: string, min: number, max: number): number {
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
    fail(`${key}: must be a number from ${min} to ${max}, not ${show(value)}`);
  }
  return value as number;
}

function rangeOf(value: unknown, key: string): Range {
  return attempt(key, () => parseRange(stringOf(value, key)));
}

function stringOf(value: unknown, key: string): string {
  return typeof value === 'string' ? value : fail(`${key}: must be a string, not ${show(value)}`);
}

function attempt<T>(key: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    return error instanceof ConfigError ? fail(error.message) : fail(`${key}: ${(error as Error).message}`);
  }
}

const show = (value: unknown): string => JSON.stringify(value);

function fail(message: string): never {
  throw new ConfigError(message);
}
