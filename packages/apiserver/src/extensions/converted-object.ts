import { jsonKind } from '@coracle/api/codec/decode-error';
import { goTypeOf } from '@coracle/api/codec/go-text';
import { encodeJson } from '@coracle/api/codec/json';
import type { KubeObject } from '@coracle/api/kind';
import { Path } from '@coracle/api/meta/field-path';
import { clone, deepEqual, isObject } from '@coracle/api/meta/object';
import { aggregate } from '@coracle/api/meta/status';
import { validateAnnotations } from '@coracle/api/meta/validate-metadata';
import { validateLabels } from '@coracle/api/meta/validate-selector';

type Json = Readonly<Record<string, unknown>>;

/**
 * What a webhook made of an object, if it is the object that was sent, in the version that was asked for; of its metadata only labels and annotations
 * are taken. `of` names the version that was sent. Throws with upstream's text; upstream asks for one object after the other, so all are at index 0.
 */
export function convertedObject(made: unknown, sent: KubeObject, apiVersion: string, of: string): KubeObject {
  const object = objectIn(made);
  const invalid = (what: string, why: string) =>
    new Error(`conversion webhook for ${of} returned invalid ${what}: ${why}`);
  const received = textOf(object, 'apiVersion');
  if (received !== apiVersion) {
    throw invalid('object at index 0', `invalid groupVersion (expected ${apiVersion}, received ${received})`);
  }
  const kind = textOf(object, 'kind');
  if (kind !== sent.kind) throw invalid('object at index 0', `invalid kind (expected ${sent.kind}, received ${kind})`);
  const { metadata } = object;
  const names: Json = isObject(metadata) ? metadata : {};
  for (const [field, name] of [
    ['name', 'name'],
    ['namespace', 'namespace'],
    ['uid', 'UID'],
  ] as const) {
    const [before, now] = [sent.metadata[field] ?? '', textOf(names, field)];
    if (before !== now) throw invalid('object', `must have the same ${name}: ${before} != ${now}`);
  }
  const restored = restoredMetadata(names, sent.metadata, (why) => invalid('metadata', why));
  return { ...object, metadata: restored } as KubeObject;
}

/** What can be asked for its kind. */
function objectIn(made: unknown): Json {
  if (made === null || made === undefined) throw new Error('unexpected end of JSON input');
  if (!isObject(made)) {
    throw new Error(`json: cannot unmarshal ${jsonKind(made)} into Go value of type map[string]interface {}`);
  }
  const tellsKind = textOf(made, 'kind') !== '' && textOf(made, 'apiVersion').split('/').length <= 2;
  if (!tellsKind) throw new Error(`Object 'Kind' is missing in '${encodeJson(made)}'`);
  return made;
}

/** A field's text; what is no text is none. */
function textOf(object: Json, field: string): string {
  const value = object[field];
  return typeof value === 'string' ? value : '';
}

function restoredMetadata(
  answered: Json,
  sent: KubeObject['metadata'],
  fail: (why: string) => Error,
): KubeObject['metadata'] {
  const metadata = clone(sent);
  for (const field of ['labels', 'annotations'] as const) {
    const given = answered[field];
    if (given === undefined || given === null) {
      delete metadata[field];
      continue;
    }
    if (!isObject(given)) throw fail(`invalid metadata.${field} of type ${goTypeOf(given)} in converted object`);
    for (const [key, value] of Object.entries(given)) {
      if (typeof value === 'string') continue;
      throw fail(`metadata.${field}[${key}] must be a string, but is ${goTypeOf(value)} in converted object`);
    }
    const texts = given as Record<string, string>;
    const errors = deepEqual(texts, sent[field] ?? {}) ? [] : errorsOf(field, texts);
    if (errors.length > 0) throw fail(aggregate(errors.map((error) => `${error.field}: ${error.message}`)));
    metadata[field] = texts;
  }
  return metadata;
}

function errorsOf(field: 'labels' | 'annotations', texts: Record<string, string>) {
  // The second path lacks a letter upstream, too.
  return field === 'labels'
    ? validateLabels(texts, new Path('metadata.labels'))
    : validateAnnotations(texts, new Path('metadata.annotation'));
}
