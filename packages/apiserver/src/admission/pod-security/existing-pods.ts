import { setImmediate as nextTurn } from 'node:timers/promises';
import { pod as podKind } from '@coracle/api/core/v1/pod';
import { controllerOf } from '@coracle/api/meta/owner';
import type { Pod } from '@coracle/api/types/core/v1';
import type { Attributes } from '../plugin.ts';
import { evaluate, reasonsOf } from './evaluate.ts';
import { type Standard, standardText } from './standard.ts';

/** At most so many pods are looked at, */
const mostPods = 3000;
/** for so long (ms), or half of what is left of the request's time. */
const longest = 1000;
/** Others get their turn after so many. */
const atOnce = 50;

/** What to warn of where a namespace is to enforce a standard that pods in it do not meet. They go on running. */
export async function warningsOfExistingPods(
  { objects, namespace, deadline, signal }: Attributes,
  standard: Standard,
  isExempt: (pod: Pod) => boolean,
): Promise<string[]> {
  const now = Date.now();
  const end = Math.min(now + longest, deadline === undefined ? Number.POSITIVE_INFINITY : now + (deadline - now) / 2);
  const pods = firstOfEach(objects.cachedList(podKind, namespace).filter((pod) => !isExempt(pod)));
  const names = new Map<string, string[]>();
  let checked = 0;
  for (const { metadata, spec } of pods.slice(0, mostPods)) {
    const reasons = reasonsOf(evaluate(standard, { metadata, spec }));
    if (reasons !== '') names.set(reasons, (names.get(reasons) ?? []).concat(metadata.name ?? ''));
    checked++;
    if (Date.now() >= end || signal?.aborted) break;
    if (checked % atOnce === 0) await nextTurn();
  }
  const ofPods = [...names].map(([reasons, bad]) => `${named(bad)}: ${reasons}`).sort();
  return [
    ...(checked < pods.length
      ? [`new PodSecurity enforce level only checked against the first ${checked} of ${pods.length} existing pods`]
      : []),
    ...(ofPods.length > 0
      ? [
          `existing pods in namespace "${namespace}" violate the new PodSecurity enforce level "${standardText(standard)}"`,
        ]
      : []),
    ...ofPods,
  ];
}

/** Pods of a controller are mostly alike: its first one comes before the second ones of all. */
function firstOfEach(pods: readonly Pod[]): Pod[] {
  const seen = new Set<string>();
  const later: Pod[] = [];
  const first = pods.filter((pod) => {
    const uid = controllerOf(pod)?.uid;
    if (uid === undefined || !seen.has(uid)) {
      if (uid !== undefined) seen.add(uid);
      return true;
    }
    later.push(pod);
    return false;
  });
  return [...first, ...later];
}

/** `a`, `a (and 1 other pod)`, `a (and 2 other pods)`. */
function named(names: readonly string[]): string {
  const [first] = [...names].sort();
  const others = names.length - 1;
  if (others === 0) return first!;
  return `${first} (and ${others} other ${others === 1 ? 'pod' : 'pods'})`;
}
