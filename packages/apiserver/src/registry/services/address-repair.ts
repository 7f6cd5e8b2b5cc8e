import { service as serviceKind } from '@coracle/api/core/v1/service';
import { canonicalAddress } from '@coracle/api/meta/addresses';
import { isAlreadyExists, isConflict, isNotFound } from '@coracle/api/meta/status';
import { parseTime } from '@coracle/api/meta/time';
import {
  ipAddressFamilyLabel,
  ipAddress as ipAddressKind,
  ipAddressManagedByLabel,
  ipAllocatorName,
} from '@coracle/api/networking/v1/ipaddress';
import type { Service } from '@coracle/api/types/core/v1';
import type { IPAddress } from '@coracle/api/types/networking/v1';
import type { EventRecorder } from '@coracle/client/events';
import { KeyedWork, type Told } from '../../keyed-work.ts';
import type { ObjectAccess } from '../access.ts';
import { type Holder, ipAddressOf, isHeldBy, refersToService } from './cluster-ips.ts';
import { familyOf } from './families.ts';
import { holdingOf } from './holdings.ts';

/** How long (ms) an address may be without its service: the service is made after it, within the time a request may take. */
const grace = 60_000;

export interface AddressRepairOptions {
  objects: ObjectAccess;
  /** Whether an address is of a range that Services get theirs from. */
  covers(address: string): boolean;
  events: Pick<EventRecorder, 'event'>;
  told: Told;
  /** See `grace`. */
  grace?: number;
}

/**
 * Keeps services and IPAddress objects one to one: makes what a service's address lacks, and frees what no service has. Follows changes, and
 * looks at everything at the start and now and then. Several servers may do so at once.
 */
export class AddressRepair {
  readonly #options: AddressRepairOptions;
  readonly #services: KeyedWork;
  readonly #addresses: KeyedWork;
  readonly #grace: number;
  /** What there is, as keys of the queues. */
  readonly #known = { services: new Set<string>(), addresses: new Set<string>() };

