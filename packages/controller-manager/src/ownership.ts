import type { AnyKind, Kind, KubeObject } from '@coracle/api/kind';
import type { Selector } from '@coracle/api/meta/labels';
import { keyOf } from '@coracle/api/meta/object';
import { controllerOf, controllerRef } from '@coracle/api/meta/owner';
import { isInvalid, isNotFound } from '@coracle/api/meta/status';
import type { OwnerReference } from '@coracle/api/types/meta/v1';
import type { Client } from '@coracle/client';
import type { Scope, Watch } from './controller.ts';
import { mapped } from './controller.ts';

/** The index of objects by their controller's uid; those without one are under `orphansOf` their namespace. */
export const controllerIndex = 'controller';

export const orphansOf = (namespace: string | undefined): string => `${namespace ?? ''}/orphan`;

const controllerUids = (it: KubeObject): string[] => [controllerOf(it)?.uid ?? orphansOf(it.metadata.namespace)];

/** The cached owner an owner reference means: same kind, name and uid. */
export function ownerIn<T extends KubeObject>(
  scope: Scope,
  kind: Kind<T>,
  namespace: string | undefined,
  ref: OwnerReference | undefined,
): T | undefined {
  if (!ref || ref.kind !== kind.kind || ref.apiVersion.split('/').slice(0, -1).join('/') !== kind.group)
    return undefined;
  const owner = scope.listers.get(
    kind,
    keyOf({ metadata: { namespace: kind.namespaced ? namespace : undefined, name: ref.name } }),
  );
  return owner?.metadata.uid === ref.uid ? owner : undefined;
}

/**
 * A kind whose objects belong to objects of `by`: changes touch the controlling owner, and changes to an orphan all owners that
 * select it. Creations and deletions fulfil the owner's expectations.
 */
export function owned<T extends KubeObject, O extends KubeObject>(
  kind: Kind<T>,
  options: { by: Kind<O>; selector(owner: O): Selector },
): Watch {
  const { by, selector } = options;
  const owners = (it: T, scope: Scope): O[] => {
    const ref = controllerOf(it);
    if (ref) {
      const owner = ownerIn(scope, by, it.metadata.namespace, ref);
      return owner ? [owner] : [];
    }
    return scope.listers.list(by, it.metadata.namespace).filter((owner) => selector(owner).matches(it.metadata.labels));
  };
  return (context, scope) => {
    const { expectations } = scope;
    // Registered before the enqueueing handlers, so that a reconcile they cause sees its expectation fulfilled.
    context.informers.of(kind).on({
      added: (it) => {
        if (it.metadata.deletionTimestamp) gone(it);
        else if (controllerOf(it)) for (const owner of owners(it, scope)) expectations.creationObserved(keyOf(owner));
      },
      updated: (old, it) => {
        if (it.metadata.deletionTimestamp || old.metadata.uid !== it.metadata.uid) gone(old);
      },
      deleted: (it) => gone(it),
    });
    function gone(it: T): void {
      if (!controllerOf(it)) return;
      for (const owner of owners(it, scope)) expectations.deletionObserved(keyOf(owner), keyOf(it));
    }
    const touched = (it: T, old: T | undefined): string[] => {
      if (!old) return owners(it, scope).map(keyOf);
      const moved = controllerOf(old)?.uid !== controllerOf(it)?.uid;
      const relabelled = JSON.stringify(old.metadata.labels) !== JSON.stringify(it.metadata.labels);
      // An orphan concerns those who might adopt it only when that can have changed.
      if (!controllerOf(it) && !moved && !relabelled) return [];
      return [...(moved ? owners(old, scope) : []), ...owners(it, scope)].map(keyOf);
    };
    return mapped(kind, touched, { index: [controllerIndex, controllerUids] })(context, scope);
  };
}

/** The objects of a kind that an owner controls, and the orphans it might adopt. */
export function candidates<T extends KubeObject>(scope: Scope, kind: Kind<T>, owner: KubeObject): T[] {
  return [
    ...scope.listers.byIndex(kind, controllerIndex, owner.metadata.uid!),
    ...scope.listers.byIndex(kind, controllerIndex, orphansOf(owner.metadata.namespace)),
  ];
}

/**
 * Decides which candidates are the owner's: keeps those it controls and selects, releases those it controls and no longer selects, and
 * adopts orphans it selects, after a live read has confirmed that the owner still exists and is not being deleted.
 */
export async function claim<T extends KubeObject, O extends KubeObject>(
  client: Client,
  owner: O,
  ownerKind: Kind<O>,
  kind: Kind<T>,
  selector: Selector,
  from: readonly T[],
): Promise<T[]> {
  const claimed: T[] = [];
  let mayAdopt: Promise<void> | undefined;
  for (const it of from) {
    const ref = controllerOf(it);
    const selected = selector.matches(it.metadata.labels);
    if (ref) {
      if (ref.uid !== owner.metadata.uid) continue;
      if (selected) claimed.push(it);
      else if (!owner.metadata.deletionTimestamp) await release(client, owner, kind, it);
      continue;
    }
    if (owner.metadata.deletionTimestamp || !selected || it.metadata.deletionTimestamp) continue;
    mayAdopt ??= confirmAlive(client, owner, ownerKind);
    await mayAdopt;
    if (await adopt(client, owner, ownerKind, kind, it)) claimed.push(it);
  }
  return claimed;
}

async function confirmAlive<O extends KubeObject>(client: Client, owner: O, kind: Kind<O>): Promise<void> {
  const { name, namespace, uid } = owner.metadata;
  const live = await client.get(kind, name!, namespace);
  const shown = `${namespace}/${name}`;
  if (live.metadata.uid !== uid) {
    throw new Error(`original ${kind.kind} ${shown} is gone: got uid ${live.metadata.uid}, wanted ${uid}`);
  }
  if (live.metadata.deletionTimestamp)
    throw new Error(`${shown} has just been deleted at ${live.metadata.deletionTimestamp}`);
}

async function adopt(
  client: Client,
  owner: KubeObject,
  ownerKind: AnyKind,
  kind: AnyKind,
  it: KubeObject,
): Promise<boolean> {
  const body = { metadata: { ownerReferences: [controllerRef(owner, ownerKind)], uid: it.metadata.uid } };
  try {
    await client.patch(kind, it.metadata.name!, it.metadata.namespace, { type: 'strategic', body });
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

async function release(client: Client, owner: KubeObject, kind: AnyKind, it: KubeObject): Promise<void> {
  const body = { metadata: { ownerReferences: [{ $patch: 'delete', uid: owner.metadata.uid }], uid: it.metadata.uid } };
  try {
    await client.patch(kind, it.metadata.name!, it.metadata.namespace, { type: 'strategic', body });
  } catch (error) {
    // Gone, or replaced by another object of the same name (its uid cannot be changed): nothing is left to release.
    if (!isNotFound(error) && !isInvalid(error)) throw error;
  }
}
