import { type FieldError, invalid, notSupported, Path } from '@coracle/api/meta/field-path';
import { isObject } from '@coracle/api/meta/object';
import { badRequest, invalidObject } from '@coracle/api/meta/status';
import { objectSchemaOf } from '@coracle/api/schema';
import type { DeleteOptions } from '@coracle/api/types/meta/v1';
import type { RequestContext } from '../chain/link.ts';
import { readBody } from './body.ts';
import { parseBody, typedObject } from './decoding.ts';
import { booleanOf, dryRunErrors, integerOf } from './options.ts';

/** Reads DeleteOptions from the body, or without one from the query; throws BadRequest and Invalid. */
export async function deleteOptionsOf(context: RequestContext): Promise<DeleteOptions> {
  const bytes = await readBody(context.req);
  const options = bytes.length > 0 ? decode(bytes, context.req.headers['content-type']) : fromQuery(context.query);
  const errors = validate(options);
  if (errors.length > 0) throw invalidObject({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors);
  return options;
}

const expected = { kind: 'DeleteOptions', apiVersion: 'v1', type: 'meta/v1.DeleteOptions' };

function decode(bytes: Buffer, contentType: string | undefined): DeleteOptions {
  const { value } = parseBody(bytes, contentType, expected);
  if (!isObject(value)) throw badRequest('the object provided is unrecognized (must be of type DeleteOptions)');
  if (value.kind !== undefined && value.kind !== 'DeleteOptions') {
    throw badRequest(`decoded object cannot be converted to DeleteOptions: kind is ${JSON.stringify(value.kind)}`);
  }
  return typedObject<DeleteOptions>(value, objectSchemaOf('meta/v1.DeleteOptions'), (problem) =>
    badRequest(`DeleteOptions in version "v1" cannot be handled as a DeleteOptions: ${problem}`),
  ).object;
}

function fromQuery(query: URLSearchParams): DeleteOptions {
  const options: DeleteOptions = {};
  const grace = integerOf(query, 'gracePeriodSeconds');
  if (grace !== undefined) options.gracePeriodSeconds = grace;
  const policy = query.get('propagationPolicy');
  if (policy !== null && policy !== '')
    options.propagationPolicy = policy as NonNullable<DeleteOptions['propagationPolicy']>;
  if (query.has('orphanDependents')) options.orphanDependents = booleanOf(query, 'orphanDependents');
  const dryRun = query.getAll('dryRun').filter((each) => each !== '');
  if (dryRun.length > 0) options.dryRun = dryRun;
  return options;
}

function validate(options: DeleteOptions): FieldError[] {
  const at = new Path();
  const errors: FieldError[] = [];
  const { propagationPolicy: policy, orphanDependents } = options;
  if (orphanDependents !== undefined && policy !== undefined) {
    errors.push(
      invalid(at.child('propagationPolicy'), policy, 'orphanDependents and deletionPropagation cannot be both set'),
    );
  }
  if (policy !== undefined && !['Foreground', 'Background', 'Orphan'].includes(policy)) {
    errors.push(notSupported(at.child('propagationPolicy'), policy, ['Background', 'Foreground', 'Orphan', 'nil']));
  }
  errors.push(...dryRunErrors(options.dryRun ?? [], at));
  return errors;
}
