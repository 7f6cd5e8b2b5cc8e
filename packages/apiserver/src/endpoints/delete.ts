import type { Status } from '@coracle/api/types/meta/v1';
import { returnsDeletedObject } from '../registry/deleted-objects.ts';
import type { Deleted } from '../registry/remove.ts';
import { type Call, checkName, renderingFor, requireNamespace, sendObject, writeOf } from './call.ts';
import { deleteOptionsOf } from './delete-options.ts';
import { sendIn } from './response.ts';

/** DELETE of one object. */
export async function remove(call: Call): Promise<void> {
  const { resource, name, namespace, kind, context } = call;
  const { media } = renderingFor(call);
  requireNamespace(call);
  checkName(name);
  const options = await deleteOptionsOf(context);
  const raw = { kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1', ...options };
  const write = writeOf(call, { dryRun: (options.dryRun?.length ?? 0) > 0, fieldManager: '', raw });
  const deleted = await resource.delete(name, namespace, options, write);
  // 202 tells those who asked not to orphan that their object's end is yet to come.
  const code = !deleted.removed && options.orphanDependents === false ? 202 : 200;
  if (!deleted.removed || returnsDeletedObject(kind)) return sendObject(call, code, deleted.object);
  await sendIn(context, code, successStatus(call, deleted), media);
}

function successStatus({ kind, name }: Call, { object }: Deleted): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.plural, uid: object.uid },
  };
}
