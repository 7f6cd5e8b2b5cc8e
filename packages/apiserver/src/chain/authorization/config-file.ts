import { statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { append } from '@coracle/api/meta/append';
import { duplicate, type FieldError, invalid, notSupported, Path, required } from '@coracle/api/meta/field-path';
import { isDns1123Subdomain } from '@coracle/api/meta/names';
import { aggregate } from '@coracle/api/meta/status';
import { formatDuration } from '@coracle/api/meta/time';
import { durationField, readComponentConfig } from '@coracle/process/component-config';
import { UsageError } from '@coracle/process/program';
import { z } from 'zod';
import { authorizationModes } from './modes.ts';

const text = z.string().default('');

/** How long (ms) something is remembered; none is the usual time. */
const ttl = (usual: number) => durationField.default(0).transform((given) => given || usual);

const webhook = z.strictObject({
  authorizedTTL: ttl(300_000),
  cacheAuthorizedRequests: z.boolean().default(true),
  unauthorizedTTL: ttl(30_000),
  cacheUnauthorizedRequests: z.boolean().default(true),
  timeout: durationField.default(0),
  subjectAccessReviewVersion: text,
  matchConditionSubjectAccessReviewVersion: text,
  failurePolicy: text,
  connectionInfo: z.strictObject({ type: text, kubeConfigFile: z.string().nullish() }).default({ type: '' }),
  matchConditions: z.array(z.strictObject({ expression: text })).default([]),
});

const schema = z.strictObject({
  authorizers: z.array(z.strictObject({ type: text, name: text, webhook: webhook.optional() })).default([]),
});

/** One of the authorizers that an AuthorizationConfiguration lists. */
export type ConfiguredAuthorizer = z.infer<typeof schema>['authorizers'][number];
type Webhook = z.infer<typeof webhook>;

const versions = ['v1', 'v1beta1', 'v1alpha1'];
const reviewVersions = ['v1', 'v1beta1'];
const longest = 30_000;

/** Reads `--authorization-config` (apiserver.config.k8s.io/v1). Throws UsageError naming the file and each thing wrong. */
export async function readAuthorizationConfig(path: string): Promise<readonly ConfiguredAuthorizer[]> {
  const { authorizers } = readComponentConfig(path, {
    apiVersion: versions.map((version) => `apiserver.config.k8s.io/${version}`),
    kind: 'AuthorizationConfiguration',
    schema,
  });
  // The language is loaded where there is something to say in it.
  const says = authorizers.some(({ webhook: hook }) => hook?.matchConditions.length);
  const errors = problemsOf(
    authorizers,
    says ? (await import('./match-conditions.ts')).matchConditionProblems : () => [],
  );
  if (errors.length === 0) return authorizers;
  const messages = errors.map(({ field, message }) => `${field}: ${message}`);
  throw new UsageError(`${path}: ${aggregate(messages)}`);
}

type ConditionCheck = (conditions: Webhook['matchConditions'], at: Path) => FieldError[];

function problemsOf(authorizers: readonly ConfiguredAuthorizer[], conditionProblems: ConditionCheck): FieldError[] {
  const at = new Path('authorizers');
  if (authorizers.length === 0) return [required(at, 'at least one authorization mode must be defined')];
  const errors: FieldError[] = [];
  const seenTypes = new Set<string>();
  const seenNames = new Set<string>();
  for (const [i, { type, name, webhook: hook }] of authorizers.entries()) {
    const path = at.index(i);
    const wrongType = typeProblem(type, seenTypes, path.child('type'));
    if (wrongType) {
      errors.push(wrongType);
      continue;
    }
    seenTypes.add(type);
    if (name === '') errors.push(required(path.child('name')));
    else if (seenNames.has(name)) errors.push(duplicate(path.child('name'), name));
    else {
      const problems = isDns1123Subdomain(name);
      if (problems.length > 0) {
        errors.push(invalid(path.child('name'), name, `authorizer name is invalid: ${problems.join(', ')}`));
      }
    }
    seenNames.add(name);
    if (type !== 'Webhook') {
      if (hook) errors.push(invalid(path.child('webhook'), 'non-null', 'may only be specified when type=Webhook'));
    } else if (hook) {
      // Upstream names the fields of a webhook as if they were the authorizer's.
      append(
        errors,
        webhookProblems(hook, path),
        conditionProblems(hook.matchConditions, path.child('matchConditions')),
      );
    } else errors.push(required(path.child('webhook'), 'required when type=Webhook'));
  }
  return errors;
}

/** Of all types there can be one authorizer, of webhooks several. */
function typeProblem(type: string, seen: ReadonlySet<string>, at: Path): FieldError | undefined {
  if (type === '') return required(at);
  if (!authorizationModes.includes(type)) return notSupported(at, type, [...authorizationModes].sort());
  return seen.has(type) && type !== 'Webhook' ? duplicate(at, type) : undefined;
}

function webhookProblems(hook: Webhook, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (hook.timeout === 0) errors.push(required(at.child('timeout')));
  else if (hook.timeout < 0 || hook.timeout > longest) {
    errors.push(invalid(at.child('timeout'), formatDuration(hook.timeout), 'must be > 0s and <= 30s'));
  }
  for (const field of ['authorizedTTL', 'unauthorizedTTL'] as const) {
    if (hook[field] < 0) errors.push(invalid(at.child(field), formatDuration(hook[field]), 'must be > 0s'));
  }
  append(errors, oneOf(hook.subjectAccessReviewVersion, reviewVersions, at.child('subjectAccessReviewVersion')));
  const conditionsVersion = hook.matchConditionSubjectAccessReviewVersion;
  const field = at.child('matchConditionSubjectAccessReviewVersion');
  if (conditionsVersion !== '') append(errors, oneOf(conditionsVersion, ['v1'], field));
  else if (hook.matchConditions.length > 0) {
    errors.push(required(field, 'required if match conditions are specified'));
  }
  append(errors, oneOf(hook.failurePolicy, ['NoOpinion', 'Deny'], at.child('failurePolicy')));
  const { type, kubeConfigFile } = hook.connectionInfo;
  const info = at.child('connectionInfo');
  append(errors, oneOf(type, ['InClusterConfig', 'KubeConfigFile'], info.child('type')));
  if (type === 'KubeConfigFile') append(errors, fileProblems(kubeConfigFile ?? '', info.child('kubeConfigFile')));
  if (type === 'InClusterConfig') {
    errors.push(invalid(info.child('type'), type, 'InClusterConfig is not supported by this server'));
    if (kubeConfigFile) {
      const detail = 'can only be set when type=KubeConfigFile';
      errors.push(invalid(info.child('kubeConfigFile'), kubeConfigFile, detail));
    }
  }
  return errors;
}

function oneOf(value: string, supported: readonly string[], at: Path): FieldError[] {
  if (value === '') return [required(at)];
  return supported.includes(value) ? [] : [notSupported(at, value, supported)];
}

function fileProblems(file: string, at: Path): FieldError[] {
  if (file === '') return [required(at)];
  if (!isAbsolute(file)) return [invalid(at, file, 'must be an absolute path')];
  try {
    return statSync(file).isFile() ? [] : [invalid(at, file, 'must be a regular file')];
  } catch (error) {
    return [invalid(at, file, `error loading file: ${(error as Error).message}`)];
  }
}
