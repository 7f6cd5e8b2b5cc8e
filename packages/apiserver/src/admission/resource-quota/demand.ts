import type { KubeObject } from '@coracle/api/kind';
import { type Amounts, formatResources, parseResources } from '@coracle/api/meta/resources';
import type { Evaluator } from '@coracle/api/quota/evaluator';
import { scopeTerms } from '@coracle/api/quota/scopes';
import { boundNames, masked } from '@coracle/api/quota/usage';
import type { ResourceQuota, ScopedResourceSelectorRequirement } from '@coracle/api/types/core/v1';
import type { Attributes } from '../plugin.ts';
import { refused } from '../refusal.ts';
import type { LimitedResource } from './configuration.ts';

interface Used {
  readonly object: KubeObject;
  readonly usage: Amounts;
}

/** A write that may use more of a namespace. */
export interface Demand {
  readonly attributes: Attributes;
  readonly evaluator: Evaluator;
  readonly after: Used;
  /** What an update replaces, and has been charged for. */
  readonly before: Used | undefined;
}

/** The demand of a write. Throws the 403 of one that uses less than nothing. */
export function demandOf(attributes: Attributes, evaluator: Evaluator, now: number): Demand {
  const { object, oldObject } = attributes;
  const used = (it: KubeObject): Used => ({ object: it, usage: evaluator.usage(it, now) });
  const after = used(object!);
  const negative = [...after.usage].filter(([, amount]) => amount.sign() < 0).map(([name]) => name);
  if (negative.length > 0) {
    throw refused(attributes, `quota usage is negative for resource(s): ${negative.sort().join(',')}`);
  }
  return { attributes, evaluator, after, before: oldObject && used(oldObject) };
}

/**
 * What a demand is charged to a quota, without what stays as it is: never less than nothing, as only a count of what is there tells what has
 * become free. Undefined: the quota is not about it. Throws the 403 where the object does not say what it must, or it is not known what is used.
 */
export function chargeOf(quota: ResourceQuota, demand: Demand): Amounts | undefined {
  const { attributes, evaluator, after, before } = demand;
  const { hard = {}, used = {} } = quota.status ?? {};
  const names = boundNames(evaluator, quota.spec, hard, after.object);
  if (names.length === 0) return undefined;
  const missing = evaluator.missing?.(after.object, names);
  if (missing !== undefined) throw refused(attributes, `failed quota: ${quota.metadata.name}: ${missing}`);
  if (names.some((name) => used[name] === undefined)) {
    const resources = names.sort().join(',');
    throw refused(attributes, `status unknown for quota: ${quota.metadata.name}, resources: ${resources}`);
  }
  const charged =
    before && boundNames(evaluator, quota.spec, hard, before.object).length > 0 ? before.usage : undefined;
  return increase(masked(after.usage, names), charged);
}

function increase(after: Amounts, before: Amounts | undefined): Amounts {
  const more: Amounts = new Map();
  for (const [name, amount] of after) {
    const known = before?.get(name);
    const difference = known ? amount.sub(known) : amount;
    if (difference.sign() > 0) more.set(name, difference);
  }
  return more;
}

/** Throws the 403 of a demand whose charge does not fit in what a quota has left, by what is used so far. */
export function refuseExcess(
  { metadata, status }: ResourceQuota,
  used: Amounts,
  charge: Amounts,
  demand: Demand,
): void {
  const hard = parseResources(status?.hard);
  const beyond = [...charge].filter(([name, amount]) => {
    const sum = used.get(name)?.add(amount) ?? amount;
    return sum.cmp(hard.get(name)!) > 0;
  });
  if (beyond.length === 0) return;
  const names = beyond.map(([name]) => name);
  const [requested, taken, limited] = [charge, used, hard].map((amounts) => shown(masked(amounts, names)));
  const why = `requested: ${requested}, used: ${taken}, limited: ${limited}`;
  throw refused(demand.attributes, `exceeded quota: ${metadata.name}, ${why}`);
}

const shown = (amounts: Amounts): string =>
  Object.entries(formatResources(amounts))
    .map(([name, amount]) => `${name}=${amount}`)
    .sort()
    .join(',');

/**
 * Throws the 403 of a demand for what may only be used where a quota bounds it, and none does (`limitedResources` of the plugin's
 * configuration).
 */
export function refuseUncovered(
  quotas: readonly ResourceQuota[],
  demand: Demand,
  limits: readonly LimitedResource[],
): void {
  const { attributes, evaluator, after, before } = demand;
  const { group, resource } = attributes;
  const about = limits.filter((each) => each.apiGroup === group && each.resource === resource);
  if (about.length === 0 || increase(after.usage, before?.usage).size === 0) return;
  const used = [...after.usage].filter(([, amount]) => amount.sign() > 0).map(([name]) => name);
  const limited = used.filter((name) =>
    about.some(({ matchContains }) => matchContains.some((part) => name.includes(part))),
  );
  const covered = quotas.flatMap(({ spec, status }) => boundNames(evaluator, spec, status?.hard ?? {}, after.object));
  const bare = limited.filter((name) => !covered.includes(name));
  if (bare.length > 0) throw refused(attributes, `insufficient quota to consume: ${bare.sort().join(',')}`);
  const within = (terms: readonly ScopedResourceSelectorRequirement[]) =>
    terms.filter((term) => evaluator.inScope?.(after.object, term));
  const scopes = new Set(quotas.flatMap(({ spec }) => within(scopeTerms(spec)).map(({ scopeName }) => scopeName)));
  const open = about
    .flatMap(({ matchScopes }) => within(matchScopes))
    .filter(({ scopeName }) => !scopes.has(scopeName));
  if (open.length === 0) return;
  const terms = open.map(({ scopeName, operator, values = [] }) => `{${scopeName} ${operator} [${values.join(' ')}]}`);
  throw refused(attributes, `insufficient quota to match these scopes: [${terms.join(' ')}]`);
}
