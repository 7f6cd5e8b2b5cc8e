import { service as serviceKind } from '@coracle/api/core/v1/service';
import type { Service } from '@coracle/api/types/core/v1';
import { CachedObject } from '../../storage/cached-object.ts';
import { prefixOf } from '../../storage/keys.ts';
import type { Store } from '../../storage/store.ts';
import type { PortRange } from './port-range.ts';
import { PortSet } from './port-set.ts';

/** What a service has of the ranges. */
export interface Holding {
  readonly addresses: readonly string[];
  readonly ports: readonly number[];
}

export const nothing: Holding = { addresses: [], ports: [] };

export function holdingOf({ spec }: Service): Holding {
  const addresses = spec.clusterIPs?.length ? spec.clusterIPs : [spec.clusterIP ?? ''];
  const ports = (spec.ports ?? []).map((port) => port.nodePort ?? 0);
  return {
    addresses: addresses.filter((address) => address !== '' && address !== 'None'),
    ports: [...new Set([...ports, spec.healthCheckNodePort ?? 0])].filter((port) => port > 0),
  };
}

/** What is in the first holding and not in the second. */
export function without(holding: Holding, kept: Holding): Holding {
  return {
    addresses: holding.addresses.filter((address) => !kept.addresses.includes(address)),
    ports: holding.ports.filter((port) => !kept.ports.includes(port)),
  };
}

/** All services, as the store has them now. */
export async function servicesIn(store: Store): Promise<Service[]> {
  const { entries } = await store.list(prefixOf(serviceKind));
  return entries.map((entry) => CachedObject.fromStore(serviceKind, entry).decoded as Service);
}

/** A service's port that another one has, too, or that is in no range. */
export interface PortProblem {
  service: Service;
  port: number;
  reason: 'PortAlreadyAllocated' | 'PortOutOfRange';
}

/** The ports that services use; those that cannot be are told to `problem`. */
export function usedPorts(
  services: readonly Service[],
  range: PortRange,
  problem: (found: PortProblem) => void = () => undefined,
): PortSet {
  const used = new PortSet(range);
  for (const service of services) {
    for (const port of holdingOf(service).ports) {
      if (port < range.from || port > range.to) problem({ service, port, reason: 'PortOutOfRange' });
      else if (used.has(port)) problem({ service, port, reason: 'PortAlreadyAllocated' });
      else used.reserve(port);
    }
  }
  return used;
}
