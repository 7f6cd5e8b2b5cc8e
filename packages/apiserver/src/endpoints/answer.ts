import type { AnyKind } from '@coracle/api/kind';
import { findErrors } from '@coracle/api/meta/field-path';
import { invalidObject, methodNotAllowed } from '@coracle/api/meta/status';
import type { RequestContext } from '../chain/link.ts';
import { attributesOf, mutate, validate } from '../registry/admission.ts';
import { recordManager } from '../registry/field-management.ts';
import { wipeSystemFields } from '../registry/metadata.ts';
import { placeInNamespace } from '../registry/place.ts';
import type { ResourceHooks } from '../registry/strategy.ts';
import { readBody } from './body.ts';
import { type Machinery, writeBy } from './call.ts';
import { decodeObject } from './decoding.ts';
import { writeOptionsOf } from './options.ts';
import { sendValue } from './response.ts';

/** POST of a kind that is answered and not stored: the reviews. */
export async function answer(
  context: RequestContext,
  machinery: Machinery,
  kind: AnyKind,
  namespace: string,
  hooks: ResourceHooks,
): Promise<void> {
  if (kind.namespaced && namespace === '') throw methodNotAllowed();
  const options = writeOptionsOf(context.query, 'CreateOptions');
  const { registry, plugins } = machinery;
  const warn = (text: string) => context.warnings.add(text);
  const bytes = await readBody(context);
  const object = decodeObject(
    bytes,
    context.req.headers['content-type'],
    kind,
    registry.scheme,
    options.fieldValidation,
    warn,
  );
  object.metadata ??= {};
  kind.defaults?.(object);
  context.audit?.request(object);
  placeInNamespace({ kind, namespace }, object);
  wipeSystemFields(object);
  const write = writeBy(context, plugins, options, '');
  recordManager({ kind }, object, undefined, write);
  const attributes = attributesOf(write, registry, kind, 'CREATE', object, undefined, {
    name: object.metadata.name ?? '',
    namespace,
  });
  await mutate(plugins, attributes);
  const asked = attributes.object!;
  const errors = findErrors((at) => kind.validate?.(asked, at) ?? []);
  // Upstream names neither the kind nor the object of a review.
  if (errors.length > 0) throw invalidObject({ group: kind.group, kind: '' }, '', errors);
  await validate(plugins, attributes);
  const answered = await hooks.answer!(asked, {
    kind,
    user: context.user,
    dryRun: options.dryRun,
    subresource: '',
    objects: registry,
    warn,
    request: context,
  });
  await sendValue(context, 201, answered);
}
