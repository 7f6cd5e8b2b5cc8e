import { endpoints as endpointsKind } from '@coracle/api/core/v1/endpoints';
import { pod as podKind } from '@coracle/api/core/v1/pod';
import { service as serviceKind } from '@coracle/api/core/v1/service';
import { deepEqual, keyOf, splitKey } from '@coracle/api/meta/object';
import { isConflict, isNotFound } from '@coracle/api/meta/status';
import { formatTime } from '@coracle/api/meta/time';
import type { Endpoints, Service } from '@coracle/api/types/core/v1';
import { type Controller, defineController, mapped, type Scope } from '../../controller.ts';
import { isNamespaceTerminating } from '../../pods.ts';
import { hasManagedEndpoints, headlessLabel, isHeadless } from '../../service-endpoints.ts';
import { selects, serviceWatches } from '../../service-watches.ts';
import { TriggerTimes, triggerTimeAnnotation } from '../../trigger-times.ts';
import { subsetsOf } from './subsets.ts';

const managedByLabel = 'endpoints.kubernetes.io/managed-by';
const managedBy = 'endpoint-controller';
const overCapacity = 'endpoints.kubernetes.io/over-capacity';

/** Keeps the Endpoints of each Service that selects pods, for readers that do not know EndpointSlices. */
export function endpointsController(): Controller {
  const triggers = new TriggerTimes();
  return defineController({
    name: 'endpoints-controller',
    aliases: ['endpoint', 'endpoints'],
    serviceAccount: 'endpoint-controller',
    component: 'endpoint-controller',
    workers: (settings) => settings.workers.endpoint ?? 5,
    watches: [...serviceWatches, mapped(endpointsKind, (it) => [keyOf(it)])],

    async reconcile(key, scope) {
      const service = scope.listers.get(serviceKind, key);
      if (!service || service.metadata.deletionTimestamp) {
        triggers.forget(key);
        return removeLeft(key, scope);
      }
      if (!hasManagedEndpoints(service)) return;
      const pods = scope.listers.list(podKind, service.metadata.namespace).filter((pod) => selects(service, pod));
      const { subsets, truncated } = subsetsOf(service, pods);
      await write(service, subsets, truncated, triggers.earliest(service, pods), scope);
    },
  });
}

/** The endpoints of a service that is gone go too, if they were ours. */
async function removeLeft(key: string, scope: Scope): Promise<void> {
  const left = scope.listers.get(endpointsKind, key);
  if (!left || left.metadata.labels?.[managedByLabel] !== managedBy) return;
  const { namespace, name } = splitKey(key);
  try {
    await scope.client.delete(endpointsKind, name, namespace, { preconditions: { uid: left.metadata.uid } });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

async function write(
  service: Service,
  subsets: Endpoints['subsets'],
  truncated: boolean,
  trigger: number | undefined,
  scope: Scope,
): Promise<void> {
  const current = scope.listers.get(endpointsKind, keyOf(service));
  const labels: Record<string, string> = { ...service.metadata.labels, [managedByLabel]: managedBy };
  if (isHeadless(service)) labels[headlessLabel] = '';
  const { [overCapacity]: was, ...annotations } = current?.metadata.annotations ?? {};
  const same = deepEqual(current?.subsets ?? [], subsets) && deepEqual(current?.metadata.labels, labels);
  if (current && same && (was === 'truncated') === truncated) return;
  if (truncated) annotations[overCapacity] = 'truncated';
  if (trigger !== undefined) annotations[triggerTimeAnnotation] = formatTime(trigger);
  else delete annotations[triggerTimeAnnotation];
  const { name, namespace } = service.metadata;
  try {
    if (current)
      await scope.client.update(endpointsKind, {
        ...current,
        metadata: { ...current.metadata, labels, annotations },
        subsets,
      });
    else await scope.client.create(endpointsKind, { metadata: { name, namespace, labels, annotations }, subsets });
  } catch (error) {
    if (isNamespaceTerminating(error)) return;
    // The cache is a little behind: no trouble of the service's.
    if (isConflict(error)) throw error;
    const doing = current ? 'update' : 'create';
    const reason = current ? 'FailedToUpdateEndpoint' : 'FailedToCreateEndpoint';
    const message = `Failed to ${doing} endpoint ${keyOf(service)}: ${(error as Error).message}`;
    scope.record(service, serviceKind, 'Warning', reason, message);
    throw error;
  }
}
