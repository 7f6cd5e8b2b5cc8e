import { notFoundError } from '@coracle/api/meta/status';
import type { ResourceHooks } from '../registry/strategy.ts';
import { CachedObject } from '../storage/cached-object.ts';
import { type Call, renderingFor, sendObject } from './call.ts';
import { sendList } from './list.ts';
import { listOptionsOf } from './list-options.ts';

/** GET of a computed kind, one object or all that are selected: `read` finds out what there is. */
export async function readComputed(
  call: Pick<Call, 'context' | 'kind' | 'name'>,
  read: NonNullable<ResourceHooks['read']>,
): Promise<void> {
  const { context, kind, name } = call;
  if (name !== '') {
    const found = (await read()).find(({ metadata }) => metadata.name === name);
    if (!found) throw notFoundError({ group: kind.group, resource: kind.plural }, name);
    return sendObject(call, 200, CachedObject.unstored(kind, found));
  }
  const form = renderingFor(call, 'list');
  const { filter } = listOptionsOf(context.query, kind, '', false);
  const objects = (await read())
    .map((each) => CachedObject.unstored(kind, each))
    .filter((each) => filter.matches(each));
  await sendList(context, { objects, metadata: {} }, form);
}
