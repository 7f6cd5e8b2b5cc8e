import type { ManagedFieldsEntry } from '../generated/meta/v1.ts';
import { deepEqual } from '../meta/object.ts';
import { type FieldSet, isEmptySet, isFieldSet, none, union } from './field-set.ts';

export type Operation = 'Apply' | 'Update';

/** Who manages fields: a name, together with how and where it writes. */
export interface ManagerIdentity {
  readonly manager: string;
  readonly operation: Operation;
  readonly apiVersion: string;
  /** Empty for the object itself. */
  readonly subresource: string;
}

/** One manager and the fields it manages. Values: functions make new ones. */
export interface Manager extends ManagerIdentity {
  readonly fields: FieldSet;
  /** RFC 3339; undefined for a manager that was never written down. */
  readonly time: string | undefined;
}

/** How many managers may write plain updates before the oldest are joined into one. */
const maxUpdateManagers = 10;
const joinedManager = 'ancient-changes';

/** Whether both are the same manager. An applier stays the same whatever version it applies. */
export function sameManager(a: ManagerIdentity, b: ManagerIdentity): boolean {
  return (
    a.manager === b.manager &&
    a.operation === b.operation &&
    a.subresource === b.subresource &&
    (a.operation === 'Apply' || a.apiVersion === b.apiVersion)
  );
}

/**
 * The managers that managedFields name; undefined when an entry cannot be understood. Managers without fields are left out. Entries
 * that come from the store are `trusted`: they were checked when they were written.
 */
export function decodeManagers(
  entries: readonly ManagedFieldsEntry[] | undefined,
  { trusted = false }: { trusted?: boolean } = {},
): Manager[] | undefined {
  const managers = new Map<string, Manager>();
  for (const entry of entries ?? []) {
    const next = managerOf(entry, trusted);
    if (!next) return undefined;
    if (isEmptySet(next.fields)) continue;
    const { manager, operation, subresource, apiVersion } = next;
    const key = JSON.stringify([manager, operation, subresource, operation === 'Apply' ? '' : apiVersion]);
    const known = managers.get(key);
    managers.set(key, known ? { ...next, fields: union(known.fields, next.fields) } : next);
  }
  return [...managers.values()];
}

function managerOf(entry: ManagedFieldsEntry, trusted: boolean): Manager | undefined {
  const { manager = '', operation, apiVersion = '', subresource = '', time, fieldsV1 = none } = entry;
  if ((operation !== 'Apply' && operation !== 'Update') || (entry.fieldsType ?? 'FieldsV1') !== 'FieldsV1')
    return undefined;
  if (!trusted && !isFieldSet(fieldsV1)) return undefined;
  const known: Operation = operation === 'Apply' ? 'Apply' : 'Update';
  return { manager, operation: known, apiVersion, subresource, time, fields: fieldsV1 as FieldSet };
}

/** The managedFields of an object: managers with fields, appliers first, then by time and name. Undefined when there are none. */
export function encodeManagers(managers: readonly Manager[]): ManagedFieldsEntry[] | undefined {
  const entries = managers
    .filter((manager) => !isEmptySet(manager.fields))
    .sort(order)
    .map(({ manager, operation, apiVersion, subresource, time, fields }) => {
      const entry: ManagedFieldsEntry = { manager, operation, apiVersion };
      if (time !== undefined) entry.time = time;
      entry.fieldsType = 'FieldsV1';
      entry.fieldsV1 = fields;
      if (subresource !== '') entry.subresource = subresource;
      return entry;
    });
  return entries.length === 0 ? undefined : entries;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function order(a: Manager, b: Manager): number {
  return (
    compare(a.operation, b.operation) ||
    compare(a.time ?? '', b.time ?? '') ||
    compare(a.manager, b.manager) ||
    compare(a.apiVersion, b.apiVersion) ||
    compare(a.subresource, b.subresource)
  );
}

/** Whether the entries are the reset that clients ask for with `managedFields: [{}]`. */
export function isReset(entries: readonly ManagedFieldsEntry[] | undefined): boolean {
  return (
    entries?.length === 1 &&
    Object.values(entries[0]!).every((value) => value === undefined || value === null || value === '')
  );
}

/** Joins the oldest updaters of a version into one manager while there are more than ten. */
export function capManagers(managers: readonly Manager[]): Manager[] {
  const updaters = managers.filter((each) => each.operation === 'Update').sort(order);
  const excess = updaters.length - maxUpdateManagers;
  if (excess <= 0) return [...managers];
  const gone = new Set<Manager>();
  let left = updaters.length;
  const joined = new Map<string, Manager[]>();
  for (const oldest of updaters) {
    if (left <= maxUpdateManagers) break;
    const known = joined.get(oldest.apiVersion);
    // Joining two makes one less; the first of a version only changes its name.
    if (known) left--;
    if (known) known.push(oldest);
    else joined.set(oldest.apiVersion, [oldest]);
    gone.add(oldest);
  }
  const ancient = [...joined].map(([apiVersion, members]): Manager => {
    const { time } = members.at(-1)!;
    const fields = unionOf(members.map((each) => each.fields));
    return { manager: joinedManager, operation: 'Update', apiVersion, subresource: '', time, fields };
  });
  return [...managers.filter((each) => !gone.has(each)), ...ancient];
}

/** Joined pair by pair, so that none of many sets is copied often. */
function unionOf(sets: readonly FieldSet[]): FieldSet {
  if (sets.length <= 1) return sets[0] ?? none;
  const half = sets.length >> 1;
  return union(unionOf(sets.slice(0, half)), unionOf(sets.slice(half)));
}

/** Whether both lists say the same of who manages what, times aside. */
export function sameFields(
  a: readonly ManagedFieldsEntry[] | undefined,
  b: readonly ManagedFieldsEntry[] | undefined,
): boolean {
  const timeless = (entries: readonly ManagedFieldsEntry[] | undefined): unknown[] =>
    (entries ?? [])
      .map(({ time: _, ...rest }) => rest)
      .sort((x, y) => compare(JSON.stringify(identityOf(x)), JSON.stringify(identityOf(y))));
  return deepEqual(timeless(a), timeless(b));
}

function identityOf({ manager, operation, apiVersion, subresource }: ManagedFieldsEntry): unknown[] {
  return [operation, manager, apiVersion, subresource];
}
