import type { Service } from '@coracle/api/types/core/v1';
import type { ResourceRecord } from '../wire/records.ts';
import { recordTypeOf } from './address.ts';
import type { ClusterName } from './cluster-name.ts';
import { clusterAddresses, type Directory, type Endpoint, type EndpointPort } from './directory.ts';

/** What there is at a name: records of any type, or an alias for another name. */
export type NameContent =
  | { records: readonly ResourceRecord[]; additionals?: readonly ResourceRecord[] }
  | { alias: string };

type NameOfService = Extract<ClusterName, { service: string }>;

export interface RecordOptions {
  domain: string;
  ttl: number;
  /** Whether an external name can be told as an alias. */
  isAlias(name: string): boolean;
}

/** Where a port is offered: a name, the number there, and the addresses of that name. */
interface Offer {
  target: string;
  port: EndpointPort;
  addresses: readonly string[];
}

/** What there is at a name of a Service; undefined where the name does not exist. */
export function serviceRecords(
  service: Service,
  name: NameOfService,
  directory: Directory,
  options: RecordOptions,
): NameContent | undefined {
  if (service.spec.type === 'ExternalName') {
    const target = (service.spec.externalName ?? '').replace(/\.$/, '');
    return name.asks === 'service' && options.isAlias(target) ? { alias: target } : undefined;
  }
  const addresses = clusterAddresses(service);
  if (name.asks === 'endpoint') {
    const named = directory.endpoints(service).filter((each) => each.label === name.endpoint);
    return named.length === 0
      ? undefined
      : {
          records: addressRecords(
            named.map((each) => each.address),
            options,
          ),
        };
  }
  const here = `${name.service}.${name.namespace}.svc.${options.domain}`;
  const endpoints = addresses.length > 0 ? [] : directory.endpoints(service);
  // A headless Service without an endpoint has no name (specification, 2.4.1).
  if (addresses.length === 0 && endpoints.length === 0) return undefined;
  const offers = addresses.length > 0 ? ownOffers(service, here, addresses) : endpointOffers(endpoints, here);
  switch (name.asks) {
    case 'service':
      return {
        records: [
          ...addressRecords(addresses.length > 0 ? addresses : endpoints.map((each) => each.address), options),
          ...serverRecords(offers, options),
        ],
        additionals: targetRecords(offers, options),
      };
    case 'protocol':
      return offers.some(({ port }) => port.name !== '' && port.protocol === name.protocol)
        ? { records: [] }
        : undefined;
    case 'port': {
      const chosen = offers.filter(({ port }) => port.name === name.port && port.protocol === name.protocol);
      if (chosen.length === 0) return undefined;
      return { records: serverRecords(chosen, options), additionals: targetRecords(chosen, options) };
    }
  }
}

function ownOffers({ spec }: Service, target: string, addresses: readonly string[]): Offer[] {
  return (spec.ports ?? []).map(({ name = '', protocol = 'TCP', port }) => ({
    target,
    port: { name, protocol: protocol.toLowerCase(), port },
    addresses,
  }));
}

/** The endpoints' ports; endpoints of one name (an address of each family) make one offer. */
function endpointOffers(endpoints: readonly Endpoint[], service: string): Offer[] {
  const offers = new Map<string, Offer & { addresses: string[] }>();
  for (const { address, label, ports } of endpoints) {
    for (const port of ports) {
      const key = `${label} ${port.protocol} ${port.port} ${port.name}`;
      const known = offers.get(key);
      if (known) known.addresses.push(address);
      else offers.set(key, { target: `${label}.${service}`, port, addresses: [address] });
    }
  }
  return [...offers.values()];
}

const addressRecords = (addresses: readonly string[], { ttl }: RecordOptions, owner?: string): ResourceRecord[] =>
  [...new Set(addresses)].map((data) => ({ owner, type: recordTypeOf(data), data, ttl }));

/** SRV records of equal priority and weight: each client spreads its connections evenly. */
function serverRecords(offers: readonly Offer[], { ttl }: RecordOptions): ResourceRecord[] {
  const weight = Math.max(1, Math.floor(100 / Math.max(1, offers.length)));
  return offers.map(({ target, port }) => ({
    type: 'SRV',
    data: { priority: 0, weight, port: port.port, target },
    ttl,
  }));
}

/** The addresses of the targets, which clients would ask for next. */
function targetRecords(offers: readonly Offer[], options: RecordOptions): ResourceRecord[] {
  const byTarget = new Map<string, string[]>();
  for (const { target, addresses } of offers) byTarget.set(target, [...(byTarget.get(target) ?? []), ...addresses]);
  return [...byTarget].flatMap(([target, addresses]) => addressRecords(addresses, options, target));
}
