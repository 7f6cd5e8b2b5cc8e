import type { ContainerStatus, Pod } from '../../generated/core/v1.ts';
import { humanDuration, parseTime } from '../../meta/time.ts';

/** What `kubectl get pods` shows of a pod: containers ready, the one-word status, and restarts. */
export interface PodSummary {
  ready: string;
  status: string;
  restarts: string;
}

/** Derives the READY, STATUS and RESTARTS cells of a pod as upstream's printer words them. `now` is in milliseconds. */
export function podSummary(pod: Pod, now: number): PodSummary {
  const spec = pod.spec;
  const status = pod.status ?? {};
  let reason: string = status.reason || status.phase || 'Unknown';
  let restarts = 0;
  let lastRestart = 0;
  let ready = 0;
  let total = spec.containers?.length ?? 0;

  if (status.conditions?.some((each) => each.type === 'PodScheduled' && each.reason === 'SchedulingGated'))
    reason = 'SchedulingGated';

  const sidecars = new Set(
    (spec.initContainers ?? []).filter((each) => each.restartPolicy === 'Always').map((each) => each.name),
  );
  total += sidecars.size;
  let initializing = false;
  const inits = status.initContainerStatuses ?? [];
  for (const [i, init] of inits.entries()) {
    restarts += init.restartCount;
    lastRestart = Math.max(lastRestart, finishedAt(init));
    const sidecar = sidecars.has(init.name);
    if (sidecar && init.started) {
      if (init.ready) ready++;
      continue;
    }
    if (initializing) continue;
    const { terminated, waiting } = init.state ?? {};
    if (terminated && terminated.exitCode === 0) continue;
    if (terminated) {
      reason = terminated.reason
        ? `Init:${terminated.reason}`
        : terminated.signal
          ? `Init:Signal:${terminated.signal}`
          : `Init:ExitCode:${terminated.exitCode}`;
    } else if (waiting?.reason && waiting.reason !== 'PodInitializing') {
      reason = `Init:${waiting.reason}`;
    } else {
      reason = `Init:${i}/${spec.initContainers?.length ?? 0}`;
    }
    initializing = true;
  }

  const initialized = status.conditions?.some((each) => each.type === 'Initialized' && each.status === 'True');
  if (!initializing || initialized) {
    let running = false;
    if (!initializing) {
      restarts = inits.filter((each) => sidecars.has(each.name)).reduce((sum, each) => sum + each.restartCount, 0);
      lastRestart = 0;
    }
    for (const container of [...(status.containerStatuses ?? [])].reverse()) {
      restarts += container.restartCount;
      lastRestart = Math.max(lastRestart, finishedAt(container));
      const { terminated, waiting, running: started } = container.state ?? {};
      if (waiting?.reason) reason = waiting.reason;
      else if (terminated?.reason) reason = terminated.reason;
      else if (terminated)
        reason = terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`;
      else if (container.ready && started) {
        running = true;
        ready++;
      }
    }
    if (reason === 'Completed' && running) {
      reason = status.conditions?.some((each) => each.type === 'Ready' && each.status === 'True')
        ? 'Running'
        : 'NotReady';
    }
  }

  if (pod.metadata.deletionTimestamp) {
    if (status.reason === 'NodeLost') reason = 'Unknown';
    else if (status.phase !== 'Failed' && status.phase !== 'Succeeded') reason = 'Terminating';
  }
  const shownRestarts =
    restarts > 0 && lastRestart > 0 ? `${restarts} (${humanDuration(now - lastRestart)} ago)` : String(restarts);
  return { ready: `${ready}/${total}`, status: reason, restarts: shownRestarts };
}

function finishedAt(container: ContainerStatus): number {
  const time = container.lastState?.terminated?.finishedAt;
  return time ? parseTime(time) : 0;
}

/** Whether the pod's Ready condition is True. */
export function isPodReady(pod: Pod): boolean {
  return pod.status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True') ?? false;
}

/** Whether the pod has ended for good: Succeeded or Failed. */
export function isPodTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}
