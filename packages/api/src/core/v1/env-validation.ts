import type {
  EnvFromSource,
  EnvVar,
  FileKeySelector,
  ObjectFieldSelector,
  ResourceFieldSelector,
} from '../../generated/core/v1.ts';
import { append } from '../../meta/append.ts';
import {
  type FieldError,
  invalid,
  malformed,
  notSupported,
  type Path,
  required,
  tooLong,
} from '../../meta/field-path.ts';
import { isConfigMapKey, isDns1123Subdomain, isEnvVarName, isQualifiedName } from '../../meta/names.ts';
import { Quantity } from '../../meta/quantity.ts';
import { validateRelativePath } from './volume-source-validation.ts';

const envFields = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
const volumeFields = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'];
/** What the API has names for, though neither environment nor volumes offer it. */
const otherFields = ['spec.restartPolicy', 'spec.schedulerName', 'status.phase'];
const containerResources = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];

const noSource =
  'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
const maxFileKeyBytes = 128;

/** Errors of a container's environment variables. */
export function validateEnv(env: readonly EnvVar[] | undefined, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, variable] of (env ?? []).entries()) {
    const path = at.index(i);
    if (!variable.name) errors.push(required(path.child('name')));
    else
      for (const message of isEnvVarName(variable.name))
        errors.push(invalid(path.child('name'), variable.name, message));
    append(errors, validateValueFrom(variable, path.child('valueFrom')));
  }
  return errors;
}

function validateValueFrom({ value, valueFrom: from }: EnvVar, at: Path): FieldError[] {
  if (!from) return [];
  const errors: FieldError[] = [];
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = from;
  if (fieldRef) append(errors, validateFieldRef(fieldRef, 'env', at.child('fieldRef')));
  if (resourceFieldRef) append(errors, validateResourceFieldRef(resourceFieldRef, false, at.child('resourceFieldRef')));
  if (configMapKeyRef) append(errors, validateKeyRef(configMapKeyRef, at.child('configMapKeyRef')));
  if (secretKeyRef) append(errors, validateKeyRef(secretKeyRef, at.child('secretKeyRef')));
  if (fileKeyRef) append(errors, validateFileKeyRef(fileKeyRef, at.child('fileKeyRef')));
  const count = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef].filter(Boolean).length;
  if (count === 0) errors.push(invalid(at, '', noSource));
  else if (value) errors.push(invalid(at, '', 'may not be specified when `value` is not empty'));
  else if (count > 1) errors.push(invalid(at, '', 'may not have more than one field specified at a time'));
  return errors;
}

function validateKeyRef({ name, key }: { name?: string; key?: string }, at: Path): FieldError[] {
  const errors = name ? [] : [required(at.child('name'))];
  return [...errors, ...(key ? malformed(at.child('key'), key, isConfigMapKey) : [required(at.child('key'))])];
}

/** Errors of a reference to a variable in a file of a volume (KEP-3721). */
function validateFileKeyRef({ volumeName, path, key }: FileKeySelector, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (!key) errors.push(required(at.child('key')));
  else {
    append(errors, malformed(at.child('key'), key, isEnvVarName));
    if (Buffer.byteLength(key) > maxFileKeyBytes) errors.push(tooLong(at.child('key'), maxFileKeyBytes));
  }
  if (!volumeName) errors.push(required(at.child('volumeName')));
  if (!path) errors.push(required(at.child('path')));
  else append(errors, validateRelativePath(path, at.child('path')));
  return errors;
}

/** Errors of a whole-map source of variables. */
export function validateEnvFrom(sources: readonly EnvFromSource[] | undefined, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, source] of (sources ?? []).entries()) {
    const path = at.index(i);
    if (source.prefix)
      for (const message of isEnvVarName(source.prefix))
        errors.push(invalid(path.child('prefix'), source.prefix, message));
    const named = (['configMapRef', 'secretRef'] as const).filter((type) => source[type]);
    if (named.length === 0) errors.push(invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'));
    if (named.length > 1) errors.push(invalid(path, '', 'may not have more than one field specified at a time'));
    for (const type of named) {
      const name = source[type]?.name;
      if (!name) errors.push(required(path.child(type).child('name')));
      else
        for (const message of isDns1123Subdomain(name))
          errors.push(invalid(path.child(type).child('name'), name, message));
    }
  }
  return errors;
}

/** Errors of a reference to a field of the pod; what may be named differs between environment and volumes. */
export function validateFieldRef(
  reference: Partial<ObjectFieldSelector>,
  use: 'env' | 'volume',
  at: Path,
): FieldError[] {
  const { apiVersion, fieldPath } = reference;
  if (!apiVersion) return [required(at.child('apiVersion'))];
  if (!fieldPath) return [required(at.child('fieldPath'))];
  const path = at.child('fieldPath');
  const unknown = (why: string) => [invalid(path, fieldPath, `error converting fieldPath: ${why}`)];
  if (apiVersion !== 'v1') return unknown(`unsupported pod version: ${apiVersion}`);
  const subscript = /^(.+)\['(.*)'\]$/.exec(fieldPath);
  if (subscript) {
    const [, map, key = ''] = subscript;
    if (map !== 'metadata.annotations' && map !== 'metadata.labels')
      return unknown(`field label does not support subscript: ${fieldPath}`);
    return malformed(at, map === 'metadata.annotations' ? key.toLowerCase() : key, isQualifiedName);
  }
  const allowed = use === 'env' ? envFields : volumeFields;
  // The name of spec.nodeName in manifests of old.
  const field = fieldPath === 'spec.host' ? 'spec.nodeName' : fieldPath;
  if (allowed.includes(field)) return [];
  if (![envFields, volumeFields, otherFields].some((list) => list.includes(field)))
    return unknown(`field label not supported: ${fieldPath}`);
  return [notSupported(path, field, allowed)];
}

/** Errors of a reference to a container's requests or limits; in volumes the container must be named. */
export function validateResourceFieldRef(
  reference: Partial<ResourceFieldSelector>,
  volume: boolean,
  at: Path,
): FieldError[] {
  if (volume && !reference.containerName) return [required(at.child('containerName'))];
  if (!reference.resource) return [required(at.child('resource'))];
  const known =
    containerResources.includes(reference.resource) || /^(limits|requests)\.hugepages-/.test(reference.resource);
  if (!known) return [notSupported(at.child('resource'), reference.resource, containerResources)];
  return validateDivisor(reference.resource, reference.divisor ?? '0', at);
}

const cpuDivisors = ['1m', '1'];
const byteDivisors = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

function validateDivisor(resource: string, divisor: string, at: Path): FieldError[] {
  const amount = Quantity.parse(divisor);
  if (amount.isZero()) return [];
  const what = resource.slice(resource.indexOf('.') + 1);
  const allowed = what === 'cpu' ? cpuDivisors : byteDivisors;
  if (allowed.some((each) => Quantity.parse(each).equals(amount))) return [];
  const name = what.replace(/^hugepages-.*/, 'hugepages').replace('ephemeral-storage', 'local ephemeral storage');
  const shown = what === 'cpu' ? '1m and 1' : allowed.join(', ');
  const detail = `only divisor's values ${shown} are supported with the ${name} resource`;
  // It is the resource that is shown.
  return [invalid(at.child('divisor'), resource, detail)];
}
