import type { RuleWithOperations } from '../../generated/admissionregistration/v1.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, invalid, notSupported, type Path, required } from '../../meta/field-path.ts';

const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const scopes = ['*', 'Cluster', 'Namespaced'];

/** Errors of a rule that says which requests a webhook or policy is about. */
export function validateRuleWithOperations(rule: RuleWithOperations, at: Path): FieldError[] {
  const errors = wildcards(rule.operations, at.child('operations'), 'operations');
  for (const [i, operation] of (rule.operations ?? []).entries()) {
    if (!operations.includes(operation)) {
      errors.push(notSupported(at.child('operations').index(i), operation, operations));
    }
  }
  append(
    errors,
    wildcards(rule.apiGroups, at.child('apiGroups'), 'API groups'),
    wildcards(rule.apiVersions, at.child('apiVersions'), 'API versions'),
  );
  for (const [i, version] of (rule.apiVersions ?? []).entries()) {
    if (version === '') errors.push(required(at.child('apiVersions').index(i)));
  }
  append(errors, validateResources(rule.resources ?? [], at.child('resources')));
  if (rule.scope !== undefined && !scopes.includes(rule.scope)) {
    errors.push(notSupported(at.child('scope'), rule.scope, scopes));
  }
  return errors;
}

/** A list that must not be empty, and in which `*` stands alone. */
function wildcards(list: readonly string[] | undefined, at: Path, others: string): FieldError[] {
  if (!list?.length) return [required(at)];
  if (list.length === 1 || !list.includes('*')) return [];
  return [invalid(at, list, `if '*' is present, must not specify other ${others}`)];
}

/** Errors of `pods`, `pods/log`, `pods/*`, `*`, `*` + `/scale` and `*` + `/*` side by side: none may cover another. */
function validateResources(resources: readonly string[], at: Path): FieldError[] {
  if (resources.length === 0) return [required(at)];
  const errors: FieldError[] = [];
  const anySubresource = new Set<string>();
  const anyResource = new Set<string>();
  let plain = false;
  for (const [i, each] of resources.entries()) {
    if (each === '') {
      errors.push(required(at.index(i)));
      continue;
    }
    const slash = each.indexOf('/');
    if (slash < 0) {
      // The last one decides, as upstream has it: `*` after others is let through.
      plain = each !== '*';
      continue;
    }
    const [resource, subresource] = [each.slice(0, slash), each.slice(slash + 1)];
    const covered = (by: string) => invalid(at.index(i), each, `if '${by}' is present, must not specify ${each}`);
    if (anySubresource.has(resource)) errors.push(covered(`${resource}/*`));
    if (anyResource.has(subresource)) errors.push(covered(`*/${subresource}`));
    if (subresource === '*') anySubresource.add(resource);
    if (resource === '*') anyResource.add(subresource);
  }
  if (resources.length > 1 && resources.includes('*/*')) {
    errors.push(invalid(at, resources, "if '*/*' is present, must not specify other resources"));
  }
  if (resources.includes('*') && plain) {
    const detail = "if '*' is present, must not specify other resources without subresources";
    errors.push(invalid(at, resources, detail));
  }
  return errors;
}
