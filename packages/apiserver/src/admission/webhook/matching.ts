import type { AnyKind } from '@coracle/api/kind';
import type { Selector } from '@coracle/api/meta/labels';
import { forbiddenError, internalError, isNotFound } from '@coracle/api/meta/status';
import type { NamedRuleWithOperations } from '@coracle/api/types/admissionregistration/v1';
import { prefixOf } from '../../storage/keys.ts';
import type { Attributes } from '../plugin.ts';
import type { Hook, WebhookSurroundings } from './hooks.ts';
import { type RuleSubject, ruleMatches } from './rules.ts';
import { inSelectedNamespace, selectsObject } from './selectors.ts';

const group = 'admissionregistration.k8s.io';
const exempt = new Set([
  'validatingwebhookconfigurations',
  'mutatingwebhookconfigurations',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
]);

/** Whether a request is for what configures admission: no webhook may keep it from being repaired. */
export function isExempt(attributes: Attributes): boolean {
  return attributes.group === group && exempt.has(attributes.resource);
}

/** Which requests a webhook or policy is about. */
export interface Criteria {
  readonly rules: readonly NamedRuleWithOperations[];
  /** Of policies: what is not meant though a rule says so. */
  readonly except?: readonly NamedRuleWithOperations[];
  readonly matchPolicy?: string;
  readonly namespaceSelector: Selector;
  readonly objectSelector: Selector;
}

/**
 * The kind in whose form a webhook is to be asked about a request: the request's own where one of its rules is about that, with
 * matchPolicy Equivalent another version of it that a rule is about. Undefined: the webhook is not to be asked. Throws NotFound where
 * the namespace it selects by is not there.
 */
export async function kindMatching(
  criteria: Criteria,
  attributes: Attributes,
  kinds: () => Iterable<AnyKind>,
): Promise<AnyKind | undefined> {
  let inNamespace: boolean;
  let failure: unknown;
  try {
    inNamespace = await inSelectedNamespace(criteria.namespaceSelector, attributes);
  } catch (error) {
    failure = isNotFound(error) ? error : internalError(error);
    inNamespace = true;
  }
  if (!inNamespace || !selectsObject(criteria.objectSelector, attributes)) return undefined;
  const { rules, except = [], matchPolicy } = criteria;
  if (ruledKind(except, matchPolicy, attributes, kinds)) return undefined;
  const kind = ruledKind(rules, matchPolicy, attributes, kinds);
  // What fails for a request that the webhook is not about is nobody's business.
  if (kind && failure) throw failure;
  return kind;
}

/** As `kindMatching`, of a webhook: its match conditions are part of what it is about. */
export async function matchedKind(
  hook: Hook,
  attributes: Attributes,
  around: WebhookSurroundings,
): Promise<AnyKind | undefined> {
  const kind = await kindMatching(hook, attributes, around.kinds);
  return kind && (await meetsConditions(hook, attributes, kind, around)) ? kind : undefined;
}

/** Whether a request meets a webhook's match conditions. Where they cannot tell, the failure policy decides; Forbidden is thrown by Fail. */
async function meetsConditions(
  hook: Hook,
  attributes: Attributes,
  kind: AnyKind,
  { authorizer, metrics, log }: WebhookSurroundings,
): Promise<boolean> {
  const { name, matchConditions = [], failurePolicy } = hook.webhook;
  if (matchConditions.length === 0) return true;
  const { conditionsMatch } = await import('./match-conditions.ts');
  const verdict = await conditionsMatch(hook, attributes, kind, authorizer);
  const { type } = hook;
  const { operation } = attributes;
  if ('matches' in verdict) {
    if (!verdict.matches) metrics.excluded({ name, type, operation });
    return verdict.matches;
  }
  metrics.conditionFailed({ name, type, operation });
  if (failurePolicy === 'Ignore') return false;
  log.warn({ webhook: name, reason: verdict.error }, 'Failed evaluating match conditions, failing closed');
  throw forbiddenError({ group: attributes.group, resource: attributes.resource }, attributes.name, verdict.error);
}

function ruledKind(
  rules: readonly NamedRuleWithOperations[],
  matchPolicy: string | undefined,
  attributes: Attributes,
  kinds: () => Iterable<AnyKind>,
): AnyKind | undefined {
  if (rules.some((rule) => ruleMatches(rule, attributes))) return attributes.kind;
  if (matchPolicy !== 'Equivalent') return undefined;
  const equivalents = equivalentsOf(attributes.kind, kinds());
  for (const rule of rules) {
    const found = equivalents.find((kind) => ruleMatches(rule, as(kind, attributes)));
    if (found) return found;
  }
  return undefined;
}

function as(kind: AnyKind, { subresource, namespace, operation, name }: Attributes): RuleSubject {
  return { group: kind.group, version: kind.version, resource: kind.plural, subresource, namespace, operation, name };
}

/** The other kinds in which the same objects are served. */
function equivalentsOf(kind: AnyKind, kinds: Iterable<AnyKind>): AnyKind[] {
  const prefix = prefixOf(kind);
  return [...kinds].filter((each) => each !== kind && each.verbs.includes('get') && prefixOf(each) === prefix);
}
