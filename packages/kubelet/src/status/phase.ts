import type { ContainerStatus, Pod, PodPhase } from '@coracle/api/types/core/v1';
import { shouldRun } from '../pods/actions.ts';
import { type AnyContainer, isSidecar } from '../pods/names.ts';
import type { RuntimeContainer } from '../pods/runtime-pod.ts';

/** The phase that containers' states add up to. `terminating` pods restart nothing any more. */
export function phaseOf(
  pod: Pod,
  statuses: readonly ContainerStatus[],
  initStatuses: readonly ContainerStatus[],
  terminating: boolean,
): PodPhase {
  const { restartPolicy, initContainers = [], containers } = pod.spec;
  const begun = statuses.some((each) => each.state?.running || each.state?.terminated || each.lastState?.terminated);
  let pendingInit = 0;
  let failedInit = 0;
  for (const spec of initContainers) {
    const status = initStatuses.find((each) => each.name === spec.name);
    if (isSidecar(spec)) {
      if (!begun && !status?.started) pendingInit++;
      continue;
    }
    const ended = status?.state?.terminated ?? (status?.state?.waiting ? status.lastState?.terminated : undefined);
    if (status?.state?.terminated?.exitCode === 0) continue;
    if (ended && ended.exitCode !== 0 && status?.state?.terminated) failedInit++;
    else if (!begun) pendingInit++;
  }
  if (failedInit > 0 && (restartPolicy === 'Never' || terminating)) return 'Failed';

  let running = 0;
  let waiting = 0;
  let stopped = 0;
  let succeeded = 0;
  let restarting = 0;
  for (const spec of containers) {
    const status = statuses.find((each) => each.name === spec.name);
    if (status?.state?.running) running++;
    else if (status?.state?.terminated) {
      stopped++;
      if (status.state.terminated.exitCode === 0) succeeded++;
      if (willRestart(pod, spec, status.state.terminated.exitCode)) restarting++;
    } else if (status?.state?.waiting && status.lastState?.terminated) {
      stopped++;
      restarting++;
    } else waiting++;
  }
  if (pendingInit > 0 || failedInit > 0) return 'Pending';
  if (waiting > 0) return terminating && running === 0 && stopped > 0 ? 'Failed' : 'Pending';
  if (running > 0) return 'Running';
  if (stopped === 0) return 'Pending';
  if (restarting > 0 && !terminating) return 'Running';
  return stopped === succeeded ? 'Succeeded' : 'Failed';
}

function willRestart(pod: Pod, spec: AnyContainer, exitCode: number): boolean {
  return shouldRun(pod, spec, { state: 'exited', exitCode } as RuntimeContainer);
}
