import { DecodeError, goValueMismatch } from '../../codec/decode-error.ts';
import { decodeJson, JsonError } from '../../codec/json.ts';
import { age, countAsText, text } from '../../columns.ts';
import type { Secret } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, invalid, type Path, required, tooLong } from '../../meta/field-path.ts';
import { isConfigMapKey } from '../../meta/names.ts';
import { isObject, setOwn } from '../../meta/object.ts';
import { immutableData } from './configmap.ts';
import { keyPairProblem } from './key-pair.ts';

const maxTotalBytes = 1024 * 1024;
const needs: Record<string, readonly string[]> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};

/** Sensitive values by key, base64 in JSON. */
export const secret = defineKind<Secret>('core/v1', {
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
  defaults(it) {
    it.type ||= 'Opaque';
    // stringData is write-only: it lands in data, and wins over it.
    if (it.stringData) {
      const { data, stringData } = it;
      it.data = { ...data };
      for (const key in stringData) setOwn(it.data, key, Buffer.from(stringData[key]!).toString('base64'));
      delete it.stringData;
    }
  },
  validate(it, at) {
    const errors: FieldError[] = [];
    const data = it.data ?? {};
    let total = 0;
    for (const key in data) {
      for (const message of isConfigMapKey(key)) errors.push(invalid(at.child('data').key(key), key, message));
      total += Buffer.byteLength(data[key] ?? '', 'base64');
    }
    if (total > maxTotalBytes) errors.push(tooLong(at.child('data'), maxTotalBytes));
    for (const key of needs[it.type ?? ''] ?? []) {
      const path = at.child('data').key(key);
      if (!Object.hasOwn(data, key) || (key === 'ssh-privatekey' && data[key] === '')) errors.push(required(path));
      else if (key.startsWith('.docker')) append(errors, validateObject(data[key]!, path));
    }
    if (it.type === 'kubernetes.io/basic-auth' && !('username' in data) && !('password' in data)) {
      errors.push(required(at.child('data[username]')), required(at.child('data[password]')));
    }
    if (
      it.type === 'kubernetes.io/service-account-token' &&
      !it.metadata.annotations?.['kubernetes.io/service-account.name']
    ) {
      errors.push(required(at.child('metadata.annotations').key('kubernetes.io/service-account.name')));
    }
    return errors;
  },
  validateUpdate: (it, old, at) => [
    ...(it.type === old.type ? [] : [invalid(at.child('type'), it.type, 'field is immutable')]),
    ...immutableData(it, old, at, ['data']),
  ],
  warnings({ type, data = {} }) {
    if (type !== 'kubernetes.io/tls') return [];
    const textOf = (key: string) => Buffer.from(data[key] ?? '', 'base64').toString('latin1');
    const problem = keyPairProblem(textOf('tls.crt'), textOf('tls.key'));
    return problem === undefined ? [] : [problem];
  },
  columns: [
    text('Type', (it) => it.type, 'What the secret is for.'),
    countAsText('Data', (it) => Object.keys(it.data ?? {}).length, 'Number of keys.'),
    age,
  ],
  selectableFields: { type: (it) => it.type ?? '' },
});

/** The error of a value (base64) that is not the JSON of an object; the value itself is nobody's to see. */
function validateObject(base64: string, at: Path): FieldError[] {
  try {
    const { value } = decodeJson(Buffer.from(base64, 'base64'));
    if (value === null || isObject(value)) return [];
    throw goValueMismatch(kindOf(value), 'map[string]interface {}');
  } catch (error) {
    if (error instanceof JsonError || error instanceof DecodeError)
      return [invalid(at, '<secret contents redacted>', error.message)];
    throw error;
  }
}

/** A kind of JSON value as Go's decoder calls it. */
const kindOf = (value: unknown) =>
  Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
