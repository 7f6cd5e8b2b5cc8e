import type { Container, ContainerRestartRule, EphemeralContainer, Pod } from '@coracle/api/types/core/v1';
import { containerHash } from '../cri/labels.ts';
import { type AnyContainer, isSidecar, restartPolicyOf } from './names.ts';
import type { RuntimeContainer, RuntimePod, RuntimeSandbox } from './runtime-pod.ts';

/** What the probes know of a container; undefined where no probe has spoken. */
export interface ProbeResults {
  liveness(containerId: string): 'success' | 'failure' | undefined;
  startup(containerId: string): 'success' | 'failure' | undefined;
}

export interface KillContainer {
  container: RuntimeContainer;
  spec: AnyContainer | undefined;
  /** The event's text. */
  message: string;
  reason: 'probe' | 'change' | 'unknown' | 'stop';
  /** Seconds, where a probe sets its own. */
  gracePeriod?: number;
}

/** What must happen for a pod to come closer to its spec. */
export interface PodActions {
  /** The sandbox and all in it must go; what is to start follows in a new sandbox. */
  killPod: boolean;
  createSandbox: boolean;
  /** The attempt of the sandbox to create. */
  attempt: number;
  sandboxId: string | undefined;
  /** Init containers to start now, sidecars among them, in order. */
  init: Container[];
  containers: Container[];
  ephemeral: EphemeralContainer[];
  kill: KillContainer[];
}

/**
 * Compares a pod's spec with what the runtime has of it. Pure: the worker carries the result out, and calls again when something has
 * changed.
 */
export function podActions(pod: Pod, actual: RuntimePod, probes: ProbeResults): PodActions {
  const sandbox = sandboxState(pod, actual);
  const actions: PodActions = {
    killPod: sandbox.change,
    createSandbox: sandbox.change,
    attempt: sandbox.attempt,
    sandboxId: sandbox.id,
    init: [],
    containers: [],
    ephemeral: [],
    kill: [],
  };
  if (sandbox.change) return withNewSandbox(pod, actual, actions);

  const current = (spec: AnyContainer): RuntimeContainer | undefined =>
    actual.containers.find((each) => each.name === spec.name && each.sandboxId === sandbox.id);

  for (const spec of pod.spec.ephemeralContainers ?? []) if (!current(spec)) actions.ephemeral.push(spec);

  const initialized = initActions(pod, current, probes, actions);
  if (!initialized) return actions;

  let kept = 0;
  for (const spec of pod.spec.containers) {
    const container = current(spec) ?? actual.containers.find((each) => each.name === spec.name);
    if (container?.state !== 'running' || container.sandboxId !== sandbox.id) {
      if (shouldRun(pod, spec, container)) {
        actions.containers.push(spec);
        // Nothing is known about it: make sure that it is gone before another one starts.
        if (container?.state === 'unknown') {
          actions.kill.push({
            container,
            spec,
            message: `Container is in "unknown" state, try killing it before restart`,
            reason: 'unknown',
          });
        }
      }
      continue;
    }
    const cause = restartCause(spec, container, probes);
    if (!cause) {
      kept++;
      continue;
    }
    const restarts = cause.reason === 'change' || restartPolicyOf(pod, spec) !== 'Never';
    if (restarts) actions.containers.push(spec);
    actions.kill.push({
      container,
      spec,
      ...cause,
      message: restarts ? `${cause.message}, will be restarted` : cause.message,
    });
  }
  if (kept === 0 && actions.containers.length === 0) {
    // All have ended for good; a container that is only now killed keeps the pod until it has.
    if (actions.kill.length === 0) actions.killPod = true;
    actions.init = [];
  }
  return actions;
}

/** Whether the pod needs a new sandbox, and the number of the next. */
function sandboxState(
  pod: Pod,
  { sandboxes }: RuntimePod,
): { change: boolean; attempt: number; id: string | undefined } {
  const newest: RuntimeSandbox | undefined = sandboxes[0];
  if (!newest) return { change: true, attempt: 0, id: undefined };
  const next = { change: true, attempt: newest.attempt + 1, id: newest.id };
  if (!newest.ready || sandboxes.filter((each) => each.ready).length > 1) return next;
  if (newest.hostNetwork !== (pod.spec.hostNetwork ?? false)) return { ...next, id: undefined };
  if (!newest.hostNetwork && newest.ips.length === 0) return next;
  return { change: false, attempt: newest.attempt, id: newest.id };
}

function withNewSandbox(pod: Pod, actual: RuntimePod, actions: PodActions): PodActions {
  const toRun = pod.spec.containers.filter((spec) => {
    const last = actual.containers.find((each) => each.name === spec.name);
    return (
      !last ||
      (last.state === 'exited' ? shouldRun(pod, spec, last) : restartPolicyOf(pod, spec) !== 'Never' || !last.startedAt)
    );
  });
  if (toRun.length === 0) return { ...actions, createSandbox: false };
  if (pod.spec.initContainers?.length) {
    const first = pod.spec.initContainers[0]!;
    // A pod that is never restarted and whose init container failed has failed.
    const failed = pod.spec.initContainers.some((spec) => !isSidecar(spec) && initFailed(pod, spec, actual));
    return failed ? { ...actions, createSandbox: false } : { ...actions, init: [first] };
  }
  return { ...actions, containers: toRun };
}

