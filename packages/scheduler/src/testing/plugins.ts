import { selectorFrom } from '@coracle/api/meta/labels';
import type { Pod } from '@coracle/api/types/core/v1';
import { Snapshot } from '../cache/snapshot.ts';
import { FakeClock } from '../clock.ts';
import { CycleState } from '../framework/cycle-state.ts';
import type { Handle } from '../framework/handle.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import type { NodeScore, Plugin } from '../framework/plugin.ts';
import { podInfo } from '../framework/pod-info.ts';
import { WaitingPods } from '../framework/waiting-pods.ts';
import { Nominator } from '../queue/nominator.ts';

export interface Recorded {
  deleted: string[];
  patched: { pod: string; status: object }[];
  bound: { pod: string; node: string }[];
  events: { about: string; reason: string; message: string }[];
}

/** What plugins get, over given nodes; what they write is recorded. */
export function testHandle(nodes: readonly NodeInfo[], changes: Partial<Handle> = {}): Handle & { recorded: Recorded } {
  const recorded: Recorded = { deleted: [], patched: [], bound: [], events: [] };
  return {
    snapshot: Snapshot.of(nodes),
    listers: {
      pod: () => undefined,
      namespaceLabels: () => ({}),
      selectorsFor: () => [],
      disruptionBudgets: () => [],
    },
    pods: {
      bind: async (pod, node) => void recorded.bound.push({ pod: pod.metadata.name!, node }),
      patchStatus: async (pod, status) => void recorded.patched.push({ pod: pod.metadata.name!, status }),
      delete: async (pod) => void recorded.deleted.push(pod.metadata.name!),
    },
    nominator: new Nominator(),
    waitingPods: new WaitingPods(),
    event: (about, _type, reason, message) => recorded.events.push({ about: about.metadata.name!, reason, message }),
    clock: new FakeClock(),
    random: () => 0,
    whatIf: { filterWithNominated: () => undefined, addPod: () => {}, removePod: () => {} },
    recorded,
    ...changes,
  };
}

/** Runs a plugin's PreFilter and Filter for every node; the reasons of those that refuse, `ok` for those that accept. */
export function filterAll(plugin: Plugin, pod: Pod, nodes: readonly NodeInfo[]): Record<string, string> {
  const state = new CycleState();
  const info = podInfo(pod);
  const before = plugin.preFilter?.(state, info, nodes);
  const skipped = before?.status?.code === 'Skip';
  if (before?.status && !skipped) return { prefilter: before.status.message };
  return Object.fromEntries(
    nodes.map((node) => {
      const verdict = skipped ? undefined : plugin.filter!(state, info, node);
      return [node.name, verdict ? verdict.message : 'ok'];
    }),
  );
}

/** Runs a plugin's PreScore, Score and NormalizeScore over the nodes; undefined when it skips. */
export function scoreAll(plugin: Plugin, pod: Pod, nodes: readonly NodeInfo[]): Record<string, number> | undefined {
  const state = new CycleState();
  const info = podInfo(pod);
  if (plugin.preScore?.(state, info, nodes)?.code === 'Skip') return undefined;
  const scores: NodeScore[] = nodes.map((node) => ({ node, score: plugin.score!(state, info, node) }));
  plugin.normalizeScore?.(state, info, scores);
  return Object.fromEntries(scores.map(({ node, score }) => [node.name, score]));
}

/** Whether a plugin wants a pod it refused retried after an event. */
export function wantsRetry(
  plugin: Plugin,
  event: string,
  { pod, before, after }: { pod: Pod; before?: unknown; after?: unknown },
): boolean {
  return (plugin.interests?.() ?? []).some(
    (each) =>
      each.actions.some((action) => `${each.resource}/${action}` === event) &&
      (each.hint?.(pod, before, after) ?? true),
  );
}

export const selects = (labels: Record<string, string>) => selectorFrom({ matchLabels: labels });
