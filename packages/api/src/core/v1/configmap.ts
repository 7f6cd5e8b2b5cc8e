import { age, countAsText } from '../../columns.ts';
import type { ConfigMap } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { type FieldError, forbidden, invalid, type Path, tooLong } from '../../meta/field-path.ts';
import { isConfigMapKey } from '../../meta/names.ts';
import { deepEqual } from '../../meta/object.ts';

const maxTotalBytes = 1024 * 1024;

/** Settings for programs: text and binary values by key. */
export const configMap = defineKind<ConfigMap>('core/v1', {
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
  namespaced: true,
  allowCreateOnUpdate: false,
  validate(it, at) {
    const errors: FieldError[] = [];
    let total = 0;
    const { data = {}, binaryData = {} } = it;
    for (const key in data) {
      for (const message of isConfigMapKey(key)) errors.push(invalid(at.child('data').key(key), key, message));
      if (Object.hasOwn(binaryData, key))
        errors.push(invalid(at.child('data').key(key), key, 'duplicate of key present in binaryData'));
      total += Buffer.byteLength(data[key]!);
    }
    for (const key in binaryData) {
      for (const message of isConfigMapKey(key)) errors.push(invalid(at.child('binaryData').key(key), key, message));
      if (Object.hasOwn(data, key))
        errors.push(invalid(at.child('binaryData').key(key), key, 'duplicate of key present in data'));
      total += Buffer.byteLength(binaryData[key]!, 'base64');
    }
    if (total > maxTotalBytes) errors.push(tooLong(at, maxTotalBytes));
    return errors;
  },
  validateUpdate: (it, old, at) => immutableData(it, old, at, ['data', 'binaryData']),
  columns: [
    countAsText(
      'Data',
      (it) => Object.keys(it.data ?? {}).length + Object.keys(it.binaryData ?? {}).length,
      'Number of keys.',
    ),
    age,
  ],
});

/** Errors of changing what `immutable: true` froze: the flag itself and each of the named fields. */
export function immutableData<T extends { immutable?: boolean }>(
  it: T,
  old: T,
  at: Path,
  fields: (keyof T & string)[],
): FieldError[] {
  if (!old.immutable) return [];
  const frozen = 'field is immutable when `immutable` is set';
  const errors: FieldError[] = [];
  if (!it.immutable) errors.push(forbidden(at.child('immutable'), frozen));
  for (const field of fields)
    if (!deepEqual(it[field] ?? {}, old[field] ?? {})) errors.push(forbidden(at.child(field), frozen));
  return errors;
}
