import { embeddedErrors, embeddedMisfit } from '../../custom-resource/metadata.ts';
import type { JSONSchemaProps } from '../../generated/apiextensions/v1.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, invalid, type Path } from '../../meta/field-path.ts';
import { clone, deepEqual, inKeyOrder, isObject } from '../../meta/object.ts';
import { isTypeOrMeta, type StructuralNode } from '../../structural/node.ts';
import { prune } from '../../structural/prune.ts';
import { schemaValidator } from '../../structural/validate.ts';

/** Errors of a schema's defaults: each must have the form of its place and be valid there. Those of metadata are forbidden elsewhere. */
export function validateDefaults(node: StructuralNode, at: Path, isRoot = true): FieldError[] {
  if (!node.hasDefaults) return [];
  const errors: FieldError[] = [];
  if (node.default !== undefined) append(errors, defaultErrors(node, isRoot, at.child('default')));
  if (node.items) append(errors, validateDefaults(node.items, at.child('items'), false));
  for (const [name, property] of node.properties ?? []) {
    if ((isRoot || node.embedded) && isTypeOrMeta(name)) continue;
    append(errors, validateDefaults(property, at.child('properties').key(name), false));
  }
  return errors;
}

function defaultErrors(node: StructuralNode, isRoot: boolean, at: Path): FieldError[] {
  const pruned = clone(node.default);
  prune(pruned, node, isRoot || node.embedded);
  const errors: FieldError[] = [];
  if (!deepEqual(pruned, node.default)) {
    errors.push(invalid(at, inKeyOrder(node.default), 'must not have unknown fields'));
  }
  const isResource = isRoot || node.embedded;
  const misfit = embeddedMisfit(node.default, node, at, isResource);
  if (misfit) return [...errors, misfit];
  const embedded = embeddedErrors(node.default, node, at, isResource);
  if (embedded.length > 0) return [...errors, ...embedded];
  try {
    append(errors, schemaValidator(withoutIntOrString(node.props)).validate(node.default, at.toString()));
  } catch {
    // A pattern that is none, which is named where it stands.
  }
  return errors;
}

const loosened = new WeakMap<object, JSONSchemaProps>();

/** The schema as defaults are held against it: what is an integer or a text may be anything there, but for what else is said of it. */
function withoutIntOrString(props: JSONSchemaProps): JSONSchemaProps {
  const known = loosened.get(props);
  if (known) return known;
  const { 'x-kubernetes-int-or-string': _, properties, items, additionalProperties, ...rest } = props;
  const inner = <T>(each: T) => (isObject(each) ? withoutIntOrString(each as JSONSchemaProps) : each) as T;
  const made: JSONSchemaProps = {
    ...rest,
    ...(properties
      ? { properties: Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, inner(each)])) }
      : {}),
    ...(items === undefined ? {} : { items: inner(items) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: inner(additionalProperties) }),
  };
  loosened.set(props, made);
  return made;
}
