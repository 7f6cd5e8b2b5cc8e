import type { BackendAttributes, Peer } from '../../backend/backend.ts';
import { parseAddress } from '../../range.ts';
import { subnetOfKey } from '../allocate.ts';
import type { Self } from '../source.ts';

/** A lease as etcd has it: flannel's key and value, and the etcd lease that the key lives by. */
export interface LeaseRecord {
  key: string;
  peer: Peer;
  /** Id of the etcd lease; 0 for a key that stays. */
  lease: bigint;
}

/** The value of a lease's key: flannel's JSON. */
export function leaseValue({ publicIp, attributes }: Self): string {
  return JSON.stringify({ PublicIP: publicIp, PublicIPv6: null, ...attributes });
}

/** Reads a lease. Throws, with the reason, what is no lease of flannel's form. */
export function readLease(key: string, value: Buffer, lease: bigint): LeaseRecord {
  const name = key.slice(key.lastIndexOf('/') + 1);
  const subnet = subnetOfKey(name);
  if (!subnet) throw new Error(`${JSON.stringify(name)} is no name of a subnet such as "10.244.3.0-24"`);
  const json = JSON.parse(value.toString()) as { PublicIP?: unknown } & Partial<BackendAttributes>;
  if (typeof json?.PublicIP !== 'string') throw new Error('it has no PublicIP');
  parseAddress(json.PublicIP);
  const { BackendType = '', BackendData } = json;
  return { key, peer: { subnet, publicIp: json.PublicIP, attributes: { BackendType, BackendData } }, lease };
}
