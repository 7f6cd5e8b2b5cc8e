import type { AnyKind, KubeObject } from '@coracle/api/kind';
import { type FieldError, invalid, type Path } from '@coracle/api/meta/field-path';
import { deepEqual, getPath } from '@coracle/api/meta/object';
import { schemaOfKind } from '@coracle/api/schema';
import type { View } from './strategy.ts';

type Fields = Record<string, unknown>;

/** Whether metadata.generation counts a kind's changes: as it declares, else where it has a spec. */
export function hasGeneration(kind: AnyKind): boolean {
  return kind.hasGeneration ?? schemaOfKind(kind).fields.has('spec');
}

/**
 * What an update through the resource or a subresource may change: the resource leaves status alone, status leaves all else
 * alone but metadata. Raises the generation when what the user wants has changed. Returns the object to go on with.
 */
export function prepareForUpdate(
  kind: AnyKind,
  object: KubeObject,
  old: KubeObject,
  subresource: string,
  view?: View,
): KubeObject {
  if (view) return view.prepare(object, old);
  let prepared = object;
  if (subresource === 'status') {
    const { status } = object as { status?: unknown };
    prepared = { ...old, metadata: metadataOfStatus(kind, object, old) };
    assign(prepared, 'status', status);
    return prepared;
  }
  // What other subresources may change is their handlers' to decide.
  if (subresource !== '' && subresource !== 'scale') return prepared;
  if (kind.subresources?.status) assign(prepared, 'status', (old as { status?: unknown }).status);
  kind.prepareForUpdate?.(prepared, old);
  if (hasGeneration(kind) && !sameWish(prepared, old, kind.dynamic !== undefined && !kind.subresources?.status))
    prepared.metadata.generation = (old.metadata.generation ?? 0) + 1;
  return prepared;
}

/**
 * Errors of a change: the new object by itself, immutable fields, and what the kind says about changes. `metadata`: the errors of its metadata, which are
 * not told again.
 */
export function validateChange(
  kind: AnyKind,
  object: KubeObject,
  old: KubeObject,
  { subresource, warn }: { readonly subresource: string; warn(text: string): void },
  at: Path,
  { view, metadata = [] }: { readonly view?: View | undefined; readonly metadata?: readonly FieldError[] } = {},
): FieldError[] {
  if (view) return view.validate?.(object, old, at) ?? [];
  if (kind.dynamic) return kind.dynamic.validateUpdate(object, old, subresource, metadata, warn);
  if (subresource === 'status') return kind.validateStatusUpdate?.(object, old, at) ?? [];
  if (subresource !== '' && subresource !== 'scale') return [];
  return [
    ...(kind.validate?.(object, at) ?? []),
    ...(kind.immutable ?? []).flatMap((path) => immutable(object, old, path, at)),
    ...(kind.validateUpdate?.(object, old, at) ?? []),
  ];
}

function immutable(object: KubeObject, old: KubeObject, path: string, at: Path): FieldError[] {
  const value = getPath(object, path);
  return deepEqual(value, getPath(old, path)) ? [] : [invalid(at.child(path), value, 'field is immutable')];
}

/** The metadata after a write of the status: who reports it changes only what the kind does not keep. */
function metadataOfStatus(kind: AnyKind, object: KubeObject, old: KubeObject): KubeObject['metadata'] {
  const kept = kind.dynamic ? 'all' : kind.statusKeeps;
  if (kept === 'all') return metadataKept(object, old);
  const metadata = { ...object.metadata };
  for (const field of kept ?? []) {
    delete metadata[field];
    if (old.metadata[field] !== undefined) Object.assign(metadata, { [field]: old.metadata[field] });
  }
  return metadata;
}

/** The old metadata, but for what says who changed what, and which state was meant: of a write that is not to change metadata. */
export function metadataKept({ metadata }: KubeObject, old: KubeObject): KubeObject['metadata'] {
  const { managedFields: _, ...rest } = old.metadata;
  const { managedFields, resourceVersion } = metadata;
  return {
    ...rest,
    ...(managedFields === undefined ? {} : { managedFields }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}

/** Whether two objects ask for the same: all but metadata and status; `withStatus`: status is a field like others. */
function sameWish(a: KubeObject, b: KubeObject, withStatus: boolean): boolean {
  if (withStatus && !deepEqual((a as { status?: unknown }).status, (b as { status?: unknown }).status)) return false;
  const { metadata: _a, status: _as, apiVersion: _av, kind: _ak, ...wishA } = a as KubeObject & Fields;
  const { metadata: _b, status: _bs, apiVersion: _bv, kind: _bk, ...wishB } = b as KubeObject & Fields;
  return deepEqual(wishA, wishB);
}

function assign(object: KubeObject, field: string, value: unknown): void {
  if (value === undefined) delete (object as unknown as Fields)[field];
  else (object as unknown as Fields)[field] = value;
}
