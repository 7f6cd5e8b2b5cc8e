import { DecodeError } from '../codec/decode-error.ts';
import { decodeObject } from '../codec/strict.ts';
import type { ObjectMeta } from '../generated/meta/v1.ts';
import type { KubeObject } from '../kind.ts';
import { append } from '../meta/append.ts';
import { type FieldError, invalid, Path, required } from '../meta/field-path.ts';
import { isDns1035Label, isPathSegmentName, isQualifiedName } from '../meta/names.ts';
import { clone, inKeyOrder, isObject } from '../meta/object.ts';
import { validateMetadata } from '../meta/validate-metadata.ts';
import { objectSchemaOf } from '../schema.ts';
import { memberOf, type StructuralNode } from '../structural/node.ts';

type Json = Record<string, unknown>;

/**
 * Gives the metadata of an object, and of resources embedded in it, the form of ObjectMeta, in place; fields it does not have are added to
 * `unknown`. Throws a DecodeError where the metadata, apiVersion or kind of the object do not fit.
 */
export function typedMetadata(object: Json, node: StructuralNode, unknown: string[]): void {
  if (object['metadata'] !== undefined) object['metadata'] = decoded(object['metadata'], unknown);
  eachEmbedded(object, node, new Path(), (inner, at) => {
    const misfit = typeEmbedded(inner, at, unknown);
    if (misfit) throw new DecodeError(`${misfit.field}: ${misfit.message}`);
  });
}

/** Gives the metadata of an embedded resource its form, in place, and says what does not fit. */
function typeEmbedded(resource: Json, at: Path, unknown: string[]): FieldError | undefined {
  for (const field of ['apiVersion', 'kind']) {
    const value = resource[field];
    if (value !== undefined && typeof value !== 'string') return invalid(at.child(field), value, 'must be a string');
  }
  const { metadata } = resource;
  if (metadata === undefined) return undefined;
  const odd: string[] = [];
  try {
    resource['metadata'] = decoded(metadata, odd);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return invalid(at.child('metadata'), inKeyOrder(metadata), error.message);
  }
  for (const path of odd) unknown.push(`${at}.${path}`);
  return undefined;
}

/** The first resource embedded in a value whose metadata, apiVersion or kind does not fit; with `self` the value is one itself. */
export function embeddedMisfit(
  value: unknown,
  node: StructuralNode,
  from: Path,
  self: boolean,
): FieldError | undefined {
  const copy = clone(value);
  let first: FieldError | undefined;
  const look = (inner: Json, at: Path) => {
    first ??= typeEmbedded(inner, at, []);
  };
  if (self && isObject(copy)) look(copy, from);
  eachEmbedded(copy, node, from, look);
  return first;
}

/** Metadata in its form; metadata that is null is empty. Throws a DecodeError where it does not fit. */
function decoded(metadata: unknown, unknown: string[]): unknown {
  if (metadata === null) return {};
  const result = decodeObject<object>(metadata, objectSchemaOf('meta/v1.ObjectMeta'));
  for (const path of result.unknown) unknown.push(`metadata.${path}`);
  return result.object;
}

/** Finalizers that the machinery knows by a plain name. */
const plainFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

/** What is told to clients that add finalizers which another writer may use too. */
export function finalizerWarnings({ metadata }: KubeObject, old: KubeObject | undefined): string[] {
  const added = new Set(metadata.finalizers ?? []);
  for (const known of old?.metadata.finalizers ?? []) added.delete(known);
  return [...added].sort().flatMap((name) => {
    const problems = isQualifiedName(name);
    if (!name.includes('/') && !plainFinalizers.has(name)) {
      const better = name.includes('.') ? 'finalizer name including a path (/)' : 'finalizer name';
      problems.push(`prefer a domain-qualified ${better} to avoid accidental conflicts with other finalizer writers`);
    }
    return problems.map((problem) => `metadata.finalizers: ${JSON.stringify(name)}: ${problem}`);
  });
}

/** Errors of the resources embedded in an object: what every object has, they have too, but for a name. */
export function embeddedErrors(object: unknown, node: StructuralNode, from = new Path(), self = false): FieldError[] {
  const errors: FieldError[] = [];
  const look = (inner: Json, at: Path) => {
    for (const field of ['apiVersion', 'kind']) {
      const value = inner[field];
      const path = at.child(field);
      if (value === undefined) errors.push(required(path));
      else if (value === '') errors.push(invalid(path, value, 'must not be empty'));
    }
    const { apiVersion, kind, metadata } = inner;
    const problems = typeof kind === 'string' && kind !== '' ? isDns1035Label(kind.toLowerCase()) : [];
    if (problems.length > 0) {
      const problem = `may have mixed case, but should otherwise match: ${problems.join(',')}`;
      errors.push(invalid(at.child('kind'), kind, problem));
    }
    if (typeof apiVersion === 'string' && apiVersion.split('/').length > 2) {
      errors.push(invalid(at.child('apiVersion'), apiVersion, `unexpected GroupVersion string: ${apiVersion}`));
    }
    if (!isObject(metadata)) return;
    const known = metadata as ObjectMeta;
    const form = { name: isPathSegmentName, namespaced: Boolean(known.namespace) };
    append(errors, validateMetadata(form, { ...known, name: known.name || 'any' }, at.child('metadata')));
  };
  if (self && isObject(object)) look(object, from);
  eachEmbedded(object, node, from, look);
  return errors;
}

const embedding = new WeakMap<StructuralNode, boolean>();

/** Whether a schema embeds resources anywhere below; most do not. */
function embeds(node: StructuralNode): boolean {
  let found = embedding.get(node);
  if (found === undefined) {
    const parts = [...(node.properties?.values() ?? []), node.items, node.additional];
    found = parts.some((part) => typeof part === 'object' && (part.embedded || embeds(part)));
    embedding.set(node, found);
  }
  return found;
}

function eachEmbedded(value: unknown, node: StructuralNode, at: Path, visit: (inner: Json, at: Path) => void): void {
  if (!embeds(node) || typeof value !== 'object' || value === null) return;
  const enter = (inner: unknown, member: StructuralNode | true | undefined, path: Path) => {
    if (typeof member !== 'object') return;
    if (member.embedded && isObject(inner)) visit(inner, path);
    eachEmbedded(inner, member, path, visit);
  };
  if (Array.isArray(value)) for (const [i, item] of value.entries()) enter(item, node.items, at.index(i));
  else {
    for (const [name, inner] of Object.entries(value)) {
      enter(inner, memberOf(node, name), node.properties?.has(name) ? at.child(name) : at.key(name));
    }
  }
}
