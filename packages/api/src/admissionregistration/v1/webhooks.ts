import { age, count } from '../../columns.ts';
import type { MutatingWebhook, ValidatingWebhook } from '../../generated/admissionregistration/v1.ts';
import type { Column, KindDeclaration, KubeObject } from '../../kind.ts';
import { append } from '../../meta/append.ts';
import { duplicate, type FieldError, invalid, notSupported, type Path, required } from '../../meta/field-path.ts';
import { isDns1035Label, isDns1123Subdomain } from '../../meta/names.ts';
import { repeats } from '../../meta/repeats.ts';
import { validateLabelSelector } from '../../meta/validate-selector.ts';
import { validateWebhookPlace } from './client-config-validation.ts';
import { validateConditionNames } from './policies.ts';
import { validateRuleWithOperations } from './rule-validation.ts';

const failurePolicies = ['Fail', 'Ignore'];
const matchPolicies = ['Equivalent', 'Exact'];
const sideEffects = ['None', 'NoneOnDryRun'];
const reinvocationPolicies = ['IfNeeded', 'Never'];
/** The versions of AdmissionReview the API server speaks. */
export const reviewVersions: readonly string[] = ['v1', 'v1beta1'];

interface Configuration extends KubeObject {
  webhooks?: (ValidatingWebhook | MutatingWebhook)[];
}

/** What the two kinds of webhook configurations have in common. */
export const webhookConfiguration = {
  namespaced: false,
  categories: ['api-extensions'],
  hasGeneration: true,
  allowUnconditionalUpdate: false,
  columns: [
    count('Webhooks', (it) => it.webhooks?.length, 'Number of webhooks it registers.'),
    age as Column<Configuration>,
  ],
} satisfies Partial<KindDeclaration<Configuration>>;

/** Fills in what a webhook may leave out, in place. */
export function webhookDefaults(webhook: ValidatingWebhook): void {
  webhook.failurePolicy ??= 'Fail';
  webhook.matchPolicy ??= 'Equivalent';
  webhook.namespaceSelector ??= {};
  webhook.objectSelector ??= {};
  webhook.timeoutSeconds ??= 10;
  for (const rule of webhook.rules ?? []) rule.scope ??= '*';
  if (webhook.clientConfig?.service) webhook.clientConfig.service.port ??= 443;
}

/** Errors of all webhooks of a configuration. */
export function validateWebhooks(
  webhooks: readonly (ValidatingWebhook | MutatingWebhook)[] | undefined,
  list: Path,
): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [i, webhook] of (webhooks ?? []).entries()) {
    const at = list.index(i);
    append(
      errors,
      validateWebhook(webhook, at),
      validateReviewVersions(webhook.admissionReviewVersions ?? [], at.child('admissionReviewVersions')),
    );
    if (!webhook.name) continue;
    if (names.has(webhook.name)) errors.push(duplicate(at.child('name'), webhook.name));
    names.add(webhook.name);
  }
  return errors;
}

function validateWebhook(webhook: ValidatingWebhook | MutatingWebhook, at: Path): FieldError[] {
  const errors = validateFullName(webhook.name, at.child('name'));
  for (const [i, rule] of (webhook.rules ?? []).entries()) {
    append(errors, validateRuleWithOperations(rule, at.child('rules').index(i)));
  }
  append(
    errors,
    oneOf(webhook.failurePolicy, failurePolicies, at.child('failurePolicy')),
    oneOf(webhook.matchPolicy, matchPolicies, at.child('matchPolicy')),
    webhook.sideEffects
      ? oneOf(webhook.sideEffects, sideEffects, at.child('sideEffects'))
      : [required(at.child('sideEffects'), `must specify one of ${sideEffects.join(', ')}`)],
  );
  const { timeoutSeconds } = webhook;
  if (timeoutSeconds !== undefined && (timeoutSeconds < 1 || timeoutSeconds > 30)) {
    const detail = 'the timeout value must be between 1 and 30 seconds';
    errors.push(invalid(at.child('timeoutSeconds'), timeoutSeconds, detail));
  }
  append(
    errors,
    validateLabelSelector(webhook.namespaceSelector, at.child('namespaceSelector')),
    validateLabelSelector(webhook.objectSelector, at.child('objectSelector')),
    'reinvocationPolicy' in webhook
      ? oneOf(webhook.reinvocationPolicy, reinvocationPolicies, at.child('reinvocationPolicy'))
      : [],
    validateWebhookPlace(webhook.clientConfig ?? {}, at.child('clientConfig')),
  );
  return [...errors, ...validateConditionNames(webhook.matchConditions, at.child('matchConditions'))];
}

function oneOf(value: string | undefined, supported: readonly string[], at: Path): FieldError[] {
  return value === undefined || supported.includes(value) ? [] : [notSupported(at, value, supported)];
}

/** A domain of at least three parts. */
function validateFullName(name: string | undefined, at: Path): FieldError[] {
  if (!name) return [required(at)];
  const problems = isDns1123Subdomain(name);
  if (problems.length > 0) return [invalid(at, name, problems.join(','))];
  if (name.split('.').length >= 3) return [];
  return [invalid(at, name, 'should be a domain with at least three segments separated by dots')];
}

function validateReviewVersions(versions: readonly string[], at: Path): FieldError[] {
  if (versions.length === 0) return [required(at, `must specify one of ${reviewVersions.join(', ')}`)];
  const errors: FieldError[] = [];
  const repeated = repeats(versions);
  for (const [i, version] of versions.entries()) {
    if (repeated.has(i)) errors.push(invalid(at.index(i), version, 'duplicate version'));
    else for (const problem of isDns1035Label(version)) errors.push(invalid(at.index(i), version, problem));
  }
  if (!versions.some((version) => reviewVersions.includes(version))) {
    errors.push(invalid(at, versions, `must include at least one of ${reviewVersions.join(', ')}`));
  }
  return errors;
}
