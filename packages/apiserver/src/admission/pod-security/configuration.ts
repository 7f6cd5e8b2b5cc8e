import { duplicate, type FieldError, invalid, Path, required } from '@coracle/api/meta/field-path';
import { isDns1123Label, isDns1123Subdomain } from '@coracle/api/meta/names';
import { aggregate } from '@coracle/api/meta/status';
import { decodeComponentConfig } from '@coracle/process/component-config';
import { z } from 'zod';
import type { PluginConfiguration } from '../configuration.ts';
import type { Exemptions } from './plugin.ts';
import { type Mode, type Policy, parseLevel, parseVersion, type Standard } from './standard.ts';

const level = z.string().default('privileged');
const version = z.string().default('latest');
const names = z.array(z.string()).nullish();
const defaults = z.strictObject({
  enforce: level,
  'enforce-version': version,
  audit: level,
  'audit-version': version,
  warn: level,
  'warn-version': version,
});
const schema = z.strictObject({
  defaults: defaults.prefault({}),
  exemptions: z.strictObject({ usernames: names, namespaces: names, runtimeClasses: names }).prefault({}),
});
type Configuration = z.infer<typeof schema>;

/** Reads a PodSecurityConfiguration (pod-security.admission.config.k8s.io). Throws naming each thing wrong. */
export function parsePodSecurityConfiguration({ value }: PluginConfiguration): {
  defaults: Policy;
  exemptions: Exemptions;
} {
  const parsed = decodeComponentConfig(value, {
    apiVersion: ['v1', 'v1beta1', 'v1alpha1'].map((each) => `pod-security.admission.config.k8s.io/${each}`),
    kind: 'PodSecurityConfiguration',
    schema,
  });
  const errors: FieldError[] = [];
  const { usernames, namespaces, runtimeClasses } = parsed.exemptions;
  const at = new Path('exemptions');
  const policy: Policy = {
    enforce: standardOf(parsed.defaults, 'enforce', errors),
    audit: standardOf(parsed.defaults, 'audit', errors),
    warn: standardOf(parsed.defaults, 'warn', errors),
  };
  const exemptions = {
    namespaces: listed(namespaces, at.child('namespaces'), isDns1123Label, errors),
    runtimeClasses: listed(runtimeClasses, at.child('runtimeClasses'), isDns1123Subdomain, errors),
    usernames: listed(usernames, at.child('usernames'), undefined, errors),
  };
  if (errors.length > 0) throw new Error(aggregate(errors.map(({ field, message }) => `${field}: ${message}`)));
  return { defaults: policy, exemptions };
}

function standardOf(given: Configuration['defaults'], mode: Mode, errors: FieldError[]): Standard {
  const at = new Path('defaults');
  const level = parseLevel(given[mode]);
  const minor = parseVersion(given[`${mode}-version`]);
  if (typeof level === 'object') errors.push(invalid(at.child(mode), given[mode], level.problem));
  if (typeof minor === 'object') {
    errors.push(invalid(at.child(`${mode}-version`), given[`${mode}-version`], minor.problem));
  }
  return {
    level: typeof level === 'string' ? level : 'restricted',
    minor: typeof minor === 'number' ? minor : Number.POSITIVE_INFINITY,
  };
}

function listed(
  given: readonly string[] | null | undefined,
  at: Path,
  check: ((name: string) => string[]) | undefined,
  errors: FieldError[],
): ReadonlySet<string> {
  const all = new Set<string>();
  for (const [i, name] of (given ?? []).entries()) {
    const problems = check?.(name) ?? [];
    if (problems.length > 0) errors.push(invalid(at.index(i), name, problems.join(', ')));
    else if (name === '') errors.push(required(at.index(i)));
    else if (all.has(name)) errors.push(duplicate(at.index(i), name));
    all.add(name);
  }
  return all;
}
