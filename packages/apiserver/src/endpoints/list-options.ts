import type { AnyKind } from '@coracle/api/kind';
import { type FieldError, forbidden, invalid, notSupported, Path } from '@coracle/api/meta/field-path';
import { type FieldSelector, parseFieldSelector } from '@coracle/api/meta/field-selector';
import { parseSelector, type Selector } from '@coracle/api/meta/labels';
import { badRequest, invalidObject } from '@coracle/api/meta/status';
import { Filter } from '../storage/filter.ts';
import { booleanOf, integerOf } from './options.ts';

/** A list's or watch's query, checked. */
export interface ListOptions {
  filter: Filter;
  /** As given; empty: not given. */
  resourceVersion: string;
  /** The same as a number; undefined: not given. */
  revision: number | undefined;
  resourceVersionMatch: '' | 'Exact' | 'NotOlderThan';
  limit: number;
  continue: string;
  allowWatchBookmarks: boolean;
  sendInitialEvents: boolean | undefined;
  timeoutSeconds: number | undefined;
}

/** Reads and checks ListOptions; throws BadRequest and Invalid as upstream does. `name`: the one object a path names. */
export function listOptionsOf(
  query: URLSearchParams,
  kind: AnyKind,
  namespace: string,
  watch: boolean,
  name = '',
): ListOptions {
  const fields = fieldSelectorOf(query, kind, name);
  const options: ListOptions = {
    filter: new Filter(kind, namespace, labelSelectorOf(query), fields),
    resourceVersion: query.get('resourceVersion') ?? '',
    revision: undefined,
    resourceVersionMatch: (query.get('resourceVersionMatch') ?? '') as ListOptions['resourceVersionMatch'],
    limit: integerOf(query, 'limit') ?? 0,
    continue: query.get('continue') ?? '',
    allowWatchBookmarks: booleanOf(query, 'allowWatchBookmarks'),
    sendInitialEvents: query.has('sendInitialEvents') ? booleanOf(query, 'sendInitialEvents') : undefined,
    timeoutSeconds: integerOf(query, 'timeoutSeconds'),
  };
  const errors = watch ? watchErrors(options) : listErrors(options);
  if (errors.length > 0) throw invalidObject({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
  options.revision = revisionOf(options.resourceVersion);
  return options;
}

/** A resourceVersion as a number; throws BadRequest when it is none. */
export function revisionOf(resourceVersion: string): number | undefined {
  if (resourceVersion === '') return undefined;
  if (/^\d+$/.test(resourceVersion) && Number.isSafeInteger(Number(resourceVersion))) return Number(resourceVersion);
  const problem = invalid(
    new Path('resourceVersion'),
    resourceVersion,
    `strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: ${/^\d+$/.test(resourceVersion) ? 'value out of range' : 'invalid syntax'}`,
  );
  throw badRequest(`invalid resource version: ${problem.field}: ${problem.message}`);
}

function labelSelectorOf(query: URLSearchParams): Selector | undefined {
  const text = query.get('labelSelector');
  if (!text) return undefined;
  try {
    return parseSelector(text);
  } catch (error) {
    throw badRequest(error instanceof Error ? error.message : String(error));
  }
}

function fieldSelectorOf(query: URLSearchParams, kind: AnyKind, name: string): FieldSelector | undefined {
  const terms = [query.get('fieldSelector') ?? '', name === '' ? '' : `metadata.name=${name}`].filter(
    (each) => each !== '',
  );
  if (terms.length === 0) return undefined;
  let selector: FieldSelector;
  try {
    selector = parseFieldSelector(terms.join(','));
  } catch (error) {
    throw badRequest(error instanceof Error ? error.message : String(error));
  }
  for (const { field } of selector.requirements) {
    if (field === 'metadata.name' || field === 'metadata.namespace') continue;
    if (kind.selectableFields && Object.hasOwn(kind.selectableFields, field)) continue;
    throw badRequest(
      kind.selectableFields
        ? `field label not supported: ${field}`
        : `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
    );
  }
  return selector;
}

const matchAt = new Path('resourceVersionMatch');

function listErrors(options: ListOptions): FieldError[] {
  const { resourceVersionMatch: match, resourceVersion } = options;
  const errors: FieldError[] = [];
  if (options.sendInitialEvents !== undefined) {
    errors.push(forbidden(new Path('sendInitialEvents'), 'sendInitialEvents is forbidden for list'));
  }
  if (match === '') return errors;
  if (resourceVersion === '') {
    errors.push(forbidden(matchAt, 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
  }
  if (options.continue !== '') {
    errors.push(forbidden(matchAt, 'resourceVersionMatch is forbidden when continue is provided'));
  }
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    errors.push(notSupported(matchAt, match, ['Exact', 'NotOlderThan', '']));
  }
  if (match === 'Exact' && resourceVersion === '0') {
    errors.push(forbidden(matchAt, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
  }
  return errors;
}

function watchErrors(options: ListOptions): FieldError[] {
  const { resourceVersionMatch: match, sendInitialEvents } = options;
  if (match !== '' && sendInitialEvents === undefined) {
    return [forbidden(matchAt, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided')];
  }
  if (match === '' && sendInitialEvents !== undefined) {
    return [forbidden(matchAt, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan')];
  }
  if (match !== '' && match !== 'NotOlderThan') return [notSupported(matchAt, match, ['NotOlderThan'])];
  return [];
}
