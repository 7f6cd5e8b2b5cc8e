import { qosClass } from '@coracle/api/core/v1/qos';
import { now as timeNow } from '@coracle/api/meta/time';
import type { ContainerStatus, Pod, PodStatus } from '@coracle/api/types/core/v1';
import type { RuntimePod } from '../pods/runtime-pod.ts';
import {
  containersReadyCondition,
  initializedCondition,
  mergeConditions,
  readyCondition,
  sandboxCondition,
} from './conditions.ts';
import { type ContainerFacts, containerStatuses } from './container-status.ts';
import { phaseOf } from './phase.ts';

export interface StatusFacts extends ContainerFacts {
  hostIPs: readonly string[];
  /** Why the kubelet itself ended the pod or did not take it (Evicted, DeadlineExceeded, OutOfcpu …). */
  verdict?: { reason: string; message: string };
  /** Whether nothing of the pod runs or will run any more. */
  ended: boolean;
  now?: string;
}

/** The status of a pod as the runtime and the probes show it. `old` is what was reported before; the pod's own is the API's. */
export function podStatus(pod: Pod, actual: RuntimePod, old: PodStatus, facts: StatusFacts): PodStatus {
  const { spec, metadata } = pod;
  const now = facts.now ?? timeNow();
  const inits = containerStatuses(pod, spec.initContainers ?? [], actual, old.initContainerStatuses ?? [], facts, true);
  const mains = containerStatuses(pod, spec.containers, actual, old.containerStatuses ?? [], facts, false);
  const ephemerals = containerStatuses(
    pod,
    spec.ephemeralContainers ?? [],
    actual,
    old.ephemeralContainerStatuses ?? [],
    facts,
    false,
  ).map((each) => ({ ...each, ready: false }));

  const final = old.phase === 'Failed' || old.phase === 'Succeeded';
  let phase = final ? old.phase! : phaseOf(pod, mains, inits, facts.terminating || facts.ended);
  // While containers run the pod is not over, whatever the verdict.
  if (!final && facts.verdict && (facts.ended || phase === 'Pending')) phase = 'Failed';
  else if (!final && facts.ended && phase !== 'Succeeded') phase = 'Failed';
  else if (!final && !facts.ended && (phase === 'Failed' || phase === 'Succeeded') && facts.terminating)
    phase = old.phase ?? 'Pending';

  const [sandbox] = actual.sandboxes;
  const sandboxUp = sandbox?.ready === true && (sandbox.hostNetwork || sandbox.ips.length > 0);
  const begun = mains.some(hasBegun);
  const containersReady = containersReadyCondition(pod, [...inits, ...mains], phase);
  const api = pod.status?.conditions ?? [];
  const conditions = mergeConditions(
    [
      { type: 'PodReadyToStartContainers', ...sandboxCondition(sandboxUp) },
      { type: 'Initialized', ...initializedCondition(pod, inits, begun, phase) },
      { type: 'Ready', ...readyCondition(pod, containersReady, api) },
      { type: 'ContainersReady', ...containersReady },
      // The scheduler's own word stands; static pods have none.
      { status: 'True', ...api.find((each) => each.type === 'PodScheduled'), type: 'PodScheduled' },
      ...disruption(facts.verdict),
    ],
    { reported: old.conditions ?? [], api },
    metadata.generation,
    now,
  );

  const ips = !sandboxUp ? [] : spec.hostNetwork ? facts.hostIPs : sandbox.ips;
  const podIPs = ips.length > 0 ? ips.map((ip) => ({ ip })) : old.podIPs;
  const verdict = facts.verdict ?? (final ? { reason: old.reason, message: old.message } : undefined);
  // A pod that the node did not take has no containers to tell of.
  const untouched = phase === 'Failed' && actual.sandboxes.length === 0 && !begun && !inits.some(hasBegun);
  return {
    phase,
    conditions,
    ...(verdict?.reason && { reason: verdict.reason }),
    ...(verdict?.message && { message: verdict.message }),
    ...(metadata.generation !== undefined && { observedGeneration: metadata.generation }),
    hostIP: facts.hostIPs[0],
    hostIPs: facts.hostIPs.map((ip) => ({ ip })),
    ...(podIPs?.length && { podIP: podIPs[0]!.ip, podIPs }),
    startTime: old.startTime ?? now,
    ...(inits.length > 0 && !untouched && { initContainerStatuses: inits }),
    ...(!untouched && { containerStatuses: mains.sort((a, b) => (a.name < b.name ? -1 : 1)) }),
    ...(ephemerals.length > 0 && { ephemeralContainerStatuses: ephemerals }),
    qosClass: qosClass(spec),
  };
}

const hasBegun = ({ state, lastState }: ContainerStatus): boolean =>
  Boolean(state?.running || state?.terminated || lastState?.terminated);

/** Says that a pod was ended for the node's sake, not its own (KEP-3329). */
function disruption(verdict: StatusFacts['verdict']) {
  if (verdict?.reason !== 'Evicted') return [];
  return [{ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message: verdict.message }];
}
