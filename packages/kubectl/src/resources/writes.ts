import { messageOf } from '@coracle/api/meta/message-of';
import { StatusError } from '@coracle/api/meta/status';
import type { Status } from '@coracle/api/types/meta/v1';
import { CommandFailure } from '../cli/failure.ts';
import type { FieldValidation } from '../manifests/validation.ts';
import type { Session } from '../session.ts';
import { type AnyObject, pathOf } from './resource.ts';
import type { Info } from './selection.ts';

export interface WriteOptions {
  readonly serverDryRun?: boolean;
  readonly fieldManager?: string;
  readonly validation?: FieldValidation;
  readonly subresource?: string;
}

const queryOf = ({ serverDryRun, fieldManager, validation }: WriteOptions): Record<string, string | undefined> => ({
  dryRun: serverDryRun ? 'All' : undefined,
  fieldManager,
  fieldValidation: validation,
});

export function createObject(
  session: Session,
  info: Info,
  object: AnyObject,
  options: WriteOptions = {},
): Promise<AnyObject> {
  return session.rest.json<AnyObject>('POST', pathOf(info.resource, info.namespace), {
    query: queryOf(options),
    body: object,
  });
}

export function updateObject(
  session: Session,
  info: Info,
  object: AnyObject,
  options: WriteOptions = {},
): Promise<AnyObject> {
  return session.rest.json<AnyObject>('PUT', pathOf(info.resource, info.namespace, info.name, options.subresource), {
    query: queryOf(options),
    body: object,
  });
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

const patchTypes: Record<PatchType, string> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** Sends a patch; `body` is an object or its JSON text. */
export function patchObject(
  session: Session,
  info: Info,
  type: PatchType,
  body: unknown,
  options: WriteOptions & { readonly force?: boolean } = {},
): Promise<AnyObject> {
  return session.rest.json<AnyObject>('PATCH', pathOf(info.resource, info.namespace, info.name, options.subresource), {
    query: { ...queryOf(options), force: options.force },
    body,
    contentType: patchTypes[type],
  });
}

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: string;
  readonly serverDryRun?: boolean;
}

/** Deletes an object; answers the object where it stays for a while, else a Status. */
export function deleteObject(session: Session, info: Info, options: DeleteOptions): Promise<AnyObject | Status> {
  const { gracePeriodSeconds, propagationPolicy, serverDryRun } = options;
  return session.rest.json('DELETE', pathOf(info.resource, info.namespace, info.name), {
    body: {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      gracePeriodSeconds,
      propagationPolicy,
      ...(serverDryRun ? { dryRun: ['All'] } : {}),
    },
  });
}

/** An error with the file and what was being done to it: `error when creating "f.yaml": …`. */
export function inSource(error: unknown, verb: string, source: string): unknown {
  if (source === '') return error;
  const where = `error when ${verb} ${JSON.stringify(source)}`;
  if (error instanceof StatusError)
    return new StatusError({ ...error.status, message: `${where}: ${error.status.message ?? ''}` });
  if (error instanceof Error && !(error instanceof TypeError))
    return new CommandFailure(`${where}: ${messageOf(error)}`);
  return error;
}
