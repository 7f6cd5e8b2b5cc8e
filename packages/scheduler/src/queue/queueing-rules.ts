import type { Pod } from '@coracle/api/types/core/v1';
import type { ClusterEvent, EventInterest } from '../framework/events.ts';
import type { SeenEvent } from './in-flight.ts';
import type { QueuedPod } from './queued-pod.ts';

/** What to do with a refused pod after an event: leave it, retry it once its back-off is over, or retry it now. */
export type Strategy = 'not' | 'after-backoff' | 'immediately';

/** What the queue asks the profiles' plugins. */
export interface QueueingRules {
  less(a: QueuedPod, b: QueuedPod): boolean;
  /** The PreEnqueue plugin that keeps this pod out of the active queue, if any. */
  gate(pod: Pod): string | undefined;
  anyCares(event: ClusterEvent): boolean;
  worthRetrying(pod: QueuedPod, seen: SeenEvent): Strategy;
}

/** What one profile contributes: its sorting, its gates, and its plugins' interests by plugin. */
export interface ProfileRules {
  less(a: QueuedPod, b: QueuedPod): boolean;
  gate(pod: Pod): string | undefined;
  readonly interests: ReadonlyMap<string, readonly EventInterest[]>;
}

/** Joins the rules of all profiles; each pod goes by those of its `schedulerName`. `onHintError` hears of hints that threw. */
export function queueingRules(
  profiles: ReadonlyMap<string, ProfileRules>,
  onHintError: (plugin: string, error: unknown) => void,
): QueueingRules {
  const [first] = profiles.values();
  if (!first) throw new Error('at least one profile is required');
  const interesting = new Set<string>();
  for (const { interests } of profiles.values()) {
    for (const each of [...interests.values()].flat()) {
      for (const action of each.actions) interesting.add(`${each.resource}/${action}`);
    }
  }
  const profileOf = (pod: Pod) => profiles.get(pod.spec.schedulerName ?? 'default-scheduler');
  return {
    less: (a, b) => first.less(a, b),
    gate: (pod) => profileOf(pod)?.gate(pod),
    anyCares: (event) => interesting.has(`${event.resource}/${event.action}`),
    worthRetrying(queued, { event, before, after }) {
      const pod = queued.info.pod;
      const interests = profileOf(pod)?.interests;
      if (!interests) return 'not';
      if (queued.unschedulablePlugins.size === 0 && queued.pendingPlugins.size === 0) return 'after-backoff';
      let strategy: Strategy = 'not';
      for (const plugin of [...queued.pendingPlugins, ...queued.unschedulablePlugins]) {
        if (!interests.get(plugin)?.some((each) => helps(each, plugin))) continue;
        if (queued.pendingPlugins.has(plugin)) return 'immediately';
        strategy = 'after-backoff';
      }
      return strategy;

      function helps(interest: EventInterest, plugin: string): boolean {
        if (interest.resource !== event.resource || !interest.actions.includes(event.action)) return false;
        try {
          return interest.hint?.(pod, before, after) ?? true;
        } catch (error) {
          // Better one attempt too many than a pod that waits five minutes for a broken hint.
          onHintError(plugin, error);
          return true;
        }
      }
    },
  };
}
