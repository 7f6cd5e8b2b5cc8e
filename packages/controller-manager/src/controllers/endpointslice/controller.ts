import { node as nodeKind } from '@coracle/api/core/v1/node';
import { pod as podKind } from '@coracle/api/core/v1/pod';
import { service as serviceKind } from '@coracle/api/core/v1/service';
import { endpointSlice as sliceKind } from '@coracle/api/discovery/v1/endpointslice';
import { deepEqual, keyOf } from '@coracle/api/meta/object';
import { controllerRef, isControlledBy } from '@coracle/api/meta/owner';
import { isConflict, isNotFound } from '@coracle/api/meta/status';
import { formatTime } from '@coracle/api/meta/time';
import type { Node, Service } from '@coracle/api/types/core/v1';
import type { EndpointSlice } from '@coracle/api/types/discovery/v1';
import { type Controller, defineController, mapped, type Scope } from '../../controller.ts';
import { keysOfManaged, managedByLabel, serviceNameLabel, skipMirrorLabel } from '../../managed-slices.ts';
import { isNamespaceTerminating } from '../../pods.ts';
import { hasManagedEndpoints, headlessLabel, isHeadless } from '../../service-endpoints.ts';
import { selects, serviceWatches } from '../../service-watches.ts';
import { TriggerTimes, triggerTimeAnnotation } from '../../trigger-times.ts';
import { type AddressType, addressTypes, desiredEndpoints } from './desired.ts';
import { place } from './placement.ts';
import { WrittenSlices } from './written.ts';

const managedBy = 'endpointslice-controller.k8s.io';
const serviceIndex = 'service';
/** Labels of the slices themselves, never taken over from the service. */
const reserved = new Set([serviceNameLabel, managedByLabel, headlessLabel, skipMirrorLabel]);

const serviceOf = (slice: EndpointSlice): string[] => keysOfManaged(slice, managedBy);

/** Keeps the EndpointSlices of each Service that selects pods. */
export function endpointSliceController(): Controller {
  const written = new WrittenSlices();
  const triggers = new TriggerTimes();
  return defineController({
    name: 'endpointslice-controller',
    aliases: ['endpointslice'],
    component: 'endpoint-slice-controller',
    workers: (settings) => settings.workers.endpointslice ?? 5,
    watches: [
      ...serviceWatches,
      mapped(sliceKind, (slice, old) => [...serviceOf(slice), ...(old ? serviceOf(old) : [])], {
        index: [serviceIndex, serviceOf],
      }),
      mapped(nodeKind, servicesOnNode),
    ],

    async reconcile(key, scope) {
      const service = scope.listers.get(serviceKind, key);
      if (!service || service.metadata.deletionTimestamp || !hasManagedEndpoints(service)) {
        triggers.forget(key);
        return;
      }
      const cached = scope.listers.byIndex(sliceKind, serviceIndex, key);
      // The change of the slice that is missing in the cache brings the service here again.
      if (written.areStale(key, cached)) return;
      const slices = cached.filter((slice) => !slice.metadata.deletionTimestamp);
      try {
        await bringUpToDate(service, slices, scope, { written, triggers });
      } catch (error) {
        if (isNamespaceTerminating(error)) return;
        // The cache is a little behind: no trouble of the service's.
        if (isConflict(error)) throw error;
        const message = `Error updating Endpoint Slices for Service ${key}: ${(error as Error).message}`;
        scope.record(service, serviceKind, 'Warning', 'FailedToUpdateEndpointSlices', message);
        throw error;
      }
    },
  });
}

/** A node's zone goes into the endpoints on it. */
function servicesOnNode(node: Node, old: Node | undefined, scope: Scope): Iterable<string> {
  const zone = (it: Node | undefined): string | undefined => it?.metadata.labels?.['topology.kubernetes.io/zone'];
  if (old && zone(old) === zone(node)) return [];
  const pods = scope.listers.list(podKind).filter((pod) => pod.spec?.nodeName === node.metadata.name);
  const keys = new Set<string>();
  for (const pod of pods) {
    for (const service of scope.listers.list(serviceKind, pod.metadata.namespace)) {
      if (selects(service, pod)) keys.add(keyOf(service));
    }
  }
  return keys;
}

