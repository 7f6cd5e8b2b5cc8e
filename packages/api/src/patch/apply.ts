import type { KubeObject } from '../kind.ts';
import { deepEqual, isObject, typeNameOf } from '../meta/object.ts';
import { badRequest, StatusError } from '../meta/status.ts';
import { now } from '../meta/time.ts';
import type { ObjectSchema } from '../schema.ts';
import { type Conflict, conflictError } from './apply-conflict.ts';
import { difference, type FieldSet, intersection, isEmptySet, none, recursiveDifference, union } from './field-set.ts';
import { fieldsAfterLastApplied, refreshLastApplied } from './last-applied.ts';
import {
  capManagers,
  decodeManagers,
  encodeManagers,
  type Manager,
  type ManagerIdentity,
  sameManager,
} from './managers.ts';
import { typeProblem } from './typed-check.ts';
import { compareTyped } from './typed-compare.ts';
import { fieldsOf, managedOf, withNamedFields } from './typed-fields.ts';
import { mergeTyped, removeFields } from './typed-merge.ts';
import { ObjectChange, type ObjectVersion, type ObjectVersions, oneForm } from './versions.ts';

export { setOfFields } from './field-set.ts';
export { keepUnchangedTimes, type ManagedUpdate, updateManagedFields } from './managed-update.ts';
export { fitsType } from './typed-check.ts';

export interface ApplyRequest {
  /** The object as it is; undefined when the apply creates it. */
  readonly live: KubeObject | undefined;
  /** What the manager sent. */
  readonly applied: KubeObject;
  readonly manager: string;
  /** Takes contested fields over instead of failing. */
  readonly force: boolean;
  readonly schema: ObjectSchema;
  /** The versions others may have written the object in; by default all fields are of the form it is in. */
  readonly versions?: ObjectVersions;
  /** The version the request names; the applied object must be of it. */
  readonly apiVersion: string;
  readonly subresource?: string;
  /** Fields that this endpoint resets and so nobody can own through it (`status` on the object itself). */
  readonly ignored?: FieldSet;
  /** The time to write down, RFC 3339; defaults to now. */
  readonly time?: string;
}

/**
 * Server-side apply (KEP-555): lays the applied fields over the live object, removes those the manager applied before and no longer
 * sends unless somebody else owns them, and writes down who manages what. Returns a new object, `live` as it is when nothing changed
 * but with its managedFields brought up to date. Like what was applied, the result may hold nulls and values in any notation:
 * `decodeObject` brings it into the form objects are stored in. Throws a 409 StatusError naming every contested field and its owner.
 */
export function applyObject(request: ApplyRequest): KubeObject {
  const { applied, schema, apiVersion } = request;
  if (applied.apiVersion !== apiVersion) {
    throw badRequest(`invalid object type: ${typeNameOf(applied)}`);
  }
  if (applied.metadata?.managedFields) throw badRequest('metadata.managedFields must be nil');
  refuseWrongTypes(applied, schema);
  const live = request.live ?? emptyObject(applied);
  const self: ManagerIdentity = {
    manager: request.manager,
    operation: 'Apply',
    apiVersion,
    subresource: request.subresource ?? '',
  };
  const before = managersBeforeApply(request, live);
  const { object, managers, same } = merge(request, live, before, self);
  const time = request.time ?? now();
  // Who applies what is there already comes to own it, at no time.
  const stamped = managers.map((each) => (!same && sameManager(each, self) ? { ...each, time } : each));
  const result = same ? live : (object as KubeObject);
  return withManagers(refreshLastApplied(result, applied, request.manager), capManagers(stamped));
}

function refuseWrongTypes(applied: KubeObject, schema: ObjectSchema): void {
  const text = typeProblem(applied, schema);
  if (text === undefined) return;
  const message = `failed to create typed patch object (${placeOf(applied)}): ${text}`;
  throw new StatusError({ code: 500, reason: '', message });
}

/** The error of an apply that made of `applied` what its type does not take: `problem` says why. A 500 without a reason, as upstream's. */
export function misfit(applied: KubeObject, problem: string): StatusError {
  const message = `failed to convert new object (${placeOf(applied)}) to proper version: unable to convert unstructured object to ${typeNameOf(applied)}: ${problem}`;
  return new StatusError({ code: 500, reason: '', message });
}

/** `default/web; apps/v1, Kind=Deployment`. */
function placeOf(applied: KubeObject): string {
  const { namespace, name } = applied.metadata ?? {};
  return `${shown(namespace)}/${shown(name)}; ${typeNameOf(applied)}`;
}

/** A name that may be anything yet. */
const shown = (name: unknown): string => (typeof name === 'string' ? name : '');

function emptyObject(applied: KubeObject): KubeObject {
  return { apiVersion: applied.apiVersion, kind: applied.kind, metadata: {} } as KubeObject;
}

