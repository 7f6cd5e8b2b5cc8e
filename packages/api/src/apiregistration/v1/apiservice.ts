import { age, text } from '../../columns.ts';
import type { APIService, APIServiceCondition, APIServiceSpec } from '../../generated/apiregistration/v1.ts';
import { defineKind } from '../../kind.ts';
import { append } from '../../meta/append.ts';
import { findCondition } from '../../meta/conditions.ts';
import { type FieldError, invalid, notSupported, type Path, required } from '../../meta/field-path.ts';
import { isDns1035Label, isDns1123Subdomain, isPathSegmentName, isPortNumber } from '../../meta/names.ts';
import { now } from '../../meta/time.ts';

const statuses = ['True', 'False', 'Unknown'];
const highestOfGroups = 20_000;
const highestOfVersions = 1000;

/** Who serves a group-version: this server (a local one), or a Service that requests are passed on to. */
export const apiService = defineKind<APIService>('apiregistration/v1', {
  kind: 'APIService',
  plural: 'apiservices',
  categories: ['api-extensions'],
  namespaced: false,
  hasGeneration: false,
  allowUnconditionalUpdate: false,
  subresources: { status: true },
  statusKeeps: ['annotations', 'finalizers', 'labels', 'ownerReferences'],
  name: isPathSegmentName,
  defaults(it) {
    if (it.spec?.service) it.spec.service.port ??= 443;
  },
  prepareForCreate(it) {
    it.status = it.spec?.service ? {} : { conditions: [{ ...localCondition, lastTransitionTime: now() }] };
  },
  validate: (it, at) => [...validateName(it, at), ...validateSpec(it.spec ?? {}, at.child('spec'))],
  validateStatusUpdate: (it, _old, at) =>
    (it.status?.conditions ?? []).flatMap(({ status }, i) =>
      statuses.includes(status)
        ? []
        : [notSupported(at.child('status.conditions').index(i).child('status'), status, statuses)],
    ),
  columns: [
    text('Service', (it) => serviceName(it), 'The Service that requests are passed on to, or Local.'),
    text('Available', (it) => availability(it), 'Whether it can be reached, and if not, why.'),
    age,
  ],
});

/** The condition of every APIService without a Service. */
export const localCondition: Readonly<APIServiceCondition> = {
  type: 'Available',
  status: 'True',
  reason: 'Local',
  message: 'Local APIServices are always available',
};

/** The name an APIService has: `v1.apps`, and `v1.` of the core group. */
export const apiServiceName = (group: string, version: string): string => `${version}.${group}`;

function serviceName({ spec }: APIService): string {
  return spec?.service ? `${spec.service.namespace ?? ''}/${spec.service.name ?? ''}` : 'Local';
}

function availability({ status }: APIService): string {
  const condition = findCondition(status?.conditions, 'Available');
  if (!condition) return 'Unknown';
  return condition.status !== 'True' && condition.reason
    ? `${condition.status} (${condition.reason})`
    : condition.status;
}

function validateName({ metadata, spec }: APIService, at: Path): FieldError[] {
  const { name = '' } = metadata;
  const wanted = apiServiceName(spec?.group ?? '', spec?.version ?? '');
  // A name that is none at all is refused as every kind's.
  if (name === wanted || isPathSegmentName(name).length > 0) return [];
  const detail = `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`;
  return [invalid(at.child('metadata.name'), name, detail)];
}

function validateSpec(spec: Partial<APIServiceSpec>, at: Path): FieldError[] {
  const { group = '', version = '', groupPriorityMinimum = 0, versionPriority = 0 } = spec;
  const errors: FieldError[] = [];
  if (group === '' && version !== 'v1') {
    errors.push(required(at.child('group'), 'only v1 may have an empty group and it better be legacy kube'));
  }
  if (group !== '') {
    append(
      errors,
      isDns1123Subdomain(group).map((message) => invalid(at.child('group'), group, message)),
    );
  }
  append(
    errors,
    isDns1035Label(version).map((message) => invalid(at.child('version'), version, message)),
  );
  if (groupPriorityMinimum <= 0 || groupPriorityMinimum > highestOfGroups) {
    const detail = `must be positive and less than ${highestOfGroups}`;
    errors.push(invalid(at.child('groupPriorityMinimum'), groupPriorityMinimum, detail));
  }
  if (versionPriority <= 0 || versionPriority > highestOfVersions) {
    const detail = `must be positive and less than ${highestOfVersions}`;
    errors.push(invalid(at.child('versionPriority'), versionPriority, detail));
  }
  return [...errors, ...validatePlace(spec, at)];
}

function validatePlace(
  { service, caBundle = '', insecureSkipTLSVerify = false }: Partial<APIServiceSpec>,
  at: Path,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!service) {
    if (caBundle !== '') {
      const size = `${Buffer.from(caBundle, 'base64').length} bytes`;
      errors.push(invalid(at.child('caBundle'), size, 'local APIServices may not have a caBundle'));
    }
    if (insecureSkipTLSVerify) {
      const detail = 'local APIServices may not have insecureSkipTLSVerify';
      errors.push(invalid(at.child('insecureSkipTLSVerify'), true, detail));
    }
    return errors;
  }
  if (!service.namespace) errors.push(required(at.child('service.namespace')));
  if (!service.name) errors.push(required(at.child('service.name')));
  const { port = 0 } = service;
  const problems = isPortNumber(port);
  if (problems.length > 0) {
    errors.push(invalid(at.child('service.port'), port, `port is not valid: ${problems.join(', ')}`));
  }
  if (insecureSkipTLSVerify && caBundle !== '') {
    errors.push(invalid(at.child('insecureSkipTLSVerify'), true, 'may not be true if caBundle is present'));
  }
  return errors;
}
