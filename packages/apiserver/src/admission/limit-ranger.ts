import { limitRange } from '@coracle/api/core/v1/limitrange';
import { podResources } from '@coracle/api/core/v1/pod-resources';
import { Quantity } from '@coracle/api/meta/quantity';
import type { Amounts } from '@coracle/api/meta/resources';
import { parseResources } from '@coracle/api/meta/resources';
import { aggregate } from '@coracle/api/meta/status';
import type { Container, LimitRange, LimitRangeItem, PersistentVolumeClaim, Pod } from '@coracle/api/types/core/v1';
import { TtlCache } from '../chain/ttl-cache.ts';
import type { AdmissionPlugin, Attributes } from './plugin.ts';
import { isCore, refused } from './refusal.ts';

const annotation = 'kubernetes.io/limit-ranger';
/** How long (ms) it is remembered that a namespace had no ranges, and of how many namespaces: upstream's. */
const remembered = 30_000;
const mostNamespaces = 10_000;

/**
 * LimitRanger: gives containers the amounts their namespace has for those that state none, and refuses containers, pods and claims
 * beyond its bounds (https://kubernetes.io/docs/concepts/policy/limit-range/).
 */
export function limitRanger(): AdmissionPlugin {
  const rangesOf = rangeLookup();
  return {
    name: 'LimitRanger',
    async mutate(attributes) {
      if (!concerns(attributes) || !isCore(attributes, 'pods')) return;
      for (const range of await rangesOf(attributes)) applyDefaults(attributes.object as Pod, range);
    },
    async validate(attributes) {
      if (!concerns(attributes)) return;
      for (const range of await rangesOf(attributes)) {
        const errors = isCore(attributes, 'pods')
          ? podErrors(attributes.object as Pod, range)
          : claimErrors(attributes.object as PersistentVolumeClaim, range);
        if (errors.length > 0) throw refused(attributes, aggregate(errors));
      }
    },
  };
}

/** A namespace's ranges: from the cache, and where that has none, with all that was written before, so that a range binds as soon as it is made. */
function rangeLookup(): (attributes: Attributes) => Promise<LimitRange[]> {
  const without = new TtlCache<true>(mostNamespaces);
  return async ({ objects, namespace }) => {
    const cached = objects.cachedList(limitRange, namespace);
    if (cached.length > 0 || without.get(namespace)) return cached;
    const found = await objects.list(limitRange, namespace);
    if (found.length === 0) without.set(namespace, true, remembered);
    return found;
  };
}

/** What containers ask for changes only by a resize once the pod is there. */
function concerns(attributes: Attributes): boolean {
  const { operation, subresource, oldObject } = attributes;
  if (operation !== 'CREATE' && operation !== 'UPDATE') return false;
  if (operation === 'UPDATE' && oldObject?.metadata.deletionTimestamp) return false;
  if (isCore(attributes, 'pods')) return subresource === (operation === 'CREATE' ? '' : 'resize');
  return isCore(attributes, 'persistentvolumeclaims') && subresource === '';
}

function applyDefaults(pod: Pod, { spec }: LimitRange): void {
  const item = spec.limits?.find(({ type }) => type === 'Container');
  if (!item) return;
  const notes = [
    ...(pod.spec.containers ?? []).flatMap((each) => fillIn(each, item, 'container')),
    ...(pod.spec.initContainers ?? []).flatMap((each) => fillIn(each, item, 'init container')),
  ];
  if (notes.length === 0) return;
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    [annotation]: `LimitRanger plugin set: ${notes.join('; ')}`,
  };
}

/** Fills in what a container does not state; returns what the pod's annotation is to say of it. */
function fillIn(container: Container, item: LimitRangeItem, noun: string): string[] {
  const resources = container.resources ?? {};
  const notes: string[] = [];
  for (const [field, word, amounts] of [
    ['requests', 'request', item.defaultRequest],
    ['limits', 'limit', item.default],
  ] as const) {
    const missing = Object.keys(amounts ?? {}).filter((name) => resources[field]?.[name] === undefined);
    if (missing.length === 0) continue;
    resources[field] = { ...resources[field], ...Object.fromEntries(missing.map((name) => [name, amounts![name]!])) };
    notes.push(`${missing.sort().join(', ')} ${word} for ${noun} ${container.name}`);
  }
  container.resources = resources;
  return notes;
}

function podErrors({ spec }: Pod, range: LimitRange): string[] {
  return (range.spec.limits ?? []).flatMap((item) => {
    if (item.type === 'Pod') return boundErrors(item, podResources(spec, 'requests'), podResources(spec, 'limits'));
    if (item.type !== 'Container') return [];
    return [...(spec.containers ?? []), ...(spec.initContainers ?? [])].flatMap(({ resources }) =>
      boundErrors(item, parseResources(resources?.requests), parseResources(resources?.limits)),
    );
  });
}

/** Claims have no limits: both bounds are for what they request. */
function claimErrors({ spec }: PersistentVolumeClaim, range: LimitRange): string[] {
  const requests = parseResources(spec.resources?.requests);
  const items = (range.spec.limits ?? []).filter(({ type }) => type === 'PersistentVolumeClaim');
  return items.flatMap((item) => [
    ...each(item.min, (name, min) => bound('minimum', item, name, min, requests.get(name), undefined, 'request')),
    ...each(item.max, (name, max) => bound('maximum', item, name, max, requests.get(name), undefined, 'request')),
  ]);
}

function boundErrors(item: LimitRangeItem, requests: Amounts, limits: Amounts): string[] {
  return [
    ...each(item.min, (name, min) =>
      bound('minimum', item, name, min, requests.get(name), limits.get(name), 'request'),
    ),
    ...each(item.max, (name, max) => bound('maximum', item, name, max, limits.get(name), requests.get(name), 'limit')),
    ...each(item.maxLimitRequestRatio, (name, most) => ratio(item, name, most, requests.get(name), limits.get(name))),
  ];
}

function each(
  list: Record<string, string> | undefined,
  check: (name: string, amount: Quantity) => string | undefined,
): string[] {
  return Object.entries(list ?? {}).flatMap(([name, text]) => check(name, Quantity.parse(text)) ?? []);
}

/** What is wrong with an amount that must be stated (`first`, called `noun`), or with the one that may be beside it. */
function bound(
  side: 'minimum' | 'maximum',
  { type }: LimitRangeItem,
  name: string,
  enforced: Quantity,
  first: Quantity | undefined,
  second: Quantity | undefined,
  noun: 'request' | 'limit',
): string | undefined {
  const start = `${side} ${name} usage per ${type} is ${enforced}`;
  const beyond = side === 'minimum' ? -1 : 1;
  if (!first) return `${start}.  No ${noun} is specified`;
  if (first.cmp(enforced) === beyond) return `${start}, but ${noun} is ${first}`;
  const other = noun === 'request' ? 'limit' : 'request';
  if (second?.cmp(enforced) === beyond) return `${start}, but ${other} is ${second}`;
  return undefined;
}

function ratio(
  { type }: LimitRangeItem,
  name: string,
  most: Quantity,
  request: Quantity | undefined,
  limit: Quantity | undefined,
): string | undefined {
  const start = `${name} max limit to request ratio per ${type} is ${most}`;
  if (!request || request.isZero()) return `${start}, but no request is specified or request is 0`;
  if (!limit || limit.isZero()) return `${start}, but no limit is specified or limit is 0`;
  const provided = limit.toNumber() / request.toNumber();
  return provided > most.toNumber() ? `${start}, but provided ratio is ${provided.toFixed(6)}` : undefined;
}
