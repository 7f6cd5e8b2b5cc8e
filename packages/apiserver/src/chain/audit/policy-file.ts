import { append } from '@coracle/api/meta/append';
import { type FieldError, invalid, notSupported, Path, required } from '@coracle/api/meta/field-path';
import { isDns1123Subdomain } from '@coracle/api/meta/names';
import { aggregate } from '@coracle/api/meta/status';
import { readComponentConfig } from '@coracle/process/component-config';
import { UsageError } from '@coracle/process/program';
import { z } from 'zod';
import { levels, type Policy, type PolicyRule, stages } from './policy.ts';

const texts = z.array(z.string()).optional();
const text = z.string().default('');

const schema = z.strictObject({
  metadata: z.unknown().optional(),
  omitStages: texts,
  omitManagedFields: z.boolean().optional(),
  rules: z
    .array(
      z.strictObject({
        level: text,
        users: texts,
        userGroups: texts,
        verbs: texts,
        resources: z.array(z.strictObject({ group: text, resources: texts, resourceNames: texts })).optional(),
        namespaces: texts,
        nonResourceURLs: texts,
        omitStages: texts,
        omitManagedFields: z.boolean().optional(),
      }),
    )
    .default([]),
});

/** Reads `--audit-policy-file`, an audit.k8s.io/v1 Policy. Throws UsageError naming the file and each thing wrong. */
export function readPolicyFile(path: string): Policy {
  const policy = readComponentConfig(path, { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', schema });
  const errors = problemsOf(policy as Policy);
  if (errors.length > 0) {
    const messages = errors.map(({ field, message }) => `${field}: ${message}`);
    throw new UsageError(`loading audit policy file: ${aggregate(messages)}: from file ${path}`);
  }
  if (policy.rules.length === 0) {
    throw new UsageError(`loading audit policy file: loaded illegal policy with 0 rules: from file ${path}`);
  }
  return policy as Policy;
}

function problemsOf(policy: Policy): FieldError[] {
  const at = new Path('rules');
  return [
    ...stageProblems(policy.omitStages, new Path('omitStages')),
    ...policy.rules.flatMap((rule, i) => ruleProblems(rule, at.index(i))),
  ];
}

function stageProblems(omitted: readonly string[] = [], at: Path): FieldError[] {
  return omitted.flatMap((stage, i) =>
    (stages as readonly string[]).includes(stage)
      ? []
      : [invalid(at.index(i), stage, `allowed stages are ${stages.join(',')}`)],
  );
}

function ruleProblems(rule: PolicyRule, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const level: string = rule.level;
  if (level === '') errors.push(required(at.child('level')));
  else if (!(levels as readonly string[]).includes(level)) errors.push(notSupported(at.child('level'), level, levels));
  const urls = rule.nonResourceURLs ?? [];
  for (const [i, url] of urls.entries()) append(errors, urlProblems(url, at.child('nonResourceURLs').index(i)));
  for (const { group, resources = [], resourceNames = [] } of rule.resources ?? []) {
    const path = at.child('resources'); // upstream does not say which of them
    const wrong = group === '' || group === '*' ? [] : isDns1123Subdomain(group);
    if (wrong.length > 0) errors.push(invalid(path.child('group'), group, wrong.join(',')));
    if (resourceNames.length > 0 && resources.length === 0) {
      errors.push(
        invalid(path.child('resourceNames'), resourceNames, 'using resourceNames requires at least one resource'),
      );
    }
  }
  append(errors, stageProblems(rule.omitStages, at.child('omitStages')));
  if (urls.length > 0 && (rule.resources?.length || rule.namespaces?.length)) {
    const detail = 'rules cannot apply to both regular resources and non-resource URLs';
    errors.push(invalid(at.child('nonResourceURLs'), urls, detail));
  }
  return errors;
}

function urlProblems(url: string, at: Path): FieldError[] {
  if (url === '*') return [];
  const errors: FieldError[] = [];
  if (!url.startsWith('/')) {
    errors.push(invalid(at, url, "non-resource URL rules must begin with a '/' character"));
  }
  if (url.slice(0, -1).includes('*')) {
    errors.push(invalid(at, url, "non-resource URL wildcards '*' must be the final character of the rule"));
  }
  return errors;
}
