import { decodeKindObject, type ObjectForm } from '@coracle/api/codec/kind-object';
import { DecodeError } from '@coracle/api/codec/strict';
import type { AnyKind, KubeObject } from '@coracle/api/kind';
import { applyObject, fitsType, misfit, setOfFields, updateManagedFields } from '@coracle/api/patch/apply';
import type { ObjectVersions } from '@coracle/api/patch/versions';
import { schemaOfKind } from '@coracle/api/schema';
import type { Write } from './admission.ts';
import { isTooLarge, refusalOfLarge, refuseVast } from './size-limit.ts';

type FieldSet = ReturnType<typeof setOfFields>;

/** What an apply must know of a type: a kind, or the type of a subresource. */
type Applicable = ObjectForm & Pick<AnyKind, 'apiVersion'> & Partial<Pick<AnyKind, 'statusKeeps' | 'subresources'>>;

const status = setOfFields(['status']);
const spec = setOfFields(['spec']);

/** Fields an endpoint resets, so that nobody can own them through it. */
function resetFields(kind: Applicable, subresource: string): FieldSet | undefined {
  if (!kind.subresources?.status) return undefined;
  if (subresource !== 'status') return status;
  const kept = kind.dynamic ? 'all' : kind.statusKeeps;
  if (!kept) return spec;
  return setOfFields(['spec', ...(kept === 'all' ? ['metadata'] : kept.map((field) => `metadata.${field}`))]);
}

/** Records in metadata.managedFields who set which fields, and that nobody owns any where there are none that could be owned. An apply has recorded that itself. */
export function recordManager(
  { kind, versions }: { kind: Applicable; versions?: ObjectVersions },
  object: KubeObject,
  old: KubeObject | undefined,
  write: Write,
): void {
  if (write.applied) return;
  // Whose fields they are takes long to find out, and nobody will hear of it: the object will not be stored.
  if (isTooLarge(object, write.received)) return;
  const schema = schemaOfKind(kind);
  // Objects of built-in kinds are of their types as soon as they are read, and a scale is not about the rest of an object.
  const isChecked = kind.dynamic !== undefined && write.subresource !== 'scale';
  if (isChecked && [object, old].some((each) => each && !fitsType(each, schema))) {
    delete object.metadata.managedFields;
    return;
  }
  const ignored = resetFields(kind, write.subresource);
  updateManagedFields({
    old,
    updated: object,
    manager: write.fieldManager,
    apiVersion: kind.apiVersion,
    schema,
    ...(versions ? { versions } : {}),
    ...(write.subresource === '' ? {} : { subresource: write.subresource }),
    ...(ignored ? { ignored } : {}),
  });
}

/** What a server-side apply makes of the object there is, in its type's form; throws Conflict where other managers own what it changes. */
export function applied(
  kind: Applicable,
  live: KubeObject | undefined,
  wanted: KubeObject,
  write: Write,
  force: boolean,
  versions?: ObjectVersions,
): KubeObject {
  refuseVast(wanted);
  const refusal = refusalOfLarge(wanted, write.received);
  if (refusal) throw refusal;
  const ignored = resetFields(kind, write.subresource);
  const schema = schemaOfKind(kind);
  const merged = applyObject({
    live,
    applied: wanted,
    manager: write.fieldManager,
    force,
    schema,
    ...(versions ? { versions } : {}),
    apiVersion: kind.apiVersion,
    ...(write.subresource === '' ? {} : { subresource: write.subresource }),
    ...(ignored ? { ignored } : {}),
  });
  try {
    // A null that a custom resource's field does not allow was sent on purpose: validation refuses it.
    if (kind.dynamic) return kind.dynamic.decode(merged, 'kept').object as KubeObject;
    return decodeKindObject<KubeObject>(merged, kind).object;
  } catch (error) {
    // Times and amounts are texts as far as merging goes.
    throw error instanceof DecodeError ? misfit(wanted, error.message) : error;
  }
}
