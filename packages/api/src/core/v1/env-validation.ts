import type { EnvFromSource, EnvVar, ObjectFieldSelector, ResourceFieldSelector } from '../../generated/core/v1.ts';
import { type FieldError, forbidden, invalid, notSupported, type Path, required } from '../../meta/field-path.ts';
import { isConfigMapKey, isDns1123Subdomain, isEnvVarName, isQualifiedName } from '../../meta/names.ts';

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
const volumeFields = ['metadata.name', 'metadata.namespace', 'metadata.labels', 'metadata.annotations', 'metadata.uid'];
const containerResources = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];

/** Errors of a container's environment variables. */
export function validateEnv(env: readonly EnvVar[] | undefined, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, variable] of (env ?? []).entries()) {
    const path = at.index(i);
    if (!variable.name) errors.push(required(path.child('name')));
    else
      for (const message of isEnvVarName(variable.name))
        errors.push(invalid(path.child('name'), variable.name, message));
    errors.push(...validateValueFrom(variable, path.child('valueFrom')));
  }
  return errors;
}

function validateValueFrom(variable: EnvVar, at: Path): FieldError[] {
  const from = variable.valueFrom;
  if (!from) return [];
  const errors: FieldError[] = [];
  const sources = Object.entries(from).filter(([, source]) => source);
  if (variable.value) errors.push(invalid(at, '', 'may not be specified when `value` is not empty'));
  if (sources.length === 0)
    errors.push(
      invalid(
        at,
        '',
        'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
      ),
    );
  if (sources.length > 1) errors.push(invalid(at, '', 'may not have more than one field specified at a time'));
  if (from.fieldRef) errors.push(...validateFieldRef(from.fieldRef, 'env', at.child('fieldRef')));
  if (from.resourceFieldRef)
    errors.push(...validateResourceFieldRef(from.resourceFieldRef, false, at.child('resourceFieldRef')));
  for (const type of ['configMapKeyRef', 'secretKeyRef'] as const) {
    const reference = from[type];
    if (!reference) continue;
    if (!reference.name) errors.push(required(at.child(type).child('name')));
    if (!reference.key) errors.push(required(at.child(type).child('key')));
    else
      for (const message of isConfigMapKey(reference.key))
        errors.push(invalid(at.child(type).child('key'), reference.key, message));
  }
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
  if (!reference.apiVersion) return [required(at.child('apiVersion'))];
  if (!reference.fieldPath) return [required(at.child('fieldPath'))];
  const subscript = /^(metadata\.(?:annotations|labels))\['(.+)'\]$/.exec(reference.fieldPath);
  const path = at.child('fieldPath');
  if (subscript) {
    const key = subscript[1] === 'metadata.annotations' ? subscript[2]!.toLowerCase() : subscript[2]!;
    return isQualifiedName(key).map((message) => invalid(path, subscript[2], message));
  }
  const allowed = use === 'env' ? envFields : volumeFields;
  if (allowed.includes(reference.fieldPath)) return [];
  if (![...envFields, ...volumeFields].includes(reference.fieldPath)) {
    return [
      invalid(
        path,
        reference.fieldPath,
        `error converting fieldPath: field label not supported: ${reference.fieldPath}`,
      ),
    ];
  }
  return [notSupported(path, reference.fieldPath, allowed)];
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
  const { divisor } = reference;
  if (divisor === undefined || divisor === '0') return [];
  const allowed = reference.resource.endsWith('.cpu')
    ? ['1m', '1']
    : ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];
  if (allowed.includes(divisor)) return [];
  return [forbidden(at.child('divisor'), `only divisor's values ${allowed.join(', ')} are supported`)];
}
