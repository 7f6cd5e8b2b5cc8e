import { notFoundError } from '@coracle/api/meta/status';
import { relativeKey } from '../storage/keys.ts';
import { type Call, checkName, renderingFor, sendObject } from './call.ts';
import { revisionOf } from './list-options.ts';
import { notOlderThan } from './list-page.ts';

/** GET of one object. Without resourceVersion it is consistent; with one, not older than that; with "0", what the cache has. */
export async function get(call: Call): Promise<void> {
  const { resource, name, namespace, context, machinery } = call;
  checkName(name);
  const form = renderingFor(call);
  const asked = context.query.get('resourceVersion') ?? '';
  const revision = revisionOf(asked);
  if (revision !== undefined && revision > 0) await notOlderThan(machinery.registry, revision, asked);
  const key = relativeKey(name, namespace);
  let object =
    revision === undefined
      ? await context.latencies.time('etcd', resource.get(name, namespace))
      : resource.cache.get(key);
  if (!object) object = await context.latencies.time('etcd', resource.live(key)); // no error on the cache's word alone
  if (!object) throw notFoundError(resource.named, name);
  await sendObject(call, 200, object, form);
}
