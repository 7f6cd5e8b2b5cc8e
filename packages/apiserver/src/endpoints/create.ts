import type { KubeObject } from '@coracle/api/kind';
import { StatusError } from '@coracle/api/meta/status';
import { placeInNamespace } from '../registry/place.ts';
import { refuseVast } from '../registry/size-limit.ts';
import { readBody } from './body.ts';
import { type Call, renderingFor, requireNamespace, sendObject, writeOf } from './call.ts';
import { decodeObject } from './decoding.ts';
import { type WriteOptions, writeOptionsOf } from './options.ts';

/** POST to a collection. */
export async function create(call: Call): Promise<void> {
  requireNamespace(call);
  const options = writeOptionsOf(call.context.query, 'CreateOptions');
  renderingFor(call);
  const object = await readObject(call, options);
  placeInNamespace(call, object);
  // What is no revision, or none, says nothing.
  if (/^\d*[1-9]\d*$/.test(object.metadata.resourceVersion ?? '')) {
    throw new StatusError({
      code: 500,
      reason: '',
      message: 'resourceVersion should not be set on objects to be created',
    });
  }
  const created = await call.resource.create(object, writeOf(call, options));
  await sendObject(call, 201, created);
}

/** Reads the body as an object of the call's kind, with its defaults. */
export async function readObject(call: Call, options: WriteOptions): Promise<KubeObject> {
  const { context, kind, machinery, subresource } = call;
  const bytes = await readBody(context);
  const object = decodeObject(
    bytes,
    context.req.headers['content-type'],
    { ...kind, anyKind: subresource === 'status' },
    machinery.registry.scheme,
    options.fieldValidation,
    (text) => context.warnings.add(text),
  );
  object.metadata ??= {};
  refuseVast(object);
  kind.defaults?.(object);
  context.audit?.request(object);
  return object;
}