  constructor(options: AddressRepairOptions) {
    this.#options = options;
    this.#grace = options.grace ?? grace;
    const failed = 'Cannot repair an address; trying again';
    const { objects, told } = options;
    this.#services = new KeyedWork({
      name: 'services',
      workers: 1,
      failed,
      told,
      work: async (key) => {
        const [namespace, name = ''] = key.split('/');
        const service = objects.cached(serviceKind, name, namespace);
        if (service) await this.#checkService(service);
      },
    });
    this.#addresses = new KeyedWork({
      name: 'ipaddresses',
      workers: 1,
      failed,
      told,
      work: async (name) => {
        const address = objects.cached(ipAddressKind, name);
        if (address) await this.#checkAddress(address);
      },
    });
  }

  /** Looks at every service, then at every address. */
  async once(): Promise<void> {
    const { objects } = this.#options;
    for (const service of objects.cachedList(serviceKind)) await this.#checkService(service);
    for (const address of objects.cachedList(ipAddressKind)) await this.#checkAddress(address);
  }

  /** Follows changes until the signal aborts, and looks at all again every `interval` milliseconds. */
  keep(signal: AbortSignal, interval: number): void {
    const { objects } = this.#options;
    const stops = [
      objects.onChange(serviceKind, ({ type, object: { metadata, ...rest } }) => {
        const key = `${metadata.namespace}/${metadata.name}`;
        if (type === 'deleted') {
          this.#known.services.delete(key);
          const { addresses } = holdingOf({ metadata, ...rest });
          for (const address of addresses) this.#addresses.addAfter(canonicalAddress(address), this.#grace);
          return;
        }
        this.#known.services.add(key);
        this.#services.add(key);
      }),
      objects.onChange(ipAddressKind, ({ type, object: { metadata, spec } }) => {
        const key = metadata.name!;
        if (type === 'deleted') {
          this.#known.addresses.delete(key);
          const { namespace = '', name = '' } = spec.parentRef ?? {};
          this.#services.add(`${namespace}/${name}`);
          return;
        }
        this.#known.addresses.add(key);
        this.#addresses.add(key);
      }),
    ];
    const again = setInterval(() => {
      for (const key of this.#known.services) this.#services.add(key);
      for (const key of this.#known.addresses) this.#addresses.add(key);
    }, interval).unref();
    signal.addEventListener(
      'abort',
      () => {
        for (const stop of stops) stop();
        clearInterval(again);
        void this.#services.stop();
        void this.#addresses.stop();
      },
      { once: true },
    );
    this.#services.start();
    this.#addresses.start();
  }

  async #checkService(service: Service): Promise<void> {
    const { objects, covers } = this.#options;
    for (const given of holdingOf(service).addresses) {
      const address = canonicalAddress(given);
      const shown = `[${familyOf(address)}]: ${address}`;
      if (!covers(address)) {
        const text = `Cluster IP ${shown} is not within any configured Service CIDR; please recreate service`;
        this.#eventOf(service, 'ClusterIPOutOfRange', text);
        continue;
      }
      const current = objects.cached(ipAddressKind, address);
      const holder = holderOf(service);
      if (!current) await this.#make(service, address, `Cluster IP ${shown} is not allocated; repairing`);
      else if (isHeldBy(current, holder)) {
        if (!isLabelled(current)) await this.#replace(service, current);
      } else if (await this.#isOthers(current)) {
        const text = `Cluster IP [${familyOf(address)}]:${address} was assigned to multiple services; please recreate service`;
        this.#eventOf(service, 'ClusterIPAlreadyAllocated', text);
      } else {
        const name = `${holder.namespace}/${holder.name}`;
        const text = `the ClusterIP ${shown} for Service ${name} has a wrong reference; repairing`;
        await this.#replace(service, current, text);
      }
    }
  }

  async #checkAddress(address: IPAddress): Promise<void> {
    const { parentRef } = address.spec;
    if (address.metadata.labels?.[ipAddressManagedByLabel] !== ipAllocatorName) return;
    const name = address.metadata.name!;
    if (!refersToService(parentRef)) {
      const text = `IPAddress ${name} appears to have been modified, not referencing a Service ${JSON.stringify(parentRef)}: cleaning up`;
      await this.#free(address, 'IPAddressNotAllocated', text);
      return;
    }
    const { namespace = '', name: service = '' } = parentRef ?? {};
    const found = this.#options.objects.cached(serviceKind, service, namespace);
    if (found && has(found, name)) return;
    // Both may be on their way: the address of a service that is being made, or changed.
    const age = Date.now() - parseTime(address.metadata.creationTimestamp!);
    if (age <= this.#grace) {
      this.#addresses.addAfter(name, this.#grace - age + 1);
      return;
    }
    const live = await this.#options.objects.get(serviceKind, service, namespace);
    if (live && has(live, name)) return;
    const subject = `IPAddress: ${name} for Service ${namespace}/${service}`;
    if (live) await this.#free(address, 'IPAddressWrongReference', `${subject} has a wrong reference; cleaning up`);
    else await this.#free(address, 'IPAddressNotAllocated', `${subject} appears to have leaked: cleaning up`);
  }

  /** Whether an address belongs to another service that is there and says so, too. */
  async #isOthers({ metadata, spec: { parentRef } }: IPAddress): Promise<boolean> {
    if (!refersToService(parentRef)) return false;
    const other = await this.#options.objects.get(serviceKind, parentRef!.name!, parentRef!.namespace);
    return other !== undefined && has(other, metadata.name!);
  }

  /** Makes the address of a service that still has it. */
  async #make(service: Service, address: string, text: string | undefined): Promise<void> {
    const { objects } = this.#options;
    const { namespace, name } = holderOf(service);
    const live = await objects.get(serviceKind, name, namespace);
    if (!live || !has(live, address)) return;
    try {
      await objects.create(ipAddressKind, ipAddressOf(address, { namespace, name }));
    } catch (error) {
      if (isAlreadyExists(error)) return; // the cache had not heard of it
      throw error;
    }
    if (text) this.#eventOf(service, 'ClusterIPNotAllocated', text);
  }

  async #replace(service: Service, current: IPAddress, text?: string): Promise<void> {
    await this.#remove(current);
    await this.#make(service, current.metadata.name!, text);
  }

  async #free(address: IPAddress, reason: string, text: string): Promise<void> {
    if (!(await this.#remove(address))) return;
    this.#options.events.event(address, ipAddressKind, 'Warning', reason, text);
    this.#options.told.log.warn({ address: address.metadata.name, reason }, text);
  }

  /** Deletes an address as it was seen; false when somebody else was quicker. */
  async #remove({ metadata }: IPAddress): Promise<boolean> {
    try {
      await this.#options.objects.delete(ipAddressKind, metadata.name!, undefined, {
        preconditions: { uid: metadata.uid!, resourceVersion: metadata.resourceVersion! },
      });
      return true;
    } catch (error) {
      if (isNotFound(error) || isConflict(error)) return false;
      throw error;
    }
  }

  #eventOf(service: Service, reason: string, text: string): void {
    this.#options.events.event(service, serviceKind, 'Warning', reason, text);
    const { namespace, name } = holderOf(service);
    this.#options.told.log.warn({ service: `${namespace}/${name}`, reason }, text);
  }
}

function holderOf({ metadata }: Service): Holder {
  return { namespace: metadata.namespace ?? '', name: metadata.name ?? '' };
}

/** Whether a service has an address, in canonical form. */
function has(service: Service, address: string): boolean {
  return holdingOf(service).addresses.some((each) => canonicalAddress(each) === address);
}

function isLabelled({ metadata }: IPAddress): boolean {
  const family = metadata.name!.includes(':') ? 'IPv6' : 'IPv4';
  return (
    metadata.labels?.[ipAddressFamilyLabel] === family && metadata.labels[ipAddressManagedByLabel] === ipAllocatorName
  );
}
