import type { ManagedFieldsEntry } from '@coracle/api/types/meta/v1';
import type { AnyObject } from '../../resources/resource.ts';

/** A field set in its JSON form (FieldsV1): keys are path elements, `.` the element itself. */
type FieldSet = { [element: string]: FieldSet };

/** The managers of an operation that own an annotation. */
export function managersOf(object: AnyObject, operation: string, annotation: string): ManagedFieldsEntry[] {
  return (object.metadata.managedFields ?? []).filter((entry) => {
    if (entry.operation !== operation || entry.subresource) return false;
    const fields = entry.fieldsV1 as FieldSet | undefined;
    return fields?.['f:metadata']?.['f:annotations']?.[`f:${annotation}`] !== undefined;
  });
}

/**
 * The managed fields after server-side apply's `manager` took over all that the client-side managers `names` own: their sets
 * are united with its own and their entries vanish.
 */
export function upgradedManagedFields(
  entries: readonly ManagedFieldsEntry[],
  names: ReadonlySet<string>,
  manager: string,
): ManagedFieldsEntry[] {
  const taken = entries.filter(
    (entry) => entry.operation === 'Update' && !entry.subresource && names.has(entry.manager ?? ''),
  );
  if (taken.length === 0) return [...entries];
  const fieldsV1 = (into: ManagedFieldsEntry | undefined): FieldSet =>
    [...(into ? [into] : []), ...taken].map((entry) => (entry.fieldsV1 ?? {}) as FieldSet).reduce(union);
  const own = entries.find((entry) => entry.operation === 'Apply' && !entry.subresource && entry.manager === manager);
  const target = own ?? taken[0]!;
  const upgraded = { ...target, manager, operation: 'Apply', fieldsV1: fieldsV1(own) } as ManagedFieldsEntry;
  return entries.flatMap((entry) => (entry === target ? [upgraded] : taken.includes(entry) ? [] : [entry]));
}

function union(a: FieldSet, b: FieldSet): FieldSet {
  const result: FieldSet = { ...a };
  for (const [element, fields] of Object.entries(b))
    result[element] = Object.hasOwn(a, element) ? union(a[element]!, fields) : fields;
  return result;
}
