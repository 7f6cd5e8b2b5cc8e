import { AddressRange } from '@coracle/api/meta/address-range';
import { type AnyCondition, findCondition } from '@coracle/api/meta/conditions';
import { isNotFound } from '@coracle/api/meta/status';
import { now, parseTime } from '@coracle/api/meta/time';
import { ipAddress, ipAddressManagedByLabel, ipAllocatorName } from '@coracle/api/networking/v1/ipaddress';
import { serviceCidr } from '@coracle/api/networking/v1/servicecidr';
import type { IPAddress, ServiceCIDR } from '@coracle/api/types/networking/v1';
import type { Client } from '@coracle/client';
import type { Controller } from '../../controller.ts';
import { defineController, mapped } from '../../controller.ts';
import { setProtection } from '../../finalizer.ts';

const name = 'service-cidr-controller';
const finalizer = 'networking.k8s.io/service-cidr-finalizer';

const isReady = { type: 'Ready', status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready' };
const isBlocked = {
  type: 'Ready',
  status: 'False',
  reason: 'Terminating',
  message: 'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
};

/**
 * Makes ServiceCIDRs ready to take addresses from, and keeps one that is deleted until no Service has an address that is in no other
 * (KEP-1880). `grace`: how long (ms) it stays at least, so that every API server has heard that it is going before it is gone.
 */
export const serviceCidrController = ({ grace = 10_000 } = {}): Controller =>
  defineController({
    name,
    serviceAccount: 'service-cidrs-controller',
    workers: () => 5,
    watches: [
      // What comes may hold the addresses of another that is going.
      mapped(serviceCidr, (it, _old, { listers }) => [
        it.metadata.name!,
        ...overlapping(it, listers.list(serviceCidr)),
      ]),
      mapped(ipAddress, (it, _old, { listers }) =>
        isServices(it) ? holding(it.metadata.name!, listers.list(serviceCidr)) : [],
      ),
    ],

    async reconcile(key, { listers, client, enqueue }) {
      const it = listers.get(serviceCidr, key);
      if (!it) return;
      const { deletionTimestamp } = it.metadata;
      if (!deletionTimestamp) {
        await setProtection(client, serviceCidr, it, finalizer);
        return say(client, it, isReady);
      }
      if (isNeeded(it, listers.list(serviceCidr), listers.list(ipAddress))) return say(client, it, isBlocked);
      const wait = parseTime(deletionTimestamp) + grace - Date.now();
      if (wait > 0) return enqueue(key, wait);
      await setProtection(client, serviceCidr, it, finalizer);
    },
  });

/** Whether some Service's address is in this one alone. */
function isNeeded(it: ServiceCIDR, all: readonly ServiceCIDR[], addresses: readonly IPAddress[]): boolean {
  const others = all.filter(({ metadata }) => metadata.name !== it.metadata.name).flatMap(rangesOf);
  const own = rangesOf(it).filter((range) => !others.some((other) => other.covers(range)));
  return addresses.some(({ metadata, ...rest }) => {
    const contains = (range: AddressRange) => range.indexOf(metadata.name!) !== undefined;
    return isServices({ metadata, ...rest }) && own.some(contains) && !others.some(contains);
  });
}

const isServices = ({ metadata }: IPAddress): boolean => metadata.labels?.[ipAddressManagedByLabel] === ipAllocatorName;

/** The names of those whose ranges have something in common with one's, itself among them. */
function overlapping(it: ServiceCIDR, all: readonly ServiceCIDR[]): string[] {
  const own = rangesOf(it);
  const meets = (other: AddressRange) => own.some((range) => range.covers(other) || other.covers(range));
  return all.filter((other) => rangesOf(other).some(meets)).map(({ metadata }) => metadata.name!);
}

/** The names of those that have an address. */
function holding(address: string, all: readonly ServiceCIDR[]): string[] {
  const contains = (range: AddressRange) => range.indexOf(address) !== undefined;
  return all.filter((it) => rangesOf(it).some(contains)).map(({ metadata }) => metadata.name!);
}

/** The ranges of one that have addresses to hand out. */
function rangesOf({ spec }: ServiceCIDR): AddressRange[] {
  return (spec?.cidrs ?? []).flatMap((cidr) => AddressRange.parse(cidr) ?? []);
}

async function say(client: Client, { metadata, status }: ServiceCIDR, condition: AnyCondition): Promise<void> {
  const current = findCondition(status?.conditions, condition.type);
  const { status: is, reason, message } = condition;
  if (current?.status === is && current.reason === reason && current.message === message) return;
  const lastTransitionTime = current?.status === is ? current.lastTransitionTime : now();
  const { apiVersion, kind } = serviceCidr;
  const conditions = [{ ...condition, lastTransitionTime }];
  const body = { apiVersion, kind, metadata: { name: metadata.name }, status: { conditions } };
  const options = { subresource: 'status', fieldManager: name, force: true };
  try {
    await client.patch(serviceCidr, metadata.name!, undefined, { type: 'apply', body }, options);
  } catch (error) {
    if (!isNotFound(error)) throw error; // gone in between
  }
}
