import type { AnyKind, KubeObject } from '@coracle/api/kind';
import { isConflict, isNotFound } from '@coracle/api/meta/status';
import type { OwnerReference } from '@coracle/api/types/meta/v1';
import type { Client } from '@coracle/client';
import {
  blockingDependents,
  foregroundFinalizer,
  type Identity,
  type Node,
  type OwnerGraph,
  orphanFinalizer,
} from './graph.ts';
import { removeFinalizer, removeOwners, unblockOwners } from './references.ts';

/** What examining needs to know and do. */
export interface Collector {
  /** Sees metadata only. */
  client: Client;
  graph: OwnerGraph;
  kindOf(type: { apiVersion: string; kind: string }): AnyKind | undefined;
  examineLater(node: Node): void;
  /** Writes a warning event about an object. */
  warn(object: KubeObject, kind: AnyKind, reason: string, message: string): void;
}

/** The kind is not served (any more), so that nothing can be said about its objects yet. */
export class UnknownKind extends Error {
  override name = 'UnknownKind';
}

/**
 * Decides about one object, by live reads only: deletes it when none of its owners is left, drops references to owners that are gone
 * or wait for it, and lets an owner that waits for its dependents go when none blocks it. Returns whether the watches have
 * not shown the object yet, so that it must be looked at again.
 */
export async function examine(node: Node, collector: Collector): Promise<boolean> {
  if (node.beingDeleted && !node.deletingDependents) return false;
  const { identity } = node;
  const kind = kindOf(identity, collector);
  const live = await find(collector.client, kind, identity);
  if (!live) {
    collector.graph.forget(identity.uid);
    return false;
  }
  if (node.virtual) return true;
  if (node.deletingDependents) {
    await finishForeground(node, kind, live, collector);
    return false;
  }
  const owners = live.metadata.ownerReferences ?? [];
  if (owners.length > 0) await judge(node, kind, live, owners, collector);
  return false;
}

function kindOf(type: { apiVersion: string; kind: string }, collector: Collector): AnyKind {
  const kind = collector.kindOf(type);
  if (!kind) throw new UnknownKind(`unable to get REST mapping for ${type.apiVersion}/${type.kind}`);
  return kind;
}

/** The object on the server, if it is still the same one. */
async function find(
  client: Client,
  kind: AnyKind,
  { name, namespace, uid }: Identity,
): Promise<KubeObject | undefined> {
  if (kind.namespaced && !namespace) return undefined;
  try {
    const live: KubeObject = await client.get(kind, name, kind.namespaced ? namespace : undefined);
    return live.metadata.uid === uid ? live : undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function finishForeground(
  node: Node,
  kind: AnyKind,
  live: KubeObject,
  { client, examineLater }: Collector,
): Promise<void> {
  const blocking = blockingDependents(node);
  if (blocking.length === 0) return removeFinalizer(client, kind, live, foregroundFinalizer);
  for (const dependent of blocking) if (!dependent.deletingDependents) examineLater(dependent);
}

async function judge(
  node: Node,
  kind: AnyKind,
  live: KubeObject,
  owners: readonly OwnerReference[],
  collector: Collector,
): Promise<void> {
  const { client } = collector;
  const verdicts = await Promise.all(owners.map((owner) => verdictOn(owner, node, collector)));
  for (const owner of owners)
    if (isMisplaced(owner, node, collector))
      collector.warn(live, kind, 'OwnerRefInvalidNamespace', misplaced(owner, node));
  // A cluster-scoped object cannot have an owner in a namespace; what was meant is not known, so it stays.
  if (verdicts.includes('unreachable')) return;
  const of = (verdict: Verdict): string[] => owners.filter((_, i) => verdicts[i] === verdict).map(({ uid }) => uid);
  if (verdicts.includes('solid')) {
    const dropped = [...of('dangling'), ...of('waiting')];
    if (dropped.length > 0) await removeOwners(client, kind, live, dropped);
    return;
  }
  let policy: 'Background' | 'Foreground' | 'Orphan' = 'Background';
  if (verdicts.includes('waiting') && node.dependents.size > 0) {
    // A circle of owners that wait for each other is cut here.
    if ([...node.dependents].some((dependent) => dependent.deletingDependents)) await unblockOwners(client, kind, live);
    policy = 'Foreground';
  } else if (live.metadata.finalizers?.includes(orphanFinalizer)) policy = 'Orphan';
  else if (live.metadata.finalizers?.includes(foregroundFinalizer)) policy = 'Foreground';
  await remove(client, kind, live, policy);
}

/** The owner exists, but elsewhere than the reference can reach: its author should know. */
function isMisplaced(owner: OwnerReference, { identity }: Node, { graph, kindOf }: Collector): boolean {
  if (kindOf(owner)?.namespaced === false) return false;
  const known = graph.node(owner.uid);
  return known !== undefined && !known.virtual && known.identity.namespace !== identity.namespace;
}

function misplaced({ apiVersion, kind, name, uid }: OwnerReference, { identity: { namespace = '' } }: Node): string {
  const owner = `[${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}]`;
  return `ownerRef ${owner} does not exist in namespace ${JSON.stringify(namespace)}`;
}

type Verdict = 'solid' | 'waiting' | 'dangling' | 'unreachable';

async function verdictOn(owner: OwnerReference, { identity }: Node, collector: Collector): Promise<Verdict> {
  const kind = kindOf(owner, collector);
  if (kind.namespaced && !identity.namespace) return 'unreachable';
  const live = await find(collector.client, kind, { ...owner, namespace: identity.namespace });
  if (!live) return 'dangling';
  const waits = live.metadata.deletionTimestamp && live.metadata.finalizers?.includes(foregroundFinalizer);
  return waits ? 'waiting' : 'solid';
}

async function remove(
  client: Client,
  kind: AnyKind,
  live: KubeObject,
  propagationPolicy: 'Background' | 'Foreground' | 'Orphan',
): Promise<void> {
  const { name, namespace, uid, resourceVersion, ownerReferences = [] } = live.metadata;
  // References that changed since we looked may have given it a new owner.
  const preconditions = { uid, ...(ownerReferences.length > 0 ? { resourceVersion } : {}) };
  try {
    await client.delete(kind, name!, namespace, { propagationPolicy, preconditions });
  } catch (error) {
    // A conflict about the uid means that it is gone and another one has its name.
    if (!isNotFound(error) && !(isConflict(error) && /uid/i.test((error as Error).message))) throw error;
  }
}

/** Takes the owner out of its dependents' references and then lets it go. */
export async function orphanDependents(node: Node, collector: Collector): Promise<void> {
  const kind = kindOf(node.identity, collector);
  const live = await find(collector.client, kind, node.identity);
  if (!live) return;
  await Promise.all(
    [...node.dependents].map(async ({ identity }) => {
      const dependent = await find(collector.client, kindOf(identity, collector), identity);
      if (dependent) await removeOwners(collector.client, kindOf(identity, collector), dependent, [node.identity.uid]);
    }),
  );
  await removeFinalizer(collector.client, kind, live, orphanFinalizer);
}
