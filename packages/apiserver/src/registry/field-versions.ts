import { decodeKindObject } from '@coracle/api/codec/kind-object';
import type { AnyKind, KubeObject } from '@coracle/api/kind';
import { clone } from '@coracle/api/meta/object';
import { type ObjectVersions, ownVersion } from '@coracle/api/patch/versions';
import { schemaOfKind } from '@coracle/api/schema';
import { storedForm, toKind } from '../storage/encoding.ts';
import { storageKind } from '../storage/keys.ts';

/**
 * The versions of a kind's objects, for the fields of those who wrote them in another one than `kind`; `find` knows what is built in. Where a
 * webhook converts, fields are taken for those of `kind`: nobody can be asked in the middle of a write.
 */
export function fieldVersions(kind: AnyKind, find: (apiVersion: string) => AnyKind | undefined): ObjectVersions {
  const own = ownVersion(schemaOfKind(kind));
  return (apiVersion) => {
    if (apiVersion === kind.apiVersion) return own;
    const other = kind.dynamic ? kind.dynamic.version(apiVersion) : find(apiVersion);
    if (!other || (!kind.dynamic && storageKind(other) !== storageKind(kind))) return undefined;
    if (kind.dynamic?.convertMany) return own;
    return {
      schema: schemaOfKind(other),
      from: (object) => converted(object, kind, other),
      to: (object) => converted(object, other, kind),
    };
  };
}

/** An object of one version, in whatever notation, in the form of another. */
function converted(object: unknown, from: AnyKind, to: AnyKind): KubeObject {
  const decoded = decodeKindObject<KubeObject>(clone(object), from).object;
  return toKind(to, from.dynamic ? decoded : storedForm(from, decoded));
}
