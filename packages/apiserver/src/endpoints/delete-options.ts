import { badRequest } from '@coracle/api/meta/status';
import type { DeleteOptions } from '@coracle/api/types/meta/v1';
import type { RequestContext } from '../chain/link.ts';
import { checkDeleteOptions } from '../registry/options-validation.ts';
import { readBody } from './body.ts';
import { objectWithKind, parseBody, typedObject } from './decoding.ts';
import { booleanOf, integerOf } from './options.ts';

/** Reads DeleteOptions from the body, or without one from the query; throws BadRequest and Invalid. */
export async function deleteOptionsOf(context: RequestContext): Promise<DeleteOptions> {
  const bytes = await readBody(context);
  const options = bytes.length > 0 ? decode(bytes, context.req.headers['content-type']) : fromQuery(context.query);
  if (bytes.length > 0) context.audit?.request({ ...options, apiVersion: 'meta.k8s.io/__internal' });
  checkDeleteOptions(options);
  return options;
}

const expected = { kind: 'DeleteOptions', apiVersion: 'v1', type: 'meta/v1.DeleteOptions' };

function decode(bytes: Buffer, contentType: string | undefined): DeleteOptions {
  const { value } = parseBody(bytes, contentType, expected, badRequest);
  const options = objectWithKind(value ?? {}, expected, badRequest, () => bytes.toString());
  // DeleteOptions are of all groups and versions.
  if (options.kind !== expected.kind) {
    throw badRequest(
      `no kind "${options.kind}" is registered for version "${options.apiVersion}" in scheme "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27"`,
    );
  }
  return typedObject<DeleteOptions>(options, expected, badRequest).object;
}

function fromQuery(query: URLSearchParams): DeleteOptions {
  const options: DeleteOptions = {};
  const grace = integerOf(query, 'gracePeriodSeconds');
  if (grace !== undefined) options.gracePeriodSeconds = grace;
  const policy = query.get('propagationPolicy');
  if (policy !== null) options.propagationPolicy = policy as NonNullable<DeleteOptions['propagationPolicy']>;
  if (query.has('orphanDependents')) options.orphanDependents = booleanOf(query, 'orphanDependents');
  const dryRun = query.getAll('dryRun');
  if (dryRun.length > 0) options.dryRun = dryRun;
  const uid = query.get('uid');
  const resourceVersion = query.get('resourceVersion');
  if (uid || resourceVersion) {
    options.preconditions = { ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) };
  }
  return options;
}
