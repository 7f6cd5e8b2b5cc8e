import type { ManagedFieldsEntry } from '../generated/meta/v1.ts';
import { difference, intersection, isEmptySet, setOfFields } from './field-set.ts';
import { decodeManagers, encodeManagers, type Manager, sameManager } from './managers.ts';

const scaleVersion = 'autoscaling/v1';
const replicas = setOfFields(['spec.replicas']);

type Entries = readonly ManagedFieldsEntry[] | undefined;

/** Who manages the replicas of an object (`path`: where they are, `spec.replicas`), as the managedFields of its Scale. */
export function managersOfScale(parent: Entries, path: string): ManagedFieldsEntry[] | undefined {
  const owning = managersOf(parent).filter((each) => owns(each, path));
  return encodeManagers(owning.map((each) => ({ ...each, apiVersion: scaleVersion, fields: replicas })));
}

/**
 * The managedFields of an object after a write of its Scale left the Scale with those of `scale`: who manages its replicas keeps or gets them,
 * everybody else loses them. New managers are of the object's version `apiVersion`, and when they wrote is not noted, as upstream's.
 */
export function managersAfterScale(
  parent: Entries,
  scale: Entries,
  path: string,
  apiVersion: string,
): ManagedFieldsEntry[] | undefined {
  const of = setOfFields([path]);
  const scaling = managersOf(scale).filter((each) => owns(each, 'spec.replicas'));
  const isSame = (a: Manager, b: Manager) => sameManager({ ...a, apiVersion: '' }, { ...b, apiVersion: '' });
  const before = managersOf(parent);
  const kept = before.map((each) =>
    owns(each, path) && !scaling.some((other) => isSame(other, each))
      ? { ...each, fields: difference(each.fields, of) }
      : each,
  );
  const added = scaling.filter((each) => !before.some((other) => owns(other, path) && isSame(other, each)));
  return encodeManagers([...kept, ...added.map((each) => ({ ...each, apiVersion, fields: of, time: undefined }))]);
}

const managersOf = (entries: Entries): Manager[] => decodeManagers(entries, { trusted: true }) ?? [];

const owns = ({ fields }: Manager, path: string): boolean => !isEmptySet(intersection(fields, setOfFields([path])));