/** Fields of an object that no apply ever touched belong to the one who wrote them, under a name of its own. */
function managersBeforeApply(request: ApplyRequest, live: KubeObject): Manager[] {
  const known = decodeManagers(live.metadata.managedFields) ?? [];
  if (known.length > 0 || !request.live) return known;
  const { apiVersion, ignored } = request;
  const all = compareTyped(undefined, live, request.schema).changed;
  const fields = ignored ? recursiveDifference(all, ignored) : all;
  if (isEmptySet(fields)) return [];
  const time = request.time ?? now();
  return [{ manager: 'before-first-apply', operation: 'Update', apiVersion, subresource: '', time, fields }];
}

interface Merged {
  readonly object: unknown;
  readonly managers: Manager[];
  /** Whether the object is as it was. */
  readonly same: boolean;
}

function merge(request: ApplyRequest, live: KubeObject, before: readonly Manager[], self: ManagerIdentity): Merged {
  const { applied, schema, ignored, force, versions = oneForm(schema) } = request;
  const last = before.find((each) => sameManager(each, self));
  let mine = fieldsOf(applied, schema);
  if (ignored) mine = recursiveDifference(mine, ignored);
  const config = ignored ? withoutIgnored(applied, ignored, schema) : applied;
  const others = before.filter((each) => each !== last);
  const ownersWith = (fields: FieldSet): Manager[] => [...others, { ...self, fields, time: last?.time }];
  const merged = prune(mergeTyped(live, config, schema), ownersWith(mine), last, versions);
  const owners = ownersWith(managedOf(mine));
  // A new order of a keyed list changes the object, though no field of it; so does what the endpoint resets afterwards.
  const isSame = deepEqual(live, merged) && (!ignored || deepEqual(live, mergeTyped(live, applied, schema)));
  if (isSame) return { object: live, managers: owners, same: true };
  const change = new ObjectChange(live, merged, schema, self.apiVersion, versions);
  const contested = conflictsWith(owners, self, change);
  const conflicts = contested.length > 0 ? fieldsAfterLastApplied(contested, live, request) : contested;
  if (conflicts.length > 0 && !force) throw conflictError(conflicts);
  const managers = owners.flatMap((each) => (sameManager(each, self) ? each : (change.leavesTo(each) ?? [])));
  return { object: merged, managers, same: false };
}

function withoutIgnored(applied: KubeObject, ignored: FieldSet, schema: ObjectSchema): unknown {
  return removeFields(applied, ignored, { schema }) ?? {};
}

function conflictsWith(managers: readonly Manager[], self: ManagerIdentity, change: ObjectChange): Conflict[] {
  const conflicts: Conflict[] = [];
  for (const manager of managers) {
    if (sameManager(manager, self)) continue;
    const fields = intersection(manager.fields, change.in(manager.apiVersion)?.changed ?? none);
    if (!isEmptySet(fields)) conflicts.push({ manager, fields });
  }
  return conflicts;
}

/** Removes what the manager applied last time and does not now, but nothing that anybody owns or that it never applied. */
function prune(
  merged: unknown,
  owners: readonly Manager[],
  last: Manager | undefined,
  versions: ObjectVersions,
): unknown {
  const version = last && versions(last.apiVersion);
  if (!version || isEmptySet(last.fields)) return merged;
  const { schema } = version;
  const ref = { schema };
  const old = version.from(merged);
  const applied = withNamedFields(last.fields, ref);
  let pruned: unknown = version.to(removeFields(old, applied, ref) ?? {});
  for (const [apiVersion, fields] of ownedByVersion(owners))
    pruned = withOwned(pruned, merged, fields, versions(apiVersion));
  const fieldsIn = (object: unknown): FieldSet => withNamedFields(fieldsOf(object, schema), ref);
  const gone = intersection(difference(fieldsIn(old), fieldsIn(version.from(pruned))), applied);
  return version.to(removeFields(old, gone, ref) ?? {});
}

/** What all together own, by the version they wrote it in. */
function ownedByVersion(owners: readonly Manager[]): Map<string, FieldSet> {
  const owned = new Map<string, FieldSet>();
  for (const { apiVersion, fields } of owners) owned.set(apiVersion, union(owned.get(apiVersion) ?? none, fields));
  return owned;
}

/** What is left in `pruned`, and of `merged` what is owned in a version; both in the request's. */
function withOwned(pruned: unknown, merged: unknown, owned: FieldSet, version: ObjectVersion | undefined): unknown {
  if (!version) return pruned;
  const ref = { schema: version.schema };
  const fieldsIn = (object: unknown): FieldSet => withNamedFields(fieldsOf(object, version.schema), ref);
  const all = version.from(merged);
  const kept = union(fieldsIn(version.from(pruned)), withNamedFields(owned, ref));
  return version.to(removeFields(all, difference(fieldsIn(all), kept), ref) ?? {});
}

/** Sets managedFields on an object whose top level is the caller's own. */
function withManagers(object: KubeObject, managers: readonly Manager[]): KubeObject {
  const { managedFields: _, ...metadata } = isObject(object.metadata) ? object.metadata : {};
  const managedFields = encodeManagers(managers);
  return { ...object, metadata: managedFields ? { ...metadata, managedFields } : metadata };
}
