import { clone } from '@coracle/api/meta/object';
import { notFoundError } from '@coracle/api/meta/status';
import { type Call, checkName, renderingFor, requireNamespace, sendObject, writeOf } from './call.ts';
import { readObject } from './create.ts';
import { writeOptionsOf } from './options.ts';
import { checkPlace } from './place.ts';

/** PUT of an object, or of its status. */
export async function update(call: Call): Promise<void> {
  const { resource, name, namespace, subresource, kind } = call;
  requireNamespace(call);
  checkName(name);
  const options = writeOptionsOf(call.context.query, 'UpdateOptions');
  renderingFor(call);
  const object = await readObject(call, options);
  checkPlace(call, object);
  const done = await resource.update(
    name,
    namespace,
    (current) => {
      if (!current && (subresource !== '' || !kind.allowCreateOnUpdate)) throw notFoundError(resource.named, name);
      return clone(object);
    },
    writeOf(call, options),
  );
  await sendObject(call, done.created ? 201 : 200, done.object);
}
