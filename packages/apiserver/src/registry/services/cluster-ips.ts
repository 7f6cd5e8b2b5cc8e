import { AddressRange } from '@coracle/api/meta/address-range';
import { canonicalAddress } from '@coracle/api/meta/addresses';
import { isAlreadyExists, isConflict, isNotFound } from '@coracle/api/meta/status';
import {
  ipAddress,
  ipAddressFamilyLabel,
  ipAddressManagedByLabel,
  ipAllocatorName,
} from '@coracle/api/networking/v1/ipaddress';
import type { IPAddress } from '@coracle/api/types/networking/v1';
import type { ObjectAccess } from '../access.ts';
import { AllocationError, addressBand, bandOf, candidates, RangeFull } from './bands.ts';
import { AllocationCounts } from './metrics.ts';

/** The Service that has an address. */
export interface Holder {
  readonly namespace: string;
  readonly name: string;
}

/**
 * The addresses of one Service range. An address is taken by making the IPAddress object of its name, so that of any number of servers one
 * gets it.
 */
export class ClusterIps {
  readonly range: AddressRange;
  readonly #band: number;
  readonly #random: (() => number) | undefined;
  /** Addresses of the range known to be taken; those of others may be missing for a moment. */
  readonly #taken = new Set<string>();
  readonly counts = new AllocationCounts();

  constructor(cidr: string, random?: () => number) {
    this.range = new AddressRange(cidr);
    this.#band = bandOf(this.range.size, addressBand);
    this.#random = random;
  }

  /** How many of the range's addresses are known to be taken. */
  get used(): number {
    return this.#taken.size;
  }

  /** Learns which addresses are taken, and follows it. Returns what stops it. */
  follow(objects: ObjectAccess): () => void {
    return objects.onChange(ipAddress, ({ type, object }) => {
      if (type === 'deleted') this.#taken.delete(object.metadata.name!);
      else if (this.range.indexOf(object.metadata.name!) !== undefined) this.#taken.add(object.metadata.name!);
    });
  }

  /** Takes a given address for a service; returns it in canonical form. Throws AllocationError when it cannot be had. */
  reserve(address: string, holder: Holder, objects: ObjectAccess, dryRun: boolean): Promise<string> {
    return this.#counted('static', dryRun, () => this.#reserve(address, holder, objects, dryRun));
  }

  async #reserve(address: string, holder: Holder, objects: ObjectAccess, dryRun: boolean): Promise<string> {
    if (this.range.indexOf(address) === undefined) {
      throw new AllocationError(
        `the provided IP (${address}) is not in the valid range. The range of valid IPs is ${this.range.cidr}`,
      );
    }
    const name = canonicalAddress(address);
    if (!(await take(name, holder, objects, dryRun))) throw new AllocationError('provided IP is already allocated');
    return name;
  }

  /** Takes any free address for a service. Throws AllocationError when there is none. */
  allocate(holder: Holder, objects: ObjectAccess, dryRun: boolean): Promise<string> {
    return this.#counted('dynamic', dryRun, () => this.#allocate(holder, objects, dryRun));
  }

  async #allocate(holder: Holder, objects: ObjectAccess, dryRun: boolean): Promise<string> {
    let address = await this.#takeAny(holder, objects, dryRun);
    if (!address) {
      // What was given back a moment ago may not have been heard of.
      await objects.fresh();
      address = await this.#takeAny(holder, objects, dryRun);
    }
    if (!address) throw new RangeFull('range is full');
    return address;
  }

  async #takeAny(holder: Holder, objects: ObjectAccess, dryRun: boolean): Promise<string | undefined> {
    for (const index of candidates(this.range.size, this.#band, this.#random)) {
      const name = this.range.at(index);
      if (this.#taken.has(name)) continue;
      if (await take(name, holder, objects, dryRun)) return name;
    }
    return undefined;
  }

  async #counted(scope: 'static' | 'dynamic', dryRun: boolean, take: () => Promise<string>): Promise<string> {
    if (dryRun) return take();
    const begun = performance.now();
    try {
      const address = await take();
      this.counts[scope].done++;
      return address;
    } catch (error) {
      this.counts[scope].failed++;
      throw error;
    } finally {
      this.counts.duration.observe((performance.now() - begun) / 1000);
    }
  }
}

/** Takes an address; false when another has it. */
async function take(name: string, holder: Holder, objects: ObjectAccess, dryRun: boolean): Promise<boolean> {
  try {
    await objects.create(ipAddress, ipAddressOf(name, holder), { dryRun });
    return true;
  } catch (error) {
    if (isAlreadyExists(error)) return false;
    throw error;
  }
}

/** Gives an address back, if the service still has it. */
export async function releaseAddress(address: string, holder: Holder, objects: ObjectAccess): Promise<void> {
  const name = canonicalAddress(address);
  const current = await objects.get(ipAddress, name);
  if (!current || !isHeldBy(current, holder)) return;
  try {
    await objects.delete(ipAddress, name, undefined, { preconditions: { uid: current.metadata.uid! } });
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error; // somebody else gave it back
  }
}

export function isHeldBy({ spec }: IPAddress, { namespace, name }: Holder): boolean {
  return refersToService(spec.parentRef) && spec.parentRef?.namespace === namespace && spec.parentRef.name === name;
}

export function refersToService(parent: IPAddress['spec']['parentRef']): boolean {
  return !parent?.group && parent?.resource === 'services';
}

/** The IPAddress of an address (in canonical form) that a service has. */
export function ipAddressOf(name: string, { namespace, name: service }: Holder): IPAddress {
  return {
    metadata: {
      name,
      labels: {
        [ipAddressFamilyLabel]: name.includes(':') ? 'IPv6' : 'IPv4',
        [ipAddressManagedByLabel]: ipAllocatorName,
      },
    },
    spec: { parentRef: { resource: 'services', namespace, name: service } },
  };
}
