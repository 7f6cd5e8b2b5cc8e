import type {
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '../../generated/flowcontrol/v1.ts';
import { append } from '../../meta/append.ts';
import {
  type FieldError,
  forbidden,
  invalid,
  malformed,
  notSupported,
  type Path,
  required,
} from '../../meta/field-path.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../meta/names.ts';

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];
const subjectKinds = ['Group', 'ServiceAccount', 'User'];
const namespaceHint = "each member of this list must be '*' or a DNS-1123 label; ";

/** Errors of one of a schema's rules: whom it is about, and which of their requests. */
export function validateFlowRules(it: PolicyRulesWithSubjects, at: Path): FieldError[] {
  const { subjects = [], resourceRules = [], nonResourceRules = [] } = it;
  const errors = subjects.flatMap((each, i) => validateSubject(each, at.child('subjects').index(i)));
  if (subjects.length === 0) errors.push(required(at.child('subjects'), 'subjects must contain at least one value'));
  if (resourceRules.length === 0 && nonResourceRules.length === 0) {
    errors.push(required(at, 'at least one of resourceRules and nonResourceRules has to be non-empty'));
  }
  for (const [i, rule] of resourceRules.entries()) {
    append(errors, validateResourceRule(rule, at.child('resourceRules').index(i)));
  }
  for (const [i, rule] of nonResourceRules.entries()) {
    append(errors, validatePathRule(rule, at.child('nonResourceRules').index(i)));
  }
  return errors;
}

function validateSubject(it: Subject, at: Path): FieldError[] {
  if (!subjectKinds.includes(it.kind)) return [notSupported(at.child('kind'), it.kind ?? '', subjectKinds)];
  const errors: FieldError[] = [];
  for (const kind of ['ServiceAccount', 'User', 'Group'] as const) {
    const field = ({ ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const)[kind];
    const path = at.child(field);
    const value = it[field];
    if (kind !== it.kind) {
      if (value) errors.push(forbidden(path, `${field} is forbidden when subject kind is not '${kind}'`));
    } else if (!value) errors.push(required(path, `${field} is required when subject kind is '${kind}'`));
    else append(errors, validateNamed(value, kind === 'ServiceAccount', path));
  }
  return errors;
}

function validateNamed(it: { name?: string; namespace?: string }, isAccount: boolean, at: Path): FieldError[] {
  const { name = '', namespace = '' } = it;
  const errors: FieldError[] = [];
  if (name === '') errors.push(required(at.child('name')));
  else if (isAccount && name !== '*') append(errors, malformed(at.child('name'), name, isDns1123Subdomain));
  if (!isAccount) return errors;
  if (namespace === '') errors.push(required(at.child('namespace'), 'must specify namespace for service account'));
  else append(errors, malformed(at.child('namespace'), namespace, isDns1123Label));
  return errors;
}

function validateVerbs(wanted: readonly string[] | undefined, at: Path): FieldError[] {
  if (!wanted?.length) return [required(at, 'verbs must contain at least one value')];
  if (wanted.includes('*')) return onlyWildcard(wanted, 'verbs', at);
  return wanted.every((verb) => verbs.includes(verb)) ? [] : [notSupported(at, wanted, verbs)];
}

function onlyWildcard(values: readonly string[], what: string, at: Path): FieldError[] {
  if (values.length <= 1 || !values.includes('*')) return [];
  return [invalid(at, values, `if '*' is present, must not specify other ${what}`)];
}

function validateResourceRule(it: ResourcePolicyRule, at: Path): FieldError[] {
  const errors = validateVerbs(it.verbs, at.child('verbs'));
  const lists = [
    ['apiGroups', 'api groups', 'resource rules must supply at least one api group'],
    ['resources', 'resources', 'resource rules must supply at least one resource'],
  ] as const;
  for (const [field, what, missing] of lists) {
    const path = at.child(field);
    append(errors, it[field]?.length ? onlyWildcard(it[field], what, path) : [required(path, missing)]);
  }
  const { namespaces = [], clusterScope = false } = it;
  const path = at.child('namespaces');
  if (namespaces.length === 0 && !clusterScope) {
    const detail = 'resource rules that are not cluster scoped must supply at least one namespace';
    errors.push(required(path, detail));
  } else if (namespaces.includes('*')) append(errors, onlyWildcard(namespaces, 'namespaces', path));
  else {
    const check = (name: string) => isDns1123Label(name).map((message) => `${namespaceHint}${message}`);
    append(
      errors,
      namespaces.flatMap((name, i) => malformed(path.index(i), name, check)),
    );
  }
  return errors;
}

function validatePathRule(it: NonResourcePolicyRule, at: Path): FieldError[] {
  const errors = validateVerbs(it.verbs, at.child('verbs'));
  const path = at.child('nonResourceURLs');
  const urls = it.nonResourceURLs ?? [];
  if (urls.length === 0) errors.push(required(path, 'nonResourceURLs must contain at least one value'));
  else if (urls.includes('*')) append(errors, onlyWildcard(urls, 'non-resource URLs', path));
  else
    append(
      errors,
      urls.flatMap((url, i) => malformed(path.index(i), url, isPathPattern)),
    );
  return errors;
}

/** `/healthz`, or `/debug/*` for all that is below. */
function isPathPattern(url: string): string[] {
  if (url === '') return ['must not be empty'];
  if (url === '/') return [];
  if (!url.startsWith('/')) return ['must start with slash'];
  if (url.includes(' ')) return ['must not contain white-space'];
  if (url.includes('//')) return ['must not contain double slash'];
  const isFine = !url.includes('*') || url.indexOf('*') === url.length - 1;
  return isFine && (!url.endsWith('*') || url.endsWith('/*')) ? [] : ['wildcard can only do suffix matching'];
}
