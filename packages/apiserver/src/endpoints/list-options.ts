import type { AnyKind } from '@coracle/api/kind';
import { append } from '@coracle/api/meta/append';
import { type FieldError, forbidden, invalid, notSupported, Path } from '@coracle/api/meta/field-path';
import { type FieldSelector, parseFieldSelector } from '@coracle/api/meta/field-selector';
import { parseSelector, type Selector } from '@coracle/api/meta/labels';
import { messageOf } from '@coracle/api/meta/message-of';
import { badRequest, invalidObject } from '@coracle/api/meta/status';
import { Filter } from '../storage/filter.ts';
import { booleanOf, integerOf } from './options.ts';

/** A list's or watch's query, checked. */
export interface ListOptions {
  filter: Filter;
  /** As given; empty: not given. */
  resourceVersion: string;
  /** The same as a number, as `revisionOf` has it; undefined: not given. */
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
  // A watch that begins with what there is says where that ends, unless it came by one of the old paths.
  const { resourceVersion: from, resourceVersionMatch: match } = options;
  if (watch && booleanOf(query, 'watch') && (from === '' || from === '0')) {
    if (options.sendInitialEvents === undefined && match === '') {
      options.sendInitialEvents = true;
      options.resourceVersionMatch = 'NotOlderThan';
    }
  }
  const errors = watch ? watchErrors(options) : listErrors(options);
  if (errors.length > 0) throw invalidObject({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
  options.revision = revisionOf(options.resourceVersion);
  return options;
}

const largest = 2n ** 64n;

/**
 * A resourceVersion as a number, near it where it is beyond 2^53: no store comes to that. Throws BadRequest when it is none, or of more than 64 bits.
 */
export function revisionOf(resourceVersion: string): number | undefined {
  if (resourceVersion === '') return undefined;
  const isNumber = /^\d+$/.test(resourceVersion);
  if (isNumber && BigInt(resourceVersion) < largest) return Number(resourceVersion);
  const problem = invalid(
    new Path('resourceVersion'),
    resourceVersion,
    `strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: ${isNumber ? 'value out of range' : 'invalid syntax'}`,
  );
  throw badRequest(`invalid resource version: ${problem.field}: ${problem.message}`);
}

function labelSelectorOf(query: URLSearchParams): Selector | undefined {
  const text = query.get('labelSelector');
  if (!text) return undefined;
  try {
    return parseSelector(text);
  } catch (error) {
    throw badRequest(messageOf(error));
  }
}

function fieldSelectorOf(query: URLSearchParams, kind: AnyKind, name: string): FieldSelector | undefined {
  const text = query.get('fieldSelector') || (name === '' ? '' : `metadata.name=${name}`);
  if (text === '') return undefined;
  let selector: FieldSelector;
  try {
    selector = parseFieldSelector(text);
  } catch (error) {
    throw badRequest(messageOf(error));
  }
  for (const { field } of selector.requirements) {
    if (isSelectable(kind, field)) continue;
    throw badRequest(unselectable(kind, field));
  }
  if (name !== '' && !requiresName(selector, name)) {
    throw badRequest("fieldSelector metadata.name doesn't match requested name");
  }
  return selector;
}

/** What is said of a field that cannot be selected: kinds say so in different words. */
function unselectable({ selectableFields, unselectable, dynamic }: AnyKind, field: string): string {
  if (unselectable) return unselectable(field);
  if (selectableFields || dynamic) return `field label not supported: ${field}`;
  return `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
}

/** Kinds that tell what can be selected offer a namespace where they have one only; the others offer it whether they have or not. */
function isSelectable({ selectableFields, dynamic, namespaced }: AnyKind, field: string): boolean {
  if (field === 'metadata.name') return true;
  if (field === 'metadata.namespace') return namespaced || !(selectableFields || dynamic);
  return selectableFields !== undefined && Object.hasOwn(selectableFields, field);
}

/** Whether a selector asks for one name: beside a name in the path it may ask for more, but not for another object. */
function requiresName({ requirements }: FieldSelector, name: string): boolean {
  return requirements.some((each) => each.field === 'metadata.name' && each.operator === '=' && each.value === name);
}

const matchAt = new Path('resourceVersionMatch');

function listErrors(options: ListOptions): FieldError[] {
  const { resourceVersionMatch: match, resourceVersion } = options;
  const errors: FieldError[] = [];
  if (match !== '') {
    if (resourceVersion === '') {
      errors.push(forbidden(matchAt, 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
    }
    append(errors, continueErrors(options));
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      errors.push(notSupported(matchAt, match, ['Exact', 'NotOlderThan', '']));
    }
    if (match === 'Exact' && resourceVersion === '0') {
      errors.push(forbidden(matchAt, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  if (options.sendInitialEvents !== undefined) {
    errors.push(forbidden(new Path('sendInitialEvents'), 'sendInitialEvents is forbidden for list'));
  }
  return errors;
}

/** The rules of streaming lists (KEP-3157), all that are broken. */
function watchErrors(options: ListOptions): FieldError[] {
  const { resourceVersionMatch: match, sendInitialEvents } = options;
  const errors: FieldError[] = [];
  if (sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    errors.push(forbidden(matchAt, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
  }
  if (match === '') return errors;
  if (sendInitialEvents === undefined) {
    errors.push(forbidden(matchAt, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'));
  }
  if (match !== 'NotOlderThan') errors.push(notSupported(matchAt, match, ['NotOlderThan']));
  return [...errors, ...continueErrors(options)];
}

function continueErrors(options: ListOptions): FieldError[] {
  if (options.continue === '') return [];
  return [forbidden(matchAt, 'resourceVersionMatch is forbidden when continue is provided')];
}
