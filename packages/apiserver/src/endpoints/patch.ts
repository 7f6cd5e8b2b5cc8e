import { notFoundError } from '@coracle/api/meta/status';
import { type Call, checkName, requireNamespace, sendObject, writeOf } from './call.ts';
import { writeOptionsOf } from './options.ts';
import { patchedObject, readPatch } from './patch-body.ts';

/** PATCH of an object, or of its status: JSON, merge, strategic merge, and apply patches. */
export async function patch(call: Call): Promise<void> {
  const { resource, name, namespace, kind, context } = call;
  requireNamespace(call);
  checkName(name);
  const options = writeOptionsOf(context.query, 'PatchOptions');
  const received = await readPatch(context, options);
  const done = await resource.update(
    name,
    namespace,
    (current) => {
      if (!current) throw notFoundError(resource.named, name);
      return patchedObject(received, current, kind, call, options);
    },
    writeOf(call, options),
  );
  await sendObject(call, done.created ? 201 : 200, done.object);
}
