import { isNotFound } from '@coracle/api/meta/status';
import { CachedObject } from '../storage/cached-object.ts';
import { type Call, requireNamespace, writeOf } from './call.ts';
import { deleteOptionsOf } from './delete-options.ts';
import { listRenderingFor, sendList } from './list.ts';
import { listOptionsOf } from './list-options.ts';
import { readPage } from './list-page.ts';

const parallel = 4;

/** DELETE of a collection: everything its selectors select, a few at a time. Answers with the list of what it deleted. */
export async function removeCollection(call: Call): Promise<void> {
  const { context, machinery, resource, kind, namespace } = call;
  requireNamespace(call);
  const form = listRenderingFor(call);
  const listOptions = listOptionsOf(context.query, kind, namespace, false);
  const options = await deleteOptionsOf(context);
  // A list of a revision is read in pages: it is of that revision and no later one.
  if (listOptions.revision && listOptions.resourceVersionMatch === '') listOptions.resourceVersionMatch = 'Exact';
  const { objects, metadata } = await readPage(machinery.registry, resource, listOptions, context.latencies);
  const raw = { kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1', ...options };
  const write = writeOf(call, { dryRun: (options.dryRun?.length ?? 0) > 0, fieldManager: '', raw });
  await CachedObject.prepare(objects, kind);
  const waiting = objects.values();
  const worker = async () => {
    for (const object of waiting) {
      context.signal.throwIfAborted();
      await deleteOne(object);
    }
  };
  const deleteOne = async (object: CachedObject) => {
    try {
      await resource.delete(object.name, object.namespace, options, write);
    } catch (error) {
      if (!isNotFound(error)) throw error; // gone already is what was wanted
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  await sendList(context, { objects, metadata }, form);
}