function initFailed(pod: Pod, spec: Container, actual: RuntimePod): boolean {
  const last = actual.containers.find((each) => each.name === spec.name);
  return last?.state === 'exited' && last.exitCode !== 0 && !shouldRun(pod, spec, last);
}

/** Adds what the init containers need; returns whether the pod is initialized, so that its containers may start. */
function initActions(
  pod: Pod,
  current: (spec: AnyContainer) => RuntimeContainer | undefined,
  probes: ProbeResults,
  actions: PodActions,
): boolean {
  const specs = pod.spec.initContainers ?? [];
  const begun = hasBegun(pod, current);
  for (const [index, spec] of specs.entries()) {
    const container = current(spec);
    const laterRan = begun || specs.slice(index + 1).some((each) => current(each) !== undefined);
    if (isSidecar(spec)) {
      if (!sidecarReady(spec, container, probes, actions) && !laterRan) return false;
      continue;
    }
    if (begun) continue;
    if (container === undefined) {
      // Its container may have been collected after it succeeded.
      if (laterRan) continue;
      actions.init.push(spec);
      return false;
    }
    if (container.state === 'exited' && container.exitCode === 0) continue;
    if (container.state === 'unknown') {
      actions.kill.push({
        container,
        spec,
        message: 'Init container is in "unknown" state, try killing it before restart',
        reason: 'unknown',
      });
      actions.init.push(spec);
    } else if (container.state === 'exited') {
      if (shouldRun(pod, spec, container)) actions.init.push(spec);
      else actions.killPod = true;
    } else if (container.state === 'created') {
      // The kubelet ended between creating and starting it.
      actions.init.push(spec);
    }
    return false;
  }
  return true;
}

/** Whether a sidecar has started, so that the next container may; starts or restarts it otherwise. */
function sidecarReady(
  spec: Container,
  container: RuntimeContainer | undefined,
  probes: ProbeResults,
  actions: PodActions,
): boolean {
  if (container?.state !== 'running') {
    if (container?.state === 'unknown') {
      actions.kill.push({
        container,
        spec,
        message: 'Init container is in "unknown" state, try killing it before restart',
        reason: 'unknown',
      });
    }
    actions.init.push(spec);
    return false;
  }
  const cause = restartCause(spec, container, probes);
  if (cause) {
    actions.kill.push({
      container,
      spec,
      ...cause,
      message: `Init container ${cause.message.replace(/^Container /, '')}, will be restarted`,
    });
    actions.init.push(spec);
    return false;
  }
  return !spec.startupProbe || probes.startup(container.id) === 'success';
}

/** Whether any of the pod's containers was created in this sandbox: then initialization was complete. */
function hasBegun(pod: Pod, current: (spec: AnyContainer) => RuntimeContainer | undefined): boolean {
  return pod.spec.containers.some((spec) => current(spec) !== undefined);
}

/** Why a running container must be stopped and perhaps started again. */
function restartCause(
  spec: AnyContainer,
  container: RuntimeContainer,
  probes: ProbeResults,
): { message: string; reason: 'probe' | 'change'; gracePeriod?: number } | undefined {
  if (container.hash && container.hash !== containerHash(spec)) {
    return { message: `Container ${spec.name} definition changed`, reason: 'change' };
  }
  if (probes.liveness(container.id) === 'failure') {
    return {
      message: `Container ${spec.name} failed liveness probe`,
      reason: 'probe',
      gracePeriod: spec.livenessProbe?.terminationGracePeriodSeconds,
    };
  }
  if (probes.startup(container.id) === 'failure') {
    return {
      message: `Container ${spec.name} failed startup probe`,
      reason: 'probe',
      gracePeriod: spec.startupProbe?.terminationGracePeriodSeconds,
    };
  }
  return undefined;
}

/** Whether a container that is not running is to be started, by its restart rules (KEP-5307) and restart policy. */
export function shouldRun(pod: Pod, spec: AnyContainer, container: RuntimeContainer | undefined): boolean {
  if (pod.metadata.deletionTimestamp) return false;
  if (!container) return true;
  if (container.state === 'running') return false;
  if (container.state !== 'exited') return true;
  if (spec.restartPolicyRules?.some((rule) => matches(rule, container.exitCode))) return true;
  const policy = restartPolicyOf(pod, spec);
  if (policy === 'Never') return false;
  if (policy === 'OnFailure') return container.exitCode !== 0;
  return true;
}

function matches({ action, exitCodes }: ContainerRestartRule, exitCode: number): boolean {
  if (action !== 'Restart' || !exitCodes) return false;
  const listed = exitCodes.values?.includes(exitCode) ?? false;
  return exitCodes.operator === 'In' ? listed : !listed;
}
