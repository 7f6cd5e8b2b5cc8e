import type { ContainerStatus, Pod, PodCondition, PodPhase } from '@coracle/api/types/core/v1';
import { isSidecar } from '../pods/names.ts';

/** The conditions that the kubelet alone decides; others on the pod belong to others. */
export const ownedConditions = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady'] as const;

type Bare = Pick<PodCondition, 'status' | 'reason' | 'message'>;

const yes: Bare = { status: 'True' };
const no = (reason: string, message?: string): Bare => ({ status: 'False', reason, ...(message && { message }) });

/** Whether the pod's sandbox is up and has its network. */
export function sandboxCondition(ready: boolean): Bare {
  return { status: ready ? 'True' : 'False' };
}

export function initializedCondition(
  pod: Pod,
  statuses: readonly ContainerStatus[],
  begun: boolean,
  phase: PodPhase,
): Bare {
  const specs = pod.spec.initContainers ?? [];
  if (begun) return yes;
  const incomplete: string[] = [];
  const unknown: string[] = [];
  for (const spec of specs) {
    const status = statuses.find((each) => each.name === spec.name);
    if (!status) unknown.push(spec.name);
    else if (isSidecar(spec) ? !status.started : !status.ready) incomplete.push(spec.name);
  }
  if (phase === 'Succeeded' && unknown.length === 0) return { status: 'True', reason: 'PodCompleted' };
  const messages = [
    ...(unknown.length > 0 ? [`containers with unknown status: [${unknown.join(' ')}]`] : []),
    ...(incomplete.length > 0 ? [`containers with incomplete status: [${incomplete.join(' ')}]`] : []),
  ];
  return messages.length > 0 ? no('ContainersNotInitialized', messages.join(', ')) : yes;
}

export function containersReadyCondition(pod: Pod, statuses: readonly ContainerStatus[], phase: PodPhase): Bare {
  if (phase === 'Failed') return no('PodFailed');
  if (phase === 'Succeeded') return no('PodCompleted');
  const specs = [...(pod.spec.initContainers ?? []).filter(isSidecar), ...pod.spec.containers];
  const unready: string[] = [];
  const unknown: string[] = [];
  for (const { name } of specs) {
    const status = statuses.find((each) => each.name === name);
    if (!status) unknown.push(name);
    else if (!status.ready) unready.push(name);
  }
  const messages = [
    ...(unknown.length > 0 ? [`containers with unknown status: [${unknown.join(' ')}]`] : []),
    ...(unready.length > 0 ? [`containers with unready status: [${unready.join(' ')}]`] : []),
  ];
  return messages.length > 0 ? no('ContainersNotReady', messages.join(', ')) : yes;
}

/** Ready: all containers are, and every readiness gate says so (KEP-580). `conditions` are those on the API's pod. */
export function readyCondition(pod: Pod, containersReady: Bare, conditions: readonly PodCondition[]): Bare {
  if (containersReady.status !== 'True') return containersReady;
  const messages: string[] = [];
  for (const { conditionType } of pod.spec.readinessGates ?? []) {
    const found = conditions.find((each) => each.type === conditionType);
    if (!found) messages.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`);
    else if (found.status !== 'True') {
      messages.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${found.status}`);
    }
  }
  return messages.length > 0 ? no('ReadinessGatesNotReady', messages.join(', ')) : yes;
}

/**
 * Joins the kubelet's conditions with those there were: what did not change keeps its time (of the last report, or of the API's pod),
 * and what others own stays as the API has it.
 */
export function mergeConditions(
  made: readonly (Bare & { type: string })[],
  before: { reported: readonly PodCondition[]; api: readonly PodCondition[] },
  generation: number | undefined,
  now: string,
): PodCondition[] {
  const known = (type: string): PodCondition | undefined =>
    before.reported.find((each) => each.type === type) ?? before.api.find((each) => each.type === type);
  const own = made.map((condition): PodCondition => {
    const last = known(condition.type);
    const unchanged = last?.status === condition.status && last.lastTransitionTime;
    return {
      ...condition,
      lastTransitionTime: unchanged ? last.lastTransitionTime : now,
      ...(generation !== undefined && { observedGeneration: generation }),
    };
  });
  return [...own, ...before.api.filter((each) => !made.some((other) => other.type === each.type))];
}
