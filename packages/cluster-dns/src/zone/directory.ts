import { createHash } from 'node:crypto';
import { namespace as namespaceKind } from '@coracle/api/core/v1/namespace';
import { pod as podKind } from '@coracle/api/core/v1/pod';
import { service as serviceKind } from '@coracle/api/core/v1/service';
import { endpointSlice as endpointSliceKind } from '@coracle/api/discovery/v1/endpointslice';
import type { Pod, Service } from '@coracle/api/types/core/v1';
import type { EndpointSlice } from '@coracle/api/types/discovery/v1';
import type { Informers } from '@coracle/client';
import { canonicalAddress, dashed } from './address.ts';

/** One address behind a Service. */
export interface Endpoint {
  address: string;
  /** Its label below the Service's name: its hostname, or its address with dashes. */
  label: string;
  ports: readonly EndpointPort[];
}

export interface EndpointPort {
  name: string;
  /** In lower case. */
  protocol: string;
  port: number;
}

/** What the answers are made of: the cluster's objects, as last seen. */
export interface Directory {
  /** Whether everything there is has been seen once. */
  readonly complete: boolean;
  /** What tells this cluster from every other one, as a label; undefined until it is known. */
  readonly identity: string | undefined;
  hasNamespace(name: string): boolean;
  service(namespace: string, name: string): Service | undefined;
  /** The endpoints of a Service that are to be known by name: those that are ready, or all where the Service says so. */
  endpoints(service: Service): Endpoint[];
  /** The Services that have a cluster address. */
  servicesAt(address: string): Service[];
  /** The endpoints with a hostname that have an address, with the Services they are behind. */
  hostnamesAt(address: string): { service: Service; hostname: string }[];
  /** Whether a pod of a namespace has an address and has not ended. */
  hasPod(namespace: string, address: string): boolean;
}

const byAddress = 'address';
const byService = 'service';

/**
 * The directory that informers keep. `changed` is called after every change. Pods are watched only where `pods` asks for it.
 */
export function watchedDirectory(
  informers: Informers,
  { pods, changed }: { pods: boolean; changed(): void },
): Directory {
  const namespaces = informers.of(namespaceKind);
  const services = informers.of(serviceKind);
  const slices = informers.of(endpointSliceKind);
  const watchedPods = pods ? informers.of(podKind) : undefined;
  services.addIndex(byAddress, clusterAddresses);
  slices.addIndex(byService, (slice) => {
    const name = slice.metadata.labels?.['kubernetes.io/service-name'];
    return name ? [`${slice.metadata.namespace}/${name}`] : [];
  });
  slices.addIndex(byAddress, namedAddresses);
  watchedPods?.addIndex(byAddress, liveAddresses);
  const tell = { added: changed, updated: changed, deleted: changed };
  const all = [namespaces, services, slices, ...(watchedPods ? [watchedPods] : [])];
  for (const each of all) each.on(tell);

  const service = (namespace: string, name: string): Service | undefined => services.lister.get(`${namespace}/${name}`);
  return {
    get complete() {
      return all.every((each) => each.hasSynced);
    },
    get identity() {
      const uid = namespaces.lister.get('kube-system')?.metadata.uid;
      return uid && createHash('sha256').update(uid).digest('hex').slice(0, 32);
    },
    hasNamespace: (name) => namespaces.lister.get(name) !== undefined,
    service,
    endpoints: (of) =>
      slices.lister
        .byIndex(byService, `${of.metadata.namespace}/${of.metadata.name}`)
        .flatMap((slice) => endpointsOf(slice, of.spec.publishNotReadyAddresses ?? false)),
    servicesAt: (address) => services.lister.byIndex(byAddress, address),
    hostnamesAt: (address) =>
      slices.lister.byIndex(byAddress, address).flatMap((slice) => {
        const of = service(slice.metadata.namespace!, slice.metadata.labels?.['kubernetes.io/service-name'] ?? '');
        if (!of) return [];
        return endpointsOf(slice, of.spec.publishNotReadyAddresses ?? false, true)
          .filter((each) => each.address === address)
          .map((each) => ({ service: of, hostname: each.label }));
      }),
    hasPod: (namespace, address) =>
      watchedPods?.lister.byIndex(byAddress, address).some((each) => each.metadata.namespace === namespace) ?? false,
  };
}

/** The cluster addresses of a Service, canonical; none of one that is headless or stands for a name outside. */
export function clusterAddresses({ spec }: Service): string[] {
  if (spec.type === 'ExternalName') return [];
  const given = spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : []);
  return given.map(canonicalAddress).filter((each) => each !== undefined);
}

function endpointsOf(slice: EndpointSlice, evenUnready: boolean, onlyNamed = false): Endpoint[] {
  const ports = (slice.ports ?? [])
    .filter((each) => each.port !== undefined)
    .map(({ name, protocol, port }) => ({
      name: name ?? '',
      protocol: (protocol ?? 'TCP').toLowerCase(),
      port: port!,
    }));
  // A slice may hold names instead of addresses (addressType FQDN); those lead to no address and drop out here.
  return (slice.endpoints ?? []).flatMap(({ addresses, conditions, hostname }) => {
    if ((!evenUnready && conditions?.ready === false) || (onlyNamed && !hostname)) return [];
    return addresses
      .map(canonicalAddress)
      .filter((each) => each !== undefined)
      .map((address) => ({ address, label: hostname?.toLowerCase() || dashed(address), ports }));
  });
}

const namedAddresses = (slice: EndpointSlice): string[] => endpointsOf(slice, true, true).map((each) => each.address);

/** A pod that ended keeps its address in its status; it may be another's by now. */
function liveAddresses({ status }: Pod): string[] {
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return [];
  const given = status?.podIPs?.map((each) => each.ip) ?? [];
  return [...given, status?.podIP].map((each) => canonicalAddress(each ?? '')).filter((each) => each !== undefined);
}
