import { isMirror } from '@coracle/api/core/v1/static-pods';
import { messageOf } from '@coracle/api/meta/message-of';
import { controllerOf } from '@coracle/api/meta/owner';
import { isNotFound } from '@coracle/api/meta/status';
import type { Pod } from '@coracle/api/types/core/v1';

/** What a drain may do to pods. */
export interface DrainRules {
  readonly force: boolean;
  readonly ignoreDaemonSets: boolean;
  readonly deleteEmptyDirData: boolean;
  /** Seconds after which a pod that is being deleted is no longer waited for; 0: it always is. */
  readonly skipWaitSeconds: number;
  /** Reads the DaemonSet of a pod; throws where it cannot be read. */
  daemonSet(name: string, namespace: string): Promise<unknown>;
}

/** What becomes of a pod: it goes or stays, and what there is to say about it. */
export interface Decision {
  readonly goes: boolean;
  readonly warning?: string;
  /** Nothing is drained while a pod has one. */
  readonly error?: string;
}

const goes: Decision = { goes: true };
const stays: Decision = { goes: false };
const refused = (error: string): Decision => ({ goes: false, error });

/** Decides about one pod. */
export async function decide(pod: Pod, rules: DrainRules, now: number): Promise<Decision> {
  if (isLongGone(pod, rules.skipWaitSeconds, now)) return stays;
  const ofDaemonSet = await daemonSetDecision(pod, rules);
  if (ofDaemonSet && !ofDaemonSet.goes) return ofDaemonSet;
  // A mirror of a static pod: only its kubelet can end it.
  if (isMirror(pod)) return stays;
  if (hasEnded(pod)) return goes;
  if (pod.spec.volumes?.some((each) => each.emptyDir) && !rules.deleteEmptyDirData) {
    return refused('Pods with local storage (use --delete-emptydir-data to override)');
  }
  if (controllerOf(pod)) return goes;
  return rules.force
    ? { goes: true, warning: 'deleting Pods that declare no controller' }
    : refused('cannot delete Pods that declare no controller (use --force to override)');
}

/** Whether the pod has been on its way out for so long that nobody need wait for it. */
export function isLongGone({ metadata }: Pod, seconds: number, now: number): boolean {
  if (seconds <= 0 || !metadata.deletionTimestamp) return false;
  return Math.floor((now - Date.parse(metadata.deletionTimestamp)) / 1000) > seconds;
}

const hasEnded = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';

/** Pods of a DaemonSet stay: it would replace them at once. Those it left behind are treated as others are, with --force. */
async function daemonSetDecision(pod: Pod, rules: DrainRules): Promise<Decision | undefined> {
  const owner = controllerOf(pod);
  if (owner?.kind !== 'DaemonSet' || hasEnded(pod)) return undefined;
  try {
    await rules.daemonSet(owner.name, pod.metadata.namespace ?? '');
  } catch (error) {
    return isNotFound(error) && rules.force ? goes : refused(messageOf(error));
  }
  return rules.ignoreDaemonSets
    ? { goes: false, warning: 'ignoring DaemonSet-managed Pods' }
    : refused('DaemonSet-managed Pods (use --ignore-daemonsets to ignore)');
}

/** The texts of decisions, each with the pods it is about: `text: ns/a, ns/b`. */
export function grouped(decisions: ReadonlyMap<Pod, Decision>, what: 'warning' | 'error'): string[] {
  const pods = new Map<string, string[]>();
  for (const [pod, decision] of decisions) {
    const text = decision[what];
    if (text === undefined) continue;
    pods.set(text, [...(pods.get(text) ?? []), `${pod.metadata.namespace}/${pod.metadata.name}`]);
  }
  return [...pods].map(([text, names]) => `${text}: ${names.join(', ')}`);
}
