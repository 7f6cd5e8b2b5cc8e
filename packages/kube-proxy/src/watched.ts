import { node as nodeKind } from '@coracle/api/core/v1/node';
import { service as serviceKind } from '@coracle/api/core/v1/service';
import { endpointSlice as endpointSliceKind } from '@coracle/api/discovery/v1/endpointslice';
import type { Node, Service } from '@coracle/api/types/core/v1';
import type { EndpointSlice } from '@coracle/api/types/discovery/v1';
import type { Informer, Informers } from '@coracle/client';
import type { ServiceSource } from './proxier.ts';

/** Headless Services need no proxy, and those that name another proxy are its business. */
const ours = '!service.kubernetes.io/headless,!service.kubernetes.io/service-proxy-name';

const byService = 'service';

export interface Watched {
  services: Informer<Service>;
  slices: Informer<EndpointSlice>;
  /** This proxy's own node, and no other. */
  nodes: Informer<Node>;
  source: ServiceSource;
}

/** Sets up the informers; they are not started yet. */
export function watched(informers: Informers, nodeName: string): Watched {
  const services = informers.of(serviceKind, { labelSelector: ours });
  const slices = informers.of(endpointSliceKind, { labelSelector: ours });
  const nodes = informers.of(nodeKind, { fieldSelector: `metadata.name=${nodeName}` });
  slices.addIndex(byService, (slice) => {
    const name = slice.metadata.labels?.['kubernetes.io/service-name'];
    return name ? [`${slice.metadata.namespace}/${name}`] : [];
  });
  const source = {
    services: () => services.lister.list(),
    slicesOf: (key: string) => slices.lister.byIndex(byService, key),
  };
  return { services, slices, nodes, source };
}
