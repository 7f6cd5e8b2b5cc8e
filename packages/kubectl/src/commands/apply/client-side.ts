import { formatJson } from '@coracle/api/codec/go-json';
import { decodeJson } from '@coracle/api/codec/json';
import { createThreeWayMergePatch } from '@coracle/api/patch/merge-patch';
import { createThreeWayStrategicPatch } from '@coracle/api/patch/strategic';
import { CommandFailure } from '../../cli/failure.ts';
import { lastApplied, withLastApplied } from '../../manifests/last-applied.ts';
import { builtinSchema } from '../../manifests/schemas.ts';
import type { AnyObject, Resource } from '../../resources/resource.ts';
import { fetchObject, type Info } from '../../resources/selection.ts';
import { waitUntilGone } from '../../resources/until-gone.ts';
import { createObject, deleteObject, inSource, type PatchType, patchObject } from '../../resources/writes.ts';
import { isNotFoundError } from '../get/get.ts';
import { cascadeOf } from '../shared-flags.ts';
import type { ApplyContext } from './apply.ts';

const conflictRetries = 5;

/**
 * Applies one manifest by a three-way patch: from the manifest applied last (kept in an annotation), the one given now and
 * the live object (upstream: "declarative management of objects using configuration files").
 */
export async function applyClientSide(info: Info, context: ApplyContext): Promise<void> {
  const { call, dryRun, fieldManager, validation } = context;
  const { session, terminal } = call;
  const modified = withLastApplied(info.object!);
  const write = { fieldManager, validation, serverDryRun: dryRun === 'server' };
  let current: AnyObject;
  try {
    current = await fetchObject(session, info);
  } catch (error) {
    if (!isNotFoundError(error))
      throw inSource(error, `retrieving current configuration of:\n${described(info)}\nfrom server for:`, info.source);
    try {
      const created = dryRun === 'client' ? modified : await createObject(session, info, modified, write);
      context.tell(info, created, 'created');
      return;
    } catch (failure) {
      throw inSource(failure, 'creating', info.source);
    }
  }
  if (dryRun === 'client') {
    context.tell(info, current, 'configured');
    return;
  }
  if (current.metadata.annotations?.[lastApplied] === undefined) {
    terminal.stderr.write(
      `Warning: resource ${info.resource.name}/${info.name} is missing the ${lastApplied} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n`,
    );
  }
  const { patch, object } = await patched(info, modified, current, context);
  if (object.metadata.deletionTimestamp) {
    terminal.stderr.write(`Warning: Detected changes to resource ${info.name} which is currently being deleted.\n`);
  }
  context.tell(info, object, patch === '{}' ? 'unchanged' : 'configured');
}

interface Patched {
  readonly patch: string;
  readonly object: AnyObject;
}

/** Patches the live object, again with a fresh one after a conflict; with --force it is deleted and created where that fails. */
async function patched(info: Info, modified: AnyObject, live: AnyObject, context: ApplyContext): Promise<Patched> {
  const { call, dryRun, fieldManager, validation } = context;
  const { session, flags } = call;
  let current = live;
  for (let attempt = 0; ; attempt++) {
    const { type, body } = threeWayPatch(info.resource, modified, current, flags.bool('overwrite'));
    const patch = formatJson(body);
    if (patch === '{}') return { patch, object: current };
    try {
      const object = await patchObject(session, info, type, patch, {
        fieldManager,
        validation,
        serverDryRun: dryRun === 'server',
      });
      return { patch, object };
    } catch (error) {
      const reason = (error as { reason?: string }).reason;
      if (reason === 'Conflict' && attempt < conflictRetries) {
        current = await fetchObject(session, info);
        continue;
      }
      if ((reason === 'Conflict' || reason === 'Invalid') && flags.bool('force')) {
        return { patch, object: await deleteAndCreate(info, modified, current, context) };
      }
      throw inSource(error, `applying patch:\n${patch}\nto:\n${described(info)}\nfor:`, info.source);
    }
  }
}

/** The patch that brings the live object to the manifest; a merge patch where the kind's fields are not known. */
export function threeWayPatch(
  resource: Pick<Resource, 'group' | 'version' | 'kind'>,
  modified: AnyObject,
  current: AnyObject,
  overwrite: boolean,
): { type: PatchType; body: unknown } {
  const annotation = current.metadata.annotations?.[lastApplied];
  const original = annotation === undefined ? undefined : decodeJson(annotation).value;
  const schema = builtinSchema(resource);
  if (schema)
    return {
      type: 'strategic',
      body: createThreeWayStrategicPatch(original, modified, current, schema, { overwrite }),
    };
  const body = createThreeWayMergePatch(original, modified, current) as Partial<AnyObject>;
  if (body.apiVersion || body.kind || (body.metadata as { name?: string } | undefined)?.name) {
    throw new CommandFailure('At least one of apiVersion, kind and name was changed');
  }
  return { type: 'merge', body };
}

/** --force: the object goes, and the manifest's comes; when that fails the old one is put back. */
async function deleteAndCreate(
  info: Info,
  modified: AnyObject,
  current: AnyObject,
  context: ApplyContext,
): Promise<AnyObject> {
  const { call, fieldManager, validation } = context;
  const { session, flags } = call;
  await deleteObject(session, info, {
    ...(flags.int('grace-period') >= 0 ? { gracePeriodSeconds: flags.int('grace-period') } : {}),
    propagationPolicy: cascadeOf(flags),
  });
  await waitUntilGone(session, [{ info, uid: current.metadata.uid ?? '' }], flags.duration('timeout') || 5 * 60_000);
  try {
    return await createObject(session, info, modified, { fieldManager, validation });
  } catch (error) {
    const { resourceVersion: _, uid: __, ...metadata } = current.metadata;
    await createObject(session, info, { ...current, metadata }, { fieldManager });
    throw error;
  }
}

/** How messages tell of an object in detail. */
function described({ resource, name, namespace }: Info): string {
  const groupVersion = `${resource.group}/${resource.version}`;
  return [
    `Resource: ${JSON.stringify(`${groupVersion}, Resource=${resource.name}`)}, GroupVersionKind: ${JSON.stringify(`${groupVersion}, Kind=${resource.kind}`)}`,
    `Name: ${JSON.stringify(name)}, Namespace: ${JSON.stringify(namespace)}`,
  ].join('\n');
}
