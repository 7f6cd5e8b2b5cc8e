import type { KubeObject } from '@coracle/api/kind';
import { conflict, notFoundError } from '@coracle/api/meta/status';
import { applied } from '../registry/field-management.ts';
import { type Call, checkName, renderingFor, requireNamespace, sendObject, writeOf } from './call.ts';
import { writeOptionsOf } from './options.ts';
import { appliedObject, patchedObject, readPatch, reportRepeated } from './patch-body.ts';
import { checkPlace } from './place.ts';

/** PATCH of an object, or of its status: JSON, merge, strategic merge, and apply patches. */
export async function patch(call: Call): Promise<void> {
  const { resource, name, namespace, kind, context } = call;
  requireNamespace(call);
  checkName(name);
  const options = writeOptionsOf(context.query, 'PatchOptions');
  renderingFor(call);
  const received = await readPatch(context, kind, options);
  const write = { ...writeOf(call, options), applied: received.type === 'apply' };
  const make = (current: KubeObject | undefined): KubeObject => {
    if (!current && (received.type !== 'apply' || call.subresource !== '')) throw notFoundError(resource.named, name);
    if (received.type !== 'apply') return patchedObject(received, current!, kind, call, options);
    const object = applied(
      kind,
      current,
      appliedObject(received, kind),
      write,
      options.force ?? false,
      resource.versions,
    );
    reportRepeated(received, options, call);
    if (!current && object.metadata.uid) {
      const detail = `uid mismatch: the provided object specified uid ${object.metadata.uid}, and no existing object was found`;
      throw conflict(resource.named, name, detail);
    }
    checkPlace(call, object);
    return object;
  };
  const done = await resource.update(name, namespace, make, write);
  await sendObject(call, done.created ? 201 : 200, done.object);
}
