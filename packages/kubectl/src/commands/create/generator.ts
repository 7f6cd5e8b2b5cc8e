import { StatusError } from '@coracle/api/meta/status';
import type { Call } from '../../cli/command.ts';
import { CommandFailure, UsageFailure } from '../../cli/failure.ts';
import type { Flag } from '../../cli/flags.ts';
import { boolFlag } from '../../cli/flags.ts';
import { withOwnManifest } from '../../manifests/last-applied.ts';
import { fieldValidation, validateFlag } from '../../manifests/validation.ts';
import { outputFlags } from '../../print/printer.ts';
import type { AnyObject } from '../../resources/resource.ts';
import { createObject } from '../../resources/writes.ts';
import { outcome } from '../outcome.ts';
import { dryRunFlag, dryRunOf, fieldManagerFlag } from '../shared-flags.ts';

/** The flags of every `create TYPE`. */
export const generatorFlags: readonly Flag[] = [
  ...outputFlags,
  dryRunFlag,
  fieldManagerFlag('kubectl-create'),
  boolFlag('save-config', false, 'Keep the manifest in the annotation that apply uses'),
  validateFlag,
];

/** The one NAME argument of a generator. */
export function nameArgument({ args, path, dash }: Call, required = 'exactly one NAME is required'): string {
  const names = dash < 0 ? args : args.slice(0, dash);
  if (names.length !== 1) throw new UsageFailure(path, `${required}, got ${names.length}`);
  return names[0]!;
}

/** The namespace for a generated object's manifest: set only where --namespace says so. */
export function manifestNamespace({ session }: Call): { namespace?: string } {
  const { namespace, explicit } = session.namespace();
  return explicit ? { namespace } : {};
}

/** Where a generated object goes; `failure` begins the error of a creation that failed, for the kinds upstream has one for. */
export interface Where {
  readonly group: string;
  readonly namespaced: boolean;
  readonly failure?: string;
}

/**
 * Creates a generated object, or shows it with --dry-run=client. `manifest` has the fields in their types' order, so that json
 * shows them as upstream's kubectl does.
 */
export async function createGenerated(call: Call, manifest: AnyObject, where: Where): Promise<void> {
  const { flags, session } = call;
  const dryRun = dryRunOf(flags);
  const validation = fieldValidation(flags);
  const told = await outcome(call, dryRun, { keepOrder: true });
  const shape = { kind: manifest.kind, group: where.group };
  const object = flags.bool('save-config') ? withOwnManifest(manifest) : manifest;
  if (dryRun === 'client') {
    told.tell(shape, object, 'created');
    return;
  }
  const resource = (await session.mapper()).forKind(manifest.apiVersion, manifest.kind);
  const { namespace } = session.namespace();
  const info = { resource, namespace: where.namespaced ? namespace : '', name: object.metadata.name ?? '', source: '' };
  const created = await createObject(session, info, object, {
    serverDryRun: dryRun === 'server',
    fieldManager: flags.string('field-manager'),
    validation,
  }).catch((error: unknown) => {
    throw where.failure && error instanceof StatusError
      ? new CommandFailure(`${where.failure} ${error.message}`)
      : error;
  });
  told.tell(shape, created, 'created');
}
