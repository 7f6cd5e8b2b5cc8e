import { messageOf } from '@coracle/api/meta/message-of';
import { CommandFailure } from '../../cli/failure.ts';
import { lastApplied } from '../../manifests/last-applied.ts';
import type { AnyObject } from '../../resources/resource.ts';
import { fetchObject, type Info } from '../../resources/selection.ts';
import { patchObject } from '../../resources/writes.ts';
import type { ApplyContext } from './apply.ts';
import { managersOf, upgradedManagedFields } from './managed-fields.ts';

const conflictHelp = `Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the \`--force-conflicts\` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts`;

/** Applies one manifest on the server (KEP-555). Fields that client-side apply owned are taken over, so that they can be removed. */
export async function applyServerSide(info: Info, context: ApplyContext): Promise<void> {
  const { call, dryRun, fieldManager, validation } = context;
  const { session, terminal, flags } = call;
  const options = {
    fieldManager,
    validation,
    serverDryRun: dryRun === 'server',
    force: flags.bool('force-conflicts'),
    subresource: flags.string('subresource'),
  };
  let object: AnyObject;
  try {
    object = await patchObject(session, info, 'apply', info.object, options);
  } catch (error) {
    if ((error as { reason?: string }).reason === 'Conflict')
      throw new CommandFailure(`${messageOf(error)}\n${conflictHelp}`);
    throw error;
  }
  try {
    object = await keepLastApplied(info, object, context);
    if (await takeOver(info, object, context)) object = await patchObject(session, info, 'apply', info.object, options);
  } catch (error) {
    // The object is applied; the next apply tries again to take the old fields over.
    terminal.stderr.write(
      `Warning: failed to migrate kubectl.kubernetes.io/last-applied-configuration for Server-Side Apply. This is non-fatal and will be retried next time you apply. Error: ${messageOf(error)}\n`,
    );
  }
  if (object.metadata.deletionTimestamp) {
    terminal.stderr.write(`Warning: Detected changes to resource ${info.name} which is currently being deleted.\n`);
  }
  context.tell(info, object, 'serverside-applied');
}

/** The annotation of client-side apply gets an owner of its own, so that taking its manager's fields over does not drop it. */
async function keepLastApplied(
  info: Info,
  object: AnyObject,
  { call, fieldManager, dryRun }: ApplyContext,
): Promise<AnyObject> {
  const annotation = object.metadata.annotations?.[lastApplied];
  if (fieldManager !== 'kubectl' || annotation === undefined) return object;
  if (managersOf(object, 'Apply', lastApplied).length > 0) return object;
  const { name, namespace } = object.metadata;
  const onlyAnnotation = {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: { name, ...(namespace ? { namespace } : {}), annotations: { [lastApplied]: annotation } },
  };
  return patchObject(call.session, info, 'apply', onlyAnnotation, {
    fieldManager: 'kubectl-last-applied',
    serverDryRun: dryRun === 'server',
  });
}

/** Moves what client-side managers own to this one; tells whether there was anything. */
async function takeOver(info: Info, object: AnyObject, { call, fieldManager, dryRun }: ApplyContext): Promise<boolean> {
  let current = object;
  for (let attempt = 0; ; attempt++) {
    const names = new Set(managersOf(current, 'Update', lastApplied).map((entry) => entry.manager ?? ''));
    if (names.size === 0) return false;
    const operations = [
      {
        op: 'replace',
        path: '/metadata/managedFields',
        value: upgradedManagedFields(current.metadata.managedFields ?? [], names, fieldManager),
      },
      { op: 'replace', path: '/metadata/resourceVersion', value: current.metadata.resourceVersion },
    ];
    try {
      await patchObject(call.session, info, 'json', JSON.stringify(operations), { serverDryRun: dryRun === 'server' });
      return true;
    } catch (error) {
      if ((error as { reason?: string }).reason !== 'Conflict' || attempt >= 5) throw error;
      current = await fetchObject(call.session, info);
    }
  }
}
