import { decodeKindObject } from '@coracle/api/codec/kind-object';
import type { AnyKind, KubeObject } from '@coracle/api/kind';
import { clone } from '@coracle/api/meta/object';
import { type ObjectVersions, ownVersion } from '@coracle/api/patch/versions';
import { schemaOfKind } from '@coracle/api/schema';

/**
 * The versions of a kind's objects, for the fields of those who wrote them in another one than `kind`; `find` knows what is built in. Where a
 * webhook converts, fields are taken for those of `kind`: nobody can be asked in the middle of a write.
 */
export function fieldVersions(kind: AnyKind, find: (apiVersion: string) => AnyKind | undefined): ObjectVersions {
  const own = ownVersion(schemaOfKind(kind));
  return (apiVersion) => {
    if (apiVersion === kind.apiVersion) return own;
    const other = kind.dynamic ? kind.dynamic.version(apiVersion) : find(apiVersion);
    if (!other || (!kind.dynamic && storedForm(other) !== storedForm(kind))) return undefined;
    if (kind.dynamic?.convertMany) return own;
    return {
      schema: schemaOfKind(other),
      from: (object) => converted(object, kind, other),
      to: (object) => converted(object, other, kind),
    };
  };
}

function storedForm(kind: AnyKind): AnyKind {
  return kind.storedAs?.kind() ?? kind;
}

/** An object of one version, in whatever notation, in the form of another. */
function converted(object: unknown, from: AnyKind, to: AnyKind): KubeObject {
  const decoded = decodeKindObject<KubeObject>(clone(object), from).object;
  if (to.dynamic) return to.dynamic.convert(decoded);
  const stored = from.storedAs ? from.storedAs.encode(decoded) : decoded;
  const result = to.storedAs ? to.storedAs.decode(stored) : stored;
  return { ...result, apiVersion: to.apiVersion, kind: to.kind };
}
