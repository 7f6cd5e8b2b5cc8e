import type { ManagedFieldsEntry } from '../generated/meta/v1.ts';
import type { KubeObject } from '../kind.ts';
import { deepEqual } from '../meta/object.ts';
import { now } from '../meta/time.ts';
import type { ObjectSchema } from '../schema.ts';
import { type FieldSet, isEmptySet, union } from './field-set.ts';
import {
  capManagers,
  decodeManagers,
  encodeManagers,
  isReset,
  type Manager,
  type ManagerIdentity,
  sameFields,
  sameManager,
} from './managers.ts';
import { ObjectChange, type ObjectVersions, oneForm } from './versions.ts';

export interface ManagedUpdate {
  /** The object as it was; undefined when it is created. */
  readonly old: KubeObject | undefined;
  /** The object as it will be; its managedFields, and nothing else of it, are changed in place. */
  readonly updated: KubeObject;
  readonly manager: string;
  readonly apiVersion: string;
  readonly schema: ObjectSchema;
  /** The versions others may have written the object in; by default all fields are of the form it is in. */
  readonly versions?: ObjectVersions;
  readonly subresource?: string;
  /** Fields that this endpoint resets and so nobody can own through it. */
  readonly ignored?: FieldSet;
  /** The time to write down, RFC 3339; defaults to now. */
  readonly time?: string;
}

/**
 * Writes down who manages what after a create, an update or a patch that is not an apply: the manager takes the fields that
 * changed, everybody loses those and the ones that are gone. The request may edit managedFields itself (reset them with `[{}]`),
 * but an empty list, as clients send that do not know them, leaves them alone.
 */
export function updateManagedFields(update: ManagedUpdate): void {
  const { old, updated, schema, ignored } = update;
  const { managers, untouched } = managersOf(update);
  // Of an object that nobody manages nothing is written down until somebody applies it.
  if (old && managers.length === 0) {
    delete updated.metadata.managedFields;
    return;
  }
  const versions = update.versions ?? oneForm(schema);
  const change = new ObjectChange(old, updated, schema, update.apiVersion, versions, ignored);
  const { changed, removed } = change.own;
  if (untouched && isEmptySet(changed) && isEmptySet(removed)) {
    setManagedFields(updated, old?.metadata.managedFields);
    return;
  }
  let next = managers.flatMap((each) => change.leavesTo(each) ?? []);
  if (!isEmptySet(changed)) next = capManagers(taking(next, changed, update));
  setManagedFields(updated, encodeManagers(next));
}

/** The managers to start from, and whether they are exactly those of the old object. */
function managersOf({ old, updated, subresource }: ManagedUpdate): { managers: Manager[]; untouched: boolean } {
  const live = old?.metadata.managedFields;
  const asked = updated.metadata.managedFields;
  const untouched = (): { managers: Manager[]; untouched: boolean } => ({
    managers: decodeManagers(live, { trusted: true }) ?? [],
    untouched: true,
  });
  // A subresource does not write managedFields; most requests send them back as they got them.
  if (subresource || asked === undefined || deepEqual(asked, live)) return untouched();
  if (isReset(asked)) return { managers: [], untouched: false };
  const managers = decodeManagers(asked);
  return managers && managers.length > 0 ? { managers, untouched: false } : untouched();
}

/** The managers after this one took the given fields; what it had before stays its own. */
function taking(managers: readonly Manager[], taken: FieldSet, update: ManagedUpdate): Manager[] {
  const self: ManagerIdentity = {
    manager: update.manager,
    operation: 'Update',
    apiVersion: update.apiVersion,
    subresource: update.subresource ?? '',
  };
  const time = update.time ?? now();
  const at = managers.findIndex((each) => sameManager(each, self));
  if (at < 0) return [...managers, { ...self, fields: taken, time }];
  return managers.map((each, i) => (i === at ? { ...each, fields: union(each.fields, taken), time } : each));
}

function setManagedFields(object: KubeObject, entries: ManagedFieldsEntry[] | undefined): void {
  if (entries === undefined) delete object.metadata.managedFields;
  else object.metadata.managedFields = entries;
}

/**
 * Undoes a change of managedFields that is only about times, so that a write which changes nothing else can be recognised as none.
 * Changes `updated` in place.
 */
export function keepUnchangedTimes(old: KubeObject, updated: KubeObject): void {
  if (sameFields(old.metadata.managedFields, updated.metadata.managedFields)) {
    setManagedFields(updated, old.metadata.managedFields);
  }
}