interface Memory {
  written: WrittenSlices;
  triggers: TriggerTimes;
}

async function bringUpToDate(
  service: Service,
  slices: readonly EndpointSlice[],
  scope: Scope,
  memory: Memory,
): Promise<void> {
  const pods = scope.listers.list(podKind, service.metadata.namespace).filter((pod) => selects(service, pod));
  const trigger = memory.triggers.earliest(service, pods);
  const types = addressTypes(service);
  const unknown: string[] = [];
  for (const type of types) {
    const wanted = desiredEndpoints(service, pods, type, (name) => scope.listers.get(nodeKind, name));
    unknown.push(...wanted.unknown);
    // A service without endpoints has one empty slice, which shows that it is looked after.
    if (wanted.groups.length === 0) wanted.groups.push({ ports: [], endpoints: [] });
    const ofType = slices.filter((slice) => slice.addressType === type);
    await write(service, type, wanted.groups, ofType, trigger, scope, memory.written);
  }
  for (const slice of slices)
    if (!types.includes(slice.addressType as AddressType)) await remove(service, slice, scope, memory.written);
  if (unknown.length > 0) throw new Error(`skipping Pods for Service ${keyOf(service)}: Node ${unknown[0]} not found`);
}

async function write(
  service: Service,
  type: AddressType,
  groups: Parameters<typeof place>[0],
  slices: readonly EndpointSlice[],
  trigger: number | undefined,
  scope: Scope,
  written: WrittenSlices,
): Promise<void> {
  const key = keyOf(service);
  const placement = place(groups, slices, scope.settings.maxEndpointsPerSlice);
  if (groups.every((group) => group.endpoints.length === 0)) {
    const spare = placement.remove.find(
      (slice) => (slice.ports ?? []).length === 0 && (slice.endpoints ?? []).length === 0,
    );
    if (spare) {
      placement.remove.splice(placement.remove.indexOf(spare), 1);
      placement.keep.push(spare);
    } else placement.create.push({ ports: [], endpoints: [] });
  }
  const labels = labelsOf(service);
  const annotations = (slice?: EndpointSlice): Record<string, string> => {
    const { [triggerTimeAnnotation]: _, ...rest } = slice?.metadata.annotations ?? {};
    return trigger === undefined ? rest : { ...rest, [triggerTimeAnnotation]: formatTime(trigger) };
  };
  for (const { ports, endpoints } of placement.create) {
    const made = await scope.client.create(sliceKind, {
      metadata: {
        generateName: `${service.metadata.name}-`,
        namespace: service.metadata.namespace,
        labels,
        annotations: annotations(),
        ownerReferences: [controllerRef(service, serviceKind)],
      },
      addressType: type,
      ports,
      endpoints,
    });
    written.wrote(key, made);
  }
  const relabelled = placement.keep
    .filter((slice) => !deepEqual(slice.metadata.labels, labels) || !isControlledBy(slice, service))
    .map((slice) => ({ slice, endpoints: slice.endpoints ?? [] }));
  for (const { slice, endpoints } of [...placement.update, ...relabelled]) {
    const metadata = {
      ...slice.metadata,
      labels,
      annotations: annotations(slice),
      ownerReferences: [controllerRef(service, serviceKind)],
    };
    try {
      written.wrote(key, await scope.client.update(sliceKind, { ...slice, metadata, endpoints }));
    } catch (error) {
      if (isNotFound(error)) written.gone(key, slice);
      throw error;
    }
  }
  for (const slice of placement.remove) await remove(service, slice, scope, written);
}

async function remove(service: Service, slice: EndpointSlice, scope: Scope, written: WrittenSlices): Promise<void> {
  try {
    await scope.client.delete(sliceKind, slice.metadata.name!, slice.metadata.namespace);
    written.deleted(keyOf(service), slice);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function labelsOf(service: Service): Record<string, string> {
  const own = Object.fromEntries(Object.entries(service.metadata.labels ?? {}).filter(([name]) => !reserved.has(name)));
  return {
    ...own,
    ...(isHeadless(service) ? { [headlessLabel]: '' } : {}),
    [serviceNameLabel]: service.metadata.name!,
    [managedByLabel]: managedBy,
  };
}
