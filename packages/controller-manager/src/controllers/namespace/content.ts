import type { AnyKind, KubeObject } from '@coracle/api/kind';
import { isMethodNotSupported, isNotFound } from '@coracle/api/meta/status';
import type { Client } from '@coracle/client';
import { type Discovered, discover, type Resource } from '../../discovery.ts';

/** Time (s) after which content that waits for finalizers is looked at again. */
const finalizerEstimate = 15;

/** What one attempt to empty a namespace came to. */
export interface Emptying {
  discoveryFailures: Discovered['failed'];
  deletionErrors: Error[];
  /** Objects left, by resource (`pods.`, `deployments.apps`). */
  remaining: Map<string, number>;
  /** Objects left that wait for a finalizer, by finalizer. */
  finalizers: Map<string, number>;
  /** Seconds after which it is worth trying again; 0 when nothing is left. */
  estimate: number;
}

/**
 * Deletes everything in a namespace: pods first and alone, since what they use (secrets, policies) should outlive them, then all other
 * resources the server knows.
 */
export async function deleteContent(client: Client, namespace: string): Promise<Emptying> {
  const { resources, failed } = await discover(client);
  const result: Emptying = {
    discoveryFailures: failed,
    deletionErrors: [],
    remaining: new Map(),
    finalizers: new Map(),
    estimate: 0,
  };
  const deletable = resources.filter(({ kind, verbs }) => kind.namespaced && verbs.has('delete') && verbs.has('list'));
  const isPods = ({ kind }: Resource): boolean => kind.group === '' && kind.plural === 'pods';
  const pods = deletable.find(isPods);
  if (pods) await attempt(client, pods, namespace, result);
  if (result.remaining.size > 0 || result.deletionErrors.length > 0) return result;
  await Promise.all(deletable.filter((each) => !isPods(each)).map((each) => attempt(client, each, namespace, result)));
  return result;
}

async function attempt(client: Client, resource: Resource, namespace: string, result: Emptying): Promise<void> {
  try {
    await deleteAll(client, resource, namespace, result);
  } catch (error) {
    result.deletionErrors.push(error as Error);
  }
}

async function deleteAll(
  client: Client,
  { kind, verbs }: Resource,
  namespace: string,
  result: Emptying,
): Promise<void> {
  const before = await remaining(client, kind, namespace);
  if (before.length === 0) return;
  const estimate = kind.plural === 'pods' && kind.group === '' ? longestGrace(before) : 0;
  if (!verbs.has('deletecollection') || !(await deleteCollection(client, kind, namespace))) {
    for (const { metadata } of before) {
      await client.delete(kind, metadata.name!, namespace, { propagationPolicy: 'Background' }).catch((error) => {
        if (!isNotFound(error)) throw error;
      });
    }
  }
  const left = await remaining(client, kind, namespace);
  if (left.length === 0) return;
  result.remaining.set(`${kind.plural}.${kind.group}`, left.length);
  const waiting = left.flatMap((each) => each.metadata.finalizers ?? []);
  for (const finalizer of waiting) result.finalizers.set(finalizer, (result.finalizers.get(finalizer) ?? 0) + 1);
  const wait = waiting.length > 0 ? Math.max(estimate, finalizerEstimate) : estimate;
  if (wait === 0) {
    throw new Error(
      `unexpected items still remain in namespace: ${namespace} for gvr: ${kind.group}/${kind.version}, Resource=${kind.plural}`,
    );
  }
  result.estimate = Math.max(result.estimate, wait);
}

/** False where the resource turns out not to support it. */
async function deleteCollection(client: Client, kind: AnyKind, namespace: string): Promise<boolean> {
  try {
    await client.deleteCollection(kind, { namespace }, { propagationPolicy: 'Background' });
    return true;
  } catch (error) {
    if (isMethodNotSupported(error) || isNotFound(error)) return false;
    throw error;
  }
}

async function remaining(client: Client, kind: AnyKind, namespace: string): Promise<KubeObject[]> {
  const { items } = await client.with({ metadataOnly: true }).list(kind, { namespace });
  return items;
}

const longestGrace = (pods: readonly KubeObject[]): number =>
  Math.max(0, ...pods.map((pod) => pod.metadata.deletionGracePeriodSeconds ?? defaultGrace));

/** A pod's grace is known only once it is being deleted; this is what most have. */
const defaultGrace = 30;
