import type { PolicyRule, RoleRef, Subject } from '../../generated/rbac/v1.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, invalid, notSupported, type Path, required } from '../../meta/field-path.ts';
import { goForm } from '../../meta/go-form.ts';
import { isDns1123Subdomain } from '../../meta/names.ts';
import { deepEqual } from '../../meta/object.ts';

/** Errors of a role's rules. Only a ClusterRole may name non-resource URLs. */
export function validateRules(rules: readonly PolicyRule[] | undefined, namespaced: boolean, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, rule] of (rules ?? []).entries()) {
    const path = at.index(i);
    if (!rule.verbs?.length) errors.push(required(path.child('verbs'), 'verbs must contain at least one value'));
    if (rule.nonResourceURLs?.length) {
      if (namespaced)
        errors.push(
          invalid(
            path.child('nonResourceURLs'),
            rule.nonResourceURLs,
            'namespaced rules cannot apply to non-resource URLs',
          ),
        );
      if (rule.apiGroups?.length || rule.resources?.length || rule.resourceNames?.length) {
        errors.push(
          invalid(
            path.child('nonResourceURLs'),
            rule.nonResourceURLs,
            'rules cannot apply to both regular resources and non-resource URLs',
          ),
        );
      }
      continue;
    }
    if (!rule.apiGroups?.length)
      errors.push(required(path.child('apiGroups'), 'resource rules must supply at least one api group'));
    if (!rule.resources?.length)
      errors.push(required(path.child('resources'), 'resource rules must supply at least one resource'));
  }
  return errors;
}

/** Errors of a binding's role reference and subjects. */
export function validateBinding(
  it: { roleRef?: RoleRef; subjects?: Subject[] },
  roleKinds: readonly string[],
  namespaced: boolean,
  at: Path,
): FieldError[] {
  const errors: FieldError[] = [];
  const path = at.child('roleRef');
  const role = it.roleRef ?? ({} as RoleRef);
  if (role.apiGroup !== rbacGroup) errors.push(notSupported(path.child('apiGroup'), role.apiGroup ?? '', [rbacGroup]));
  if (!roleKinds.includes(role.kind)) errors.push(notSupported(path.child('kind'), role.kind ?? '', roleKinds));
  if (!role.name) errors.push(required(path.child('name')));
  else for (const message of isRbacName(role.name)) errors.push(invalid(path.child('name'), role.name, message));
  for (const [i, subject] of (it.subjects ?? []).entries())
    append(errors, validateSubject(subject, namespaced, at.child('subjects').index(i)));
  return errors;
}

/** Errors of a change of a binding, which stays one to the same role. */
export function validateBindingUpdate(it: { roleRef?: RoleRef }, old: { roleRef?: RoleRef }, at: Path): FieldError[] {
  if (deepEqual(it.roleRef, old.roleRef)) return [];
  return [invalid(at.child('roleRef'), goForm('rbac/v1.RoleRef', it.roleRef), 'cannot change roleRef')];
}

const rbacGroup = 'rbac.authorization.k8s.io';

function validateSubject(subject: Subject, namespaced: boolean, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (!subject.name) errors.push(required(at.child('name')));
  switch (subject.kind) {
    case 'ServiceAccount':
      if (subject.name)
        for (const message of isDns1123Subdomain(subject.name))
          errors.push(invalid(at.child('name'), subject.name, message));
      if (subject.apiGroup) errors.push(notSupported(at.child('apiGroup'), subject.apiGroup, ['']));
      if (!namespaced && !subject.namespace) errors.push(required(at.child('namespace')));
      break;
    case 'User':
    case 'Group':
      if (subject.apiGroup !== rbacGroup)
        errors.push(notSupported(at.child('apiGroup'), subject.apiGroup ?? '', [rbacGroup]));
      break;
    default:
      errors.push(notSupported(at.child('kind'), subject.kind ?? '', ['ServiceAccount', 'User', 'Group']));
  }
  return errors;
}

/** Names of roles and bindings may be any path segment, colons included. */
export function isRbacName(name: string): string[] {
  if (name === '.' || name === '..') return [`may not be '${name}'`];
  const errors: string[] = [];
  for (const bad of ['/', '%']) if (name.includes(bad)) errors.push(`may not contain '${bad}'`);
  return errors;
}

/** Fills in what bindings may leave out. */
export function bindingDefaults(it: { roleRef?: RoleRef; subjects?: Subject[] }): void {
  if (it.roleRef) it.roleRef.apiGroup ||= rbacGroup;
  for (const subject of it.subjects ?? []) {
    if (!subject.apiGroup && (subject.kind === 'User' || subject.kind === 'Group')) subject.apiGroup = rbacGroup;
  }
}
