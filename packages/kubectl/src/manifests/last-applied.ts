import { formatJson } from '@coracle/api/codec/go-json';
import type { AnyObject } from '../resources/resource.ts';

/** Where `apply` keeps the manifest it sent last (upstream: "declarative management using configuration files"). */
export const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** The object with the annotation that holds its own manifest. */
export function withLastApplied(object: AnyObject): AnyObject {
  const annotations = { ...object.metadata.annotations };
  delete annotations[lastApplied];
  const bare = { ...object, metadata: { ...object.metadata, annotations } };
  return {
    ...bare,
    metadata: { ...bare.metadata, annotations: { ...annotations, [lastApplied]: `${formatJson(bare)}\n` } },
  };
}

/** As `withLastApplied` where it is asked for or the object already has the annotation; else the object as it is. */
export function updateLastApplied(object: AnyObject, asked: boolean): AnyObject {
  const has = object.metadata.annotations !== undefined && Object.hasOwn(object.metadata.annotations, lastApplied);
  return asked || has ? withLastApplied(object) : object;
}

/** As `withLastApplied` for objects made from flags: their manifest is kept with the fields in their types' order. */
export function withOwnManifest(object: AnyObject): AnyObject {
  const annotations = { ...object.metadata.annotations, [lastApplied]: `${formatJson(object, { sort: false })}\n` };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
