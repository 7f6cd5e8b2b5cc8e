import { deployment } from '@coracle/api/apps/v1/deployment';
import { replicaSet } from '@coracle/api/apps/v1/replicaset';
import { controllerOf } from '@coracle/api/meta/owner';
import { isNotFound } from '@coracle/api/meta/status';
import type { Scale } from '@coracle/api/types/autoscaling/v1';
import type { Pod } from '@coracle/api/types/core/v1';
import type { APIResourceList, OwnerReference } from '@coracle/api/types/meta/v1';
import type { Client } from '@coracle/client';
import type { Scope } from '../../controller.ts';
import { ownerIn } from '../../ownership.ts';

/** How long an answer of discovery is good for (ms). */
const discoveryAge = 30_000;

/** A controller of pods and how many it is to keep. */
interface Scaled {
  uid: string;
  replicas: number;
}

/**
 * How many pods the controllers of these pods are to keep, all together, and which pods have none. Throws where a controller cannot be
 * found or has no scale.
 */
export async function expectedScale(
  pods: readonly Pod[],
  scope: Scope,
  scales: Scales,
): Promise<{ expected: number; unmanaged: string[] }> {
  const replicas = new Map<string, number>();
  const known = new Set<string>();
  const unmanaged: string[] = [];
  for (const pod of pods) {
    const { name = '', namespace = '' } = pod.metadata;
    const owner = controllerOf(pod);
    if (!owner) {
      unmanaged.push(name);
      continue;
    }
    if (known.has(owner.uid)) continue;
    known.add(owner.uid);
    const scaled = workloadOf(owner, namespace, scope) ?? (await scales.get(owner, namespace, scope.client));
    if (!scaled) throw new Error(`found no controllers for pod ${JSON.stringify(name)}`);
    replicas.set(scaled.uid, scaled.replicas);
  }
  return { expected: [...replicas.values()].reduce((sum, each) => sum + each, 0), unmanaged };
}

/** The ReplicaSet, or the Deployment behind it, from the caches. */
function workloadOf(owner: OwnerReference, namespace: string, scope: Scope): Scaled | undefined {
  const set = ownerIn(scope, replicaSet, namespace, owner);
  if (!set) return undefined;
  const above = controllerOf(set);
  const workload = above?.kind === 'Deployment' ? ownerIn(scope, deployment, namespace, above) : set;
  return workload && { uid: workload.metadata.uid!, replicas: workload.spec.replicas ?? 1 };
}

/** Reads the scale of any other controller through its scale subresource. */
export class Scales {
  readonly #discovered = new Map<string, { at: number; resources: Promise<APIResourceList> }>();

  /** Undefined: it is gone, or another of the same name. Throws where its kind is not served or has no scale. */
  async get(owner: OwnerReference, namespace: string, client: Client): Promise<Scaled | undefined> {
    const { apiVersion, kind, name, uid } = owner;
    const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const { resources } = await this.#resources(base, client);
    const resource = resources.find((each) => each.kind === kind && !each.name.includes('/'));
    if (!resource)
      throw new Error(`no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`);
    if (!resources.some((each) => each.name === `${resource.name}/scale`)) {
      const group = apiVersion.split('/').slice(0, -1).join('/');
      throw new Error(`${resource.name}${group && '.'}${group} does not implement the scale subresource`);
    }
    try {
      const path = `${base}/namespaces/${namespace}/${resource.name}/${name}/scale`;
      const scale = (await client.request('GET', path)).json() as Scale;
      return scale.metadata.uid === uid ? { uid, replicas: scale.spec?.replicas ?? 0 } : undefined;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #resources(base: string, client: Client): Promise<APIResourceList> {
    const known = this.#discovered.get(base);
    if (known && performance.now() - known.at < discoveryAge) return known.resources;
    const resources = discover(base, client);
    this.#discovered.set(base, { at: performance.now(), resources });
    try {
      return await resources;
    } catch (error) {
      this.#discovered.delete(base);
      throw error;
    }
  }
}

async function discover(base: string, client: Client): Promise<APIResourceList> {
  try {
    return (await client.request('GET', base)).json() as APIResourceList;
  } catch (error) {
    if (isNotFound(error)) return { groupVersion: '', resources: [] };
    throw error;
  }
}
