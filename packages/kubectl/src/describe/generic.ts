import { goText } from '@coracle/api/codec/go-text';
import type { AnyObject } from '../resources/resource.ts';
import { Description } from './description.ts';

const skipped = new Set([
  '.metadata.managedFields',
  '.metadata.name',
  '.metadata.namespace',
  '.metadata.labels',
  '.metadata.annotations',
]);

/** The description of a kind that has none of its own: its fields, with titles made of their names. */
export function describeGeneric(object: AnyObject): Description {
  const out = new Description();
  const { metadata } = object;
  out.line(0, `Name:\t${metadata.name}`);
  out.line(0, `Namespace:\t${metadata.namespace ?? ''}`);
  out.labels('Labels', metadata.labels);
  out.annotations('Annotations', metadata.annotations);
  describeFields(out, object, 0, '');
  return out;
}

function describeFields(
  out: Description,
  fields: Readonly<Record<string, unknown>>,
  level: number,
  path: string,
): void {
  for (const field of Object.keys(fields).sort()) {
    const value = fields[field];
    const own = `${path}.${field}`;
    if (skipped.has(own)) continue;
    if (Array.isArray(value)) {
      out.line(level, `${titleOf(field)}:`);
      for (const item of value) {
        if (isMap(item)) describeFields(out, item, level + 1, own);
        else out.line(level + 1, goText(item));
      }
    } else if (isMap(value)) {
      out.line(level, `${titleOf(field)}:`);
      describeFields(out, value, level + 1, own);
    } else out.line(level, `${titleOf(field)}:\t${goText(value)}`);
  }
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const acronyms = new Set(['API', 'URL', 'UID', 'OSB', 'GUID']);

/** `creationTimestamp` as `Creation Timestamp`. */
export function titleOf(field: string): string {
  if (!/^[\p{L}-]*$/u.test(field)) return field;
  const parts = field.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|-|[^A-Za-z-]+/g) ?? [field];
  return parts
    .filter((part) => part !== '-' && part !== '_')
    .map((part) => (acronyms.has(part.toUpperCase()) ? part.toUpperCase() : part[0]!.toUpperCase() + part.slice(1)))
    .join(' ');
}
