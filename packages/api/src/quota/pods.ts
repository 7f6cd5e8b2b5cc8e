import { podResources } from '../core/v1/pod-resources.ts';
import { qosClass } from '../core/v1/qos.ts';
import { isExtendedName, isHugePages } from '../core/v1/quota-names.ts';
import type { Container, Pod, PodAffinityTerm, ScopedResourceSelectorRequirement } from '../generated/core/v1.ts';
import { type Amounts, addResources, maxResources, parseResources } from '../meta/resources.ts';
import { parseTime } from '../meta/time.ts';
import { one } from './counts.ts';
import type { Evaluator } from './evaluator.ts';
import { selects } from './scopes.ts';

const computed = ['cpu', 'memory', 'ephemeral-storage'];
const bounded = new Set([
  'count/pods',
  'pods',
  ...computed.flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
]);
/** Bounds of these make every container state the amount. */
const demanded = new Set(['cpu', 'memory'].flatMap((name) => [name, `requests.${name}`, `limits.${name}`]));

/** Pods count by themselves and by all they request and are limited to, as long as they run. */
export const podEvaluator: Evaluator = {
  bounds: (name) =>
    bounded.has(name) ||
    isHugePages(name) ||
    name.startsWith('requests.hugepages-') ||
    (name.startsWith('requests.') && name.includes('/') && !name.includes('kubernetes.io/')),
  usage(object, now) {
    const pod = object as Pod;
    const usage: Amounts = new Map([['count/pods', one]]);
    if (hasEnded(pod, now)) return usage;
    return addResources(
      usage,
      quotaNames(
        podResources(pod.spec, 'requests', held(pod, 'requests')),
        podResources(pod.spec, 'limits', held(pod, 'limits')),
      ),
    );
  },
  inScope: (object, term) => inScope(object as Pod, term),
  missing(object, names) {
    const { spec } = object as Pod;
    const wanted = names.filter((name) => demanded.has(name) && !stated(spec.resources).has(name)).sort();
    const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
    const said = wanted.flatMap((name) => {
      const silent = containers.filter(({ resources }) => !stated(resources).has(name)).map((each) => each.name);
      return silent.length === 0 ? [] : [`${name} for: ${[...new Set(silent)].sort().join(',')}`];
    });
    return said.length === 0 ? undefined : `must specify ${said.join('; ')}`;
  },
  charges: (operation, subresource) =>
    (operation === 'CREATE' && subresource === '') || (operation === 'UPDATE' && subresource === 'resize'),
};

/** A pod that has come to its end, or should have long ago (its node may be lost), holds nothing but its name. */
function hasEnded({ metadata, status }: Pod, now: number): boolean {
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return true;
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  if (!deletionTimestamp || deletionGracePeriodSeconds === undefined) return false;
  return now > parseTime(deletionTimestamp) + deletionGracePeriodSeconds * 1000;
}

/** What a container is charged: the most of what it asks for and what it still has, until a resize is done (KEP-1287). */
function held({ status, spec }: Pod, which: 'requests' | 'limits'): (container: Container) => Amounts {
  const states = new Map(
    [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].map((each) => [each.name, each]),
  );
  const infeasible = status?.conditions?.some(
    ({ type, reason }) => type === 'PodResizePending' && reason === 'Infeasible',
  );
  const once = new Set((spec.initContainers ?? []).filter((each) => each.restartPolicy !== 'Always'));
  return (container) => {
    const asked = parseResources(container.resources?.[which]);
    const state = once.has(container) ? undefined : states.get(container.name);
    if (!state?.resources) return asked;
    const has = parseResources(state.resources[which]);
    if (which === 'requests') maxResources(has, parseResources(state.allocatedResources));
    return infeasible ? has : maxResources(has, asked);
  };
}

/** Amounts under the names quotas bound them by: `cpu` is `requests.cpu`, and limits have only their own. */
function quotaNames(requests: Amounts, limits: Amounts): Amounts {
  const usage: Amounts = new Map([['pods', one]]);
  for (const [name, amount] of requests) {
    const isPlain = computed.includes(name) || isHugePages(name);
    if (isPlain) usage.set(name, amount);
    if (isPlain || isExtendedName(name)) usage.set(`requests.${name}`, amount);
  }
  for (const [name, amount] of limits) if (computed.includes(name)) usage.set(`limits.${name}`, amount);
  return usage;
}

const stated = (resources: Container['resources']): Amounts =>
  quotaNames(parseResources(resources?.requests), parseResources(resources?.limits));

function inScope(pod: Pod, term: ScopedResourceSelectorRequirement): boolean {
  const { spec, status } = pod;
  const isTerminating = spec.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds >= 0;
  const isBestEffort = () => (status?.qosClass || qosClass(spec)) === 'BestEffort';
  switch (term.scopeName) {
    case 'Terminating':
      return isTerminating;
    case 'NotTerminating':
      return !isTerminating;
    case 'BestEffort':
      return isBestEffort();
    case 'NotBestEffort':
      return !isBestEffort();
    case 'PriorityClass':
      return selects(term, spec.priorityClassName ? [spec.priorityClassName] : []);
    case 'CrossNamespacePodAffinity':
      return affinityTerms(pod).some(
        ({ namespaces = [], namespaceSelector }) => namespaces.length > 0 || namespaceSelector,
      );
    default:
      return false;
  }
}

function affinityTerms({ spec }: Pod): PodAffinityTerm[] {
  return [spec.affinity?.podAffinity, spec.affinity?.podAntiAffinity].flatMap((each) => [
    ...(each?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(each?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ]);
}
