import { endpoints as endpointsKind } from '@coracle/api/core/v1/endpoints';
import { service as serviceKind } from '@coracle/api/core/v1/service';
import { endpointSlice as sliceKind } from '@coracle/api/discovery/v1/endpointslice';
import { deepEqual, keyOf } from '@coracle/api/meta/object';
import { controllerRef } from '@coracle/api/meta/owner';
import { isNotFound } from '@coracle/api/meta/status';
import type { Endpoints, Service } from '@coracle/api/types/core/v1';
import type { EndpointSlice } from '@coracle/api/types/discovery/v1';
import { type Controller, defineController, mapped, own, type Scope } from '../../controller.ts';
import { keysOfManaged, managedByLabel, serviceNameLabel, skipMirrorLabel } from '../../managed-slices.ts';
import { hasManagedEndpoints } from '../../service-endpoints.ts';
import type { AddressType } from '../endpointslice/desired.ts';
import { place } from '../endpointslice/placement.ts';
import { WrittenSlices } from '../endpointslice/written.ts';
import { annotationsOf, mirrored } from './mirror.ts';

const managedBy = 'endpointslicemirroring-controller.k8s.io';
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader';
const types: readonly AddressType[] = ['IPv4', 'IPv6'];
const mostPerSlice = 1000;
const index = 'mirrored endpoints';

const sourceOf = (slice: EndpointSlice): string[] => keysOfManaged(slice, managedBy);

/** Copies Endpoints that people write for a Service without a selector into EndpointSlices, which is what kube-proxy reads. */
export function endpointSliceMirroringController(): Controller {
  const written = new WrittenSlices();
  return defineController({
    name: 'endpointslice-mirroring-controller',
    aliases: ['endpointslicemirroring'],
    serviceAccount: 'endpointslicemirroring-controller',
    watches: [
      own(endpointsKind),
      mapped(serviceKind, (service) => [keyOf(service)]),
      mapped(sliceKind, (slice, old) => [...sourceOf(slice), ...(old ? sourceOf(old) : [])], {
        index: [index, sourceOf],
      }),
    ],

    async reconcile(key, scope) {
      const cached = scope.listers.byIndex(sliceKind, index, key);
      if (written.areStale(key, cached)) return;
      const slices = cached.filter((slice) => !slice.metadata.deletionTimestamp);
      const source = scope.listers.get(endpointsKind, key);
      const service = scope.listers.get(serviceKind, key);
      const wanted = source && service && isMirrored(source, service) ? source : undefined;
      for (const type of types) {
        const ofType = slices.filter((slice) => slice.addressType === type);
        await bringUpToDate(key, wanted, type, ofType, scope, written);
      }
    },
  });
}

/** Only what nobody else turns into slices: the Service selects no pods, and nothing marks the Endpoints as another's. */
function isMirrored({ metadata }: Endpoints, service: Service): boolean {
  if (metadata.deletionTimestamp || hasManagedEndpoints(service)) return false;
  return metadata.labels?.[skipMirrorLabel] !== 'true' && metadata.annotations?.[leaderAnnotation] === undefined;
}

async function bringUpToDate(
  key: string,
  source: Endpoints | undefined,
  type: AddressType,
  slices: readonly EndpointSlice[],
  { client }: Scope,
  written: WrittenSlices,
): Promise<void> {
  const placement = place(source ? mirrored(source, type) : [], slices, mostPerSlice);
  for (const slice of placement.remove) {
    try {
      await client.delete(sliceKind, slice.metadata.name!, slice.metadata.namespace);
      written.deleted(key, slice);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  if (!source) return;
  const { name, namespace } = source.metadata;
  const owned = {
    labels: { ...source.metadata.labels, [serviceNameLabel]: name!, [managedByLabel]: managedBy },
    annotations: annotationsOf(source),
    ownerReferences: [controllerRef(source, endpointsKind)],
  };
  for (const content of placement.create) {
    const metadata = { generateName: `${name}-`, namespace, ...owned };
    written.wrote(key, await client.create(sliceKind, { metadata, addressType: type, ...content }));
  }
  const relabelled = placement.keep
    .filter(
      ({ metadata }) =>
        !deepEqual(metadata.labels, owned.labels) || !deepEqual(metadata.annotations ?? {}, owned.annotations),
    )
    .map((slice) => ({ slice, endpoints: slice.endpoints ?? [] }));
  for (const { slice, endpoints } of [...placement.update, ...relabelled]) {
    try {
      written.wrote(
        key,
        await client.update(sliceKind, { ...slice, metadata: { ...slice.metadata, ...owned }, endpoints }),
      );
    } catch (error) {
      if (isNotFound(error)) written.gone(key, slice);
      throw error;
    }
  }
}
