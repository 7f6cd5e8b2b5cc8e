import { age, text } from '../../columns.ts';
import type { ResourceQuota, ResourceQuotaSpec, ScopedResourceSelectorRequirement } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { type FieldError, invalid, type Path, required } from '../../meta/field-path.ts';
import { goForm } from '../../meta/go-form.ts';
import { roundAmounts } from '../../meta/resources.ts';
import { isStandardQuotaName, validateQuotaAmounts } from './quota-names.ts';

const bare = new Set(['Terminating', 'NotTerminating', 'BestEffort', 'NotBestEffort', 'CrossNamespacePodAffinity']);
const scopes = new Set([...bare, 'PriorityClass', 'VolumeAttributesClass']);
const excluding = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;
const ofPods = new Set(['pods', ...['cpu', 'memory'].flatMap((each) => [each, `requests.${each}`, `limits.${each}`])]);
const ofBestEffort = new Set(['pods']);
const ofClaims = new Set(['persistentvolumeclaims', 'requests.storage']);

/** How much all objects of a namespace together may use, and how much they do. */
export const resourceQuota = defineKind<ResourceQuota>('core/v1', {
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  shortNames: ['quota'],
  namespaced: true,
  hasGeneration: false,
  subresources: { status: true },
  defaults(it) {
    roundAmounts(it.spec?.hard);
    roundAmounts(it.status?.hard);
    roundAmounts(it.status?.used);
  },
  validate: (it, at) => validateSpec(it.spec ?? {}, at.child('spec')),
  validateUpdate(it, old, at) {
    const now = it.spec?.scopes ?? [];
    return sameSet(now, old.spec?.scopes ?? []) ? [] : [invalid(at.child('spec.scopes'), now, 'field is immutable')];
  },
  validateStatusUpdate: (it, _old, at) => [
    ...validateQuotaAmounts(it.status?.hard, at.child('status.hard')),
    ...validateQuotaAmounts(it.status?.used, at.child('status.used')),
  ],
  columns: [
    text('Request', (it) => shown(it, (name) => !isLimit(name)), 'Used and hard amounts of what is requested.'),
    text('Limit', (it) => shown(it, isLimit), 'Used and hard amounts of limits.'),
    age,
  ],
});

const isLimit = (name: string): boolean => name.startsWith('limits.');

function shown({ status }: ResourceQuota, which: (name: string) => boolean): string {
  const names = Object.keys(status?.hard ?? {}).filter(which);
  return names
    .sort()
    .map((name) => `${name}: ${status?.used?.[name] ?? '0'}/${status?.hard?.[name]}`)
    .join(', ');
}

function validateSpec(spec: ResourceQuotaSpec, at: Path): FieldError[] {
  return [
    ...validateQuotaAmounts(spec.hard, at.child('hard')),
    ...validateScopes(spec, at.child('scopes')),
    ...validateSelector(spec, at.child('scopeSelector.matchExpressions')),
  ];
}

function validateScopes({ scopes: named = [], hard }: ResourceQuotaSpec, at: Path): FieldError[] {
  const errors = named.flatMap((scope) => [
    ...(scopes.has(scope) ? [] : [invalid(at, named, 'unsupported scope')]),
    ...misplaced(scope, hard).map(() => invalid(at, named, 'unsupported scope applied to resource')),
  ]);
  return [...errors, ...conflicts(named).map(() => invalid(at, named, 'conflicting scopes'))];
}

function validateSelector({ scopeSelector, scopes: named, hard }: ResourceQuotaSpec, at: Path): FieldError[] {
  const terms = scopeSelector?.matchExpressions ?? [];
  const selector = goForm('core/v1.ScopeSelector', scopeSelector);
  const errors = terms.flatMap((term) => [
    ...(scopes.has(term.scopeName) ? [] : [invalid(at.child('scopeName'), term.scopeName, 'unsupported scope')]),
    ...misplaced(term.scopeName, hard).map(() => invalid(at, selector, 'unsupported scope applied to resource')),
    ...validateTerm(term, at),
  ]);
  const clashing = conflicts(terms.map(({ scopeName }) => scopeName));
  return [...errors, ...clashing.map(() => invalid(at, named, 'conflicting scopes'))];
}

function validateTerm({ scopeName, operator, values = [] }: ScopedResourceSelectorRequirement, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (bare.has(scopeName) && operator !== 'Exists') {
    const detail =
      "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, " +
      'ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity';
    errors.push(invalid(at.child('operator'), operator, detail));
  }
  if (operator === 'In' || operator === 'NotIn') {
    const detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
    if (values.length === 0) errors.push(required(at.child('values'), detail));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    const detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
    if (values.length > 0) errors.push(invalid(at.child('values'), values, detail));
  } else errors.push(invalid(at.child('operator'), operator, 'not a valid selector operator'));
  return errors;
}

/** The bounded resources that objects of a scope do not have. */
function misplaced(scope: string, hard: Record<string, string> = {}): string[] {
  if (!scopes.has(scope)) return [];
  let fitting = ofPods;
  if (scope === 'BestEffort') fitting = ofBestEffort;
  else if (scope === 'VolumeAttributesClass') fitting = ofClaims;
  return Object.keys(hard).filter((name) => isStandardQuotaName(name) && !fitting.has(name));
}

const conflicts = (named: readonly string[]) => excluding.filter((pair) => pair.every((each) => named.includes(each)));

const sameSet = (a: readonly string[], b: readonly string[]): boolean =>
  [...a, ...b].every((each) => a.includes(each) && b.includes(each));
