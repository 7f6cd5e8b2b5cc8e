import { formatTime } from '@coracle/api/meta/time';
import type { ContainerState, ContainerStatus, Pod } from '@coracle/api/types/core/v1';
import { shouldRun } from '../pods/actions.ts';
import { type AnyContainer, isSidecar } from '../pods/names.ts';
import type { RuntimeContainer, RuntimePod } from '../pods/runtime-pod.ts';

/** What else than the runtime's word goes into container statuses. */
export interface ContainerFacts {
  /** `containerd`: the scheme of container IDs. */
  runtimeName: string;
  /** Why a container of this name could not be started at the last try. */
  waiting(name: string): { reason: string; message: string } | undefined;
  /** Whether the readiness probe is content; true without one. */
  ready(container: AnyContainer, id: string): boolean;
  /** Whether the startup probe has succeeded; true without one. */
  started(container: AnyContainer, id: string): boolean;
  /** Whether the pod is ending: what has no trace then never will have one. */
  terminating: boolean;
}

/** The statuses of one list of containers, in the order of the spec. `old` are those last reported. */
export function containerStatuses(
  pod: Pod,
  specs: readonly AnyContainer[],
  actual: RuntimePod,
  old: readonly ContainerStatus[],
  facts: ContainerFacts,
  init: boolean,
): ContainerStatus[] {
  return specs.map((spec) =>
    one(
      pod,
      spec,
      actual,
      old.find((each) => each.name === spec.name),
      facts,
      init,
    ),
  );
}

function one(
  pod: Pod,
  spec: AnyContainer,
  actual: RuntimePod,
  old: ContainerStatus | undefined,
  facts: ContainerFacts,
  init: boolean,
): ContainerStatus {
  const [newest, previous] = actual.containers.filter((each) => each.name === spec.name);
  const waiting = facts.waiting(spec.name);
  const status = newest ? ofContainer(spec, newest, facts) : ofNone(pod, spec, old, facts, init);
  if (previous && previous.state === 'exited') status.lastState = { terminated: terminated(previous, facts) };
  else if (newest && old?.lastState && newest.restartCount === old.restartCount) status.lastState = old.lastState;

  // A container that ended and could not be started again waits; its end moves to lastState.
  if (waiting && !status.state?.running && shouldRun(pod, spec, newest)) {
    if (status.state?.terminated) status.lastState = status.state;
    status.state = { waiting: { reason: waiting.reason, ...(waiting.message && { message: waiting.message }) } };
    status.ready = false;
  }
  status.started = newest?.state === 'running' && facts.started(spec, newest.id);
  if (init && !isSidecar(spec)) status.ready = status.state?.terminated?.exitCode === 0;
  else status.ready = status.state?.running !== undefined && status.started && facts.ready(spec, newest!.id);
  addSpecFacts(status, spec, newest);
  return status;
}

function ofContainer(spec: AnyContainer, container: RuntimeContainer, facts: ContainerFacts): ContainerStatus {
  return {
    name: spec.name,
    state: stateOf(container, facts),
    lastState: {},
    ready: false,
    restartCount: container.restartCount,
    image: container.image || spec.image || '',
    imageID: container.imageId,
    containerID: idText(container, facts),
  };
}

/** A container the runtime has no trace of: not started yet, or lost. */
function ofNone(
  pod: Pod,
  spec: AnyContainer,
  old: ContainerStatus | undefined,
  facts: ContainerFacts,
  init: boolean,
): ContainerStatus {
  const reason = pod.spec.initContainers?.length ? 'PodInitializing' : 'ContainerCreating';
  const status: ContainerStatus = {
    name: spec.name,
    state: { waiting: { reason } },
    lastState: {},
    ready: false,
    restartCount: old?.restartCount ?? 0,
    image: spec.image ?? '',
    imageID: old?.imageID ?? '',
  };
  if (!old) return status;
  status.lastState = old.lastState ?? {};
  if (old.state?.terminated && (init || facts.terminating || !shouldRunAgain(pod, spec, old))) {
    return { ...status, state: old.state, containerID: old.containerID, image: old.image };
  }
  if (!old.state?.running) return status;
  const lost: ContainerState = {
    terminated: {
      reason: 'ContainerStatusUnknown',
      message: facts.terminating
        ? 'The container could not be located when the pod was terminated'
        : 'The container could not be located when the pod was deleted.  The container used to be Running',
      exitCode: 137,
      startedAt: undefined,
      finishedAt: undefined,
    },
  };
  if (facts.terminating) return { ...status, state: lost, containerID: old.containerID };
  return { ...status, lastState: lost, restartCount: old.restartCount + 1 };
}

function shouldRunAgain(pod: Pod, spec: AnyContainer, old: ContainerStatus): boolean {
  const exitCode = old.state?.terminated?.exitCode ?? 0;
  return shouldRun(pod, spec, { state: 'exited', exitCode } as RuntimeContainer);
}

function stateOf(container: RuntimeContainer, facts: ContainerFacts): ContainerState {
  switch (container.state) {
    case 'running':
      return { running: { startedAt: formatTime(container.startedAt) } };
    case 'exited':
      return { terminated: terminated(container, facts) };
    default:
      return { waiting: {} };
  }
}

function terminated(container: RuntimeContainer, facts: ContainerFacts): NonNullable<ContainerState['terminated']> {
  const { message } = container;
  return {
    exitCode: container.exitCode,
    reason: container.reason || (container.exitCode === 0 ? 'Completed' : 'Error'),
    ...(message && { message }),
    startedAt: formatTime(container.startedAt),
    finishedAt: formatTime(container.finishedAt),
    containerID: idText(container, facts),
  };
}

const idText = ({ id }: RuntimeContainer, { runtimeName }: ContainerFacts): string => `${runtimeName}://${id}`;

/** What the status repeats of the spec as it is in force: resources (KEP-1287), mounts (KEP-3857), and the user (KEP-3619). */
function addSpecFacts(status: ContainerStatus, spec: AnyContainer, container: RuntimeContainer | undefined): void {
  const { requests, limits } = spec.resources ?? {};
  if (container?.state === 'running') {
    if (requests) status.allocatedResources = { ...requests };
    status.resources = { ...(limits && { limits: { ...limits } }), ...(requests && { requests: { ...requests } }) };
    if (container.user) {
      const { uid, gid, supplementalGroups } = container.user;
      status.user = {
        linux: { uid: Number(uid), gid: Number(gid), supplementalGroups: supplementalGroups.map(Number) },
      };
    }
  }
  if (spec.volumeMounts?.length) {
    status.volumeMounts = spec.volumeMounts.map(({ name, mountPath, readOnly, recursiveReadOnly }) => ({
      name,
      mountPath,
      ...(readOnly && { readOnly, recursiveReadOnly: recursiveReadOnly === 'Enabled' ? 'Enabled' : 'Disabled' }),
    }));
  }
}
