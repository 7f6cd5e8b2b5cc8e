import { readFile } from 'node:fs/promises';
import { deepEqual } from '@coracle/api/meta/object';
import { parseTime } from '@coracle/api/meta/time';
import type { Container, EphemeralContainer, Pod } from '@coracle/api/types/core/v1';
import { isUnavailable } from '../cri/client.ts';
import { podStatus } from '../status/pod-status.ts';
import { VolumeError } from '../volumes/pod-volumes.ts';
import { type PodActions, podActions } from './actions.ts';
import type { PodDependencies } from './dependencies.ts';
import { killContainer, killContainers } from './kill.ts';
import { gracePeriodOf, isSidecar, isStatic, podText } from './names.ts';
import { removeDeadContainers, removeTraces } from './remains.ts';
import type { RuntimePod } from './runtime-pod.ts';
import { createSandbox, sandboxConfigOf, stopSandboxes } from './sandbox.ts';
import { checkBackOff, type StartContext, startContainer } from './start-container.ts';
import { ContainerWaiting } from './waiting.ts';
import { Waker } from './waker.ts';

interface Verdict {
  reason: string;
  message: string;
}

/** Longest wait (ms) before what failed is tried again. */
const maxRetry = 30_000;
/** Instead of a time for the next look: there is nothing left to look at. */
const gone = -1;
/** How soon (ms) a look follows while an init container runs: what waits for its end should not wait for the next listing too. */
const initLook = 200;

/**
 * Brings one pod's containers to what its spec says and keeps them there: compare, act, report, wait until something changes. The
 * life of a pod is running -> terminating -> ended, and when the pod is gone from its source too, `removed`.
 */
export class PodWorker {
  readonly uid: string;
  /** Settles when the pod has left nothing behind. */
  readonly done: Promise<void>;
  readonly #deps: PodDependencies;
  readonly #waker: Waker;
  #pod: Pod;
  #stage: 'running' | 'terminating' | 'ended' = 'running';
  #admitted = false;
  #verdict: Verdict | undefined;
  /** The pod is gone from its source: when it has ended nothing of it may stay. */
  #removed = false;
  /** Seconds the deletion grants; only ever shortened. */
  #grace: number | undefined;
  #failures = 0;
  /** Containers that wait for a next try get it at once. */
  #eager = false;
  /** An init container runs whose end lets the next one start. */
  #initializing = false;
  /** Aborted to interrupt what takes long: a pull or a hook of a pod that is to end, a stop that is to be faster. */
  #interrupt = new AbortController();
  readonly #waiting = new Map<string, { problem: ContainerWaiting; until: number }>();
  #volumes: Map<string, string> | undefined;
  #volumeFailure: string | undefined;
  #cgroupFor: number | undefined;

  constructor(deps: PodDependencies, pod: Pod, signal: AbortSignal) {
    this.#deps = deps;
    this.#pod = pod;
    this.uid = pod.metadata.uid ?? '';
    this.#waker = new Waker(signal);
    this.done = this.#run(signal);
  }

  get pod(): Pod {
    return this.#pod;
  }

  /** Whether the pod's containers have ended for good. */
  get ended(): boolean {
    return this.#stage === 'ended';
  }

  /** Whether the node has taken the pod: it counts for what the node has left. */
  get admitted(): boolean {
    return this.#admitted && !this.#verdict;
  }

  /** Takes a new version of the pod from its source. */
  update(pod: Pod): void {
    const before = this.#pod;
    this.#pod = pod;
    if (pod.metadata.deletionTimestamp) this.terminate(gracePeriodOf(pod));
    // What only repeats the status told from here asks for nothing.
    if (differs(before, pod)) this.retry();
  }

  /** Something that the pod waited for may be there: look again, and try again what failed. */
  retry(): void {
    this.#eager = true;
    this.kick();
  }

  /** Ends the pod. `grace` in seconds; with a `verdict` the pod has failed for that reason. */
  terminate(grace: number | undefined, verdict?: Verdict): void {
    this.#verdict ??= verdict;
    const shorter = grace !== undefined && (this.#grace === undefined || grace < this.#grace);
    if (shorter) this.#grace = grace;
    if (this.#stage === 'running') this.#stage = 'terminating';
    else if (this.#stage !== 'terminating' || !shorter) return;
    this.#interrupt.abort();
    this.kick();
  }

  /** The pod is no more in its source: end it if it has not ended, and remove all its traces. */
  remove(): void {
    this.#removed = true;
    // What the API does not know any more was deleted by force, or with its grace period already over.
    this.terminate(isStatic(this.#pod) ? gracePeriodOf(this.#pod) : (this.#grace ?? gracePeriodOf(this.#pod)));
    this.kick();
  }

  /** Something may have changed: look again. */
  kick(): void {
    this.#waker.wake();
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#interrupt = new AbortController();
      let next: number;
      try {
        next = await this.#sync();
        this.#failures = 0;
        if (next === gone) return;
      } catch (error) {
        next = this.#failed(error);
      }
      await this.#waker.wait(next);
    }
  }

  /** One look at the pod; returns the milliseconds after which to look again at the latest. */
  async #sync(): Promise<number> {
    const { runtimePods, statuses } = this.#deps;
    const pod = this.#pod;
    const actual = await runtimePods.get(this.uid, pod.metadata.name ?? '', pod.metadata.namespace ?? '');
    if (this.#stage === 'running') await this.#judge(pod, actual);
    switch (this.#stage) {
      case 'running': {
        // Before the first report, for which they take over what an earlier kubelet found.
        this.#deps.probes.add(pod);
        const status = this.#report(actual, false);
        if (status.phase === 'Failed' || status.phase === 'Succeeded') {
          this.#stage = 'terminating';
          return this.#end(actual);
        }
        return this.#advance(actual);
      }
      case 'terminating':
        return this.#end(actual);
      case 'ended':
        if (this.#removed) {
          await removeTraces(this.#deps, pod, actual);
          return gone;
        }
        statuses.finish(pod);
        return Number.POSITIVE_INFINITY;
    }
  }

  /** Decides whether the pod may run at all: it may be over, not fit, or have been active for too long. */
  async #judge(pod: Pod, actual: RuntimePod): Promise<void> {
    const phase = pod.status?.phase;
    if (pod.metadata.deletionTimestamp) this.terminate(gracePeriodOf(pod));
    else if (phase === 'Failed' || phase === 'Succeeded') this.#stage = 'terminating';
    else if (!this.#admitted) {
      let refusal = actual.sandboxes.length > 0 ? undefined : this.#deps.admit(pod);
      if (refusal?.reason === 'NodeAffinity') {
        // The scheduler may know labels of the node that have not been seen here.
        await this.#deps.refreshNode();
        if (this.#stage !== 'running' || this.#pod.metadata.deletionTimestamp) return;
        refusal = this.#deps.admit(pod);
      }
      if (refusal) {
        this.#deps.events.pod(pod, 'Warning', refusal.reason, refusal.message);
        this.terminate(0, { reason: refusal.reason, message: `Pod was rejected: ${refusal.message}` });
      }
    }
    this.#admitted = true;
    if (this.#activeFor(pod) >= (pod.spec.activeDeadlineSeconds ?? Number.POSITIVE_INFINITY) * 1000) {
      const message = 'Pod was active on the node longer than the specified deadline';
      this.#deps.events.pod(pod, 'Normal', 'DeadlineExceeded', message);
      this.terminate(undefined, { reason: 'DeadlineExceeded', message });
    }
  }

  #activeFor(pod: Pod): number {
    const started = this.#deps.statuses.get(this.uid)?.startTime ?? pod.status?.startTime;
    return started ? Date.now() - parseTime(started) : 0;
  }

  #report(actual: RuntimePod, ended: boolean) {
    const { statuses, probes, node, runtimeName } = this.#deps;
    const pod = this.#pod;
    probes.observe(pod, actual);
    const status = podStatus(pod, actual, statuses.get(this.uid) ?? pod.status ?? {}, {
      runtimeName,
      waiting: (name) => this.#waiting.get(name)?.problem,
      ready: (container, id) => probes.ready(this.uid, container, id),
      started: (container, id) => probes.started(this.uid, container, id),
      hostIPs: node.ips,
      verdict: this.#verdict,
      terminating: this.#stage !== 'running',
      ended,
    });
    statuses.set(pod, status);
    return status;
  }

  /** Starts what should run and stops what should not. */
  async #advance(actual: RuntimePod): Promise<number> {
    const { deps, pod } = { deps: this.#deps, pod: this.#pod };
    const problem = deps.networkProblem();
    if (problem && !pod.spec.hostNetwork && !actual.sandboxes[0]?.ready) {
      deps.events.pod(pod, 'Warning', 'NetworkNotReady', `network is not ready: ${problem}`);
      return 1000;
    }
    if (isStatic(pod)) await deps.mirror?.ensure(pod);
    const generation = pod.metadata.generation ?? 0;
    if (this.#cgroupFor !== generation) {
      await deps.cgroups.ensure(pod);
      this.#cgroupFor = generation;
    }
    await this.#setUpVolumes();

    const actions = podActions(pod, actual, deps.probes.results);
    if (actions.killPod) {
      if (actual.sandboxes.length > 0 && actions.createSandbox) {
        deps.events.pod(pod, 'Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
      }
      await killContainers(deps, pod, actual, undefined, this.#interrupt.signal);
      await stopSandboxes(deps, actual.sandboxes);
      if (!actions.createSandbox) {
        const now = await deps.runtimePods.get(this.uid, actual.name, actual.namespace);
        const { phase } = this.#report(now, false);
        if (phase !== 'Failed' && phase !== 'Succeeded') return this.#nextLook();
        this.kick();
        return 0;
      }
    } else {
      await Promise.all(
        actions.kill.map((each) => killContainer(deps, pod, each, undefined, { signal: this.#interrupt.signal })),
      );
    }
    const changed = await this.#start(actions, actual);
    this.#initializing = !actions.killPod && actions.containers.length === 0 && initRuns(pod, actual);
    if (actions.kill.length > 0 || actions.killPod || changed) this.kick();
    return this.#nextLook();
  }

  /** Starts the containers whose turn it is; returns whether any was. What fails is remembered for the status. */
  async #start(actions: PodActions, actual: RuntimePod): Promise<boolean> {
    const { init, containers, ephemeral, createSandbox: fresh, attempt } = actions;
    const due: (Container | EphemeralContainer)[] = [...ephemeral, ...init, ...containers];
    if (!fresh && due.length === 0) return false;
    const deps = this.#deps;
    const pod = this.#pod;
    const config = sandboxConfigOf(deps, pod, attempt);
    const sandboxId = fresh ? await createSandbox(deps, pod, config) : actions.sandboxId!;
    const now =
      fresh || actions.kill.length > 0 ? await deps.runtimePods.get(this.uid, actual.name, actual.namespace) : actual;
    if (fresh) this.#report(now, false);
    const context: StartContext = {
      sandboxId,
      sandboxConfig: config,
      ips: now.sandboxes.find((each) => each.id === sandboxId)?.ips ?? [],
      volumes: this.#volumes ?? new Map(),
      pullSecrets: await deps.pullSecrets(pod),
      actual: now,
      hostFile: pod.spec.hostNetwork ? await readFile('/etc/hosts', 'utf8') : '',
      signal: this.#interrupt.signal,
    };
    let started = fresh;
    const eager = this.#eager;
    this.#eager = false;
    for (const container of due) {
      if (this.#interrupt.signal.aborted) break;
      if (!eager && Date.now() < (this.#waiting.get(container.name)?.until ?? 0)) {
        if (init.includes(container as Container)) break;
        continue;
      }
      try {
        checkBackOff(
          deps,
          pod,
          container,
          now.containers.find((each) => each.name === container.name),
        );
        await startContainer(deps, pod, container, context);
        this.#waiting.delete(container.name);
        started = true;
        await removeDeadContainers(deps, now, container.name);
      } catch (error) {
        if (!(error instanceof ContainerWaiting)) throw error;
        this.#waiting.set(container.name, { problem: error, until: Date.now() + error.retryAfter });
        // What comes after an init container waits for it.
        if (init.includes(container as Container)) break;
      }
    }
    if (this.#waiting.size > 0)
      this.#report(await deps.runtimePods.get(this.uid, actual.name, actual.namespace), false);
    return started;
  }

  async #setUpVolumes(): Promise<void> {
    const { node, volumes, events } = this.#deps;
    const facts = { nodeName: node.name, hostIPs: node.ips, podIPs: [], allocatable: node.allocatable };
    try {
      this.#volumes = await volumes.setUp(this.#pod, facts);
      this.#volumeFailure = undefined;
    } catch (error) {
      if (!(error instanceof VolumeError)) throw error;
      for (const message of error.failures) events.pod(this.#pod, 'Warning', 'FailedMount', message);
      this.#volumeFailure = error.message;
      // A running pod keeps the files it has when they cannot be brought up to date.
      if (!this.#volumes) throw error;
    }
  }

  /** Milliseconds until time alone may ask for something: a back-off or the active deadline is over, something failed is due again. */
  #nextLook(): number {
    const pod = this.#pod;
    const waits = [...this.#waiting.values()].map((each) => each.until - Date.now());
    if (this.#volumeFailure) waits.push(10_000);
    if (this.#initializing) waits.push(initLook);
    const deadline = pod.spec.activeDeadlineSeconds;
    if (deadline !== undefined) waits.push(deadline * 1000 - this.#activeFor(pod));
    return Math.max(10, Math.min(Number.POSITIVE_INFINITY, ...waits) + 10);
  }

  /** Ends all containers, takes down sandbox, volumes and cgroup, and reports the pod as over. */
  async #end(actual: RuntimePod): Promise<number> {
    const deps = this.#deps;
    const pod = this.#pod;
    deps.probes.stopRestarts(this.uid);
    this.#report(actual, false);
    await killContainers(deps, pod, actual, this.#grace, this.#interrupt.signal);
    await stopSandboxes(deps, actual.sandboxes);
    deps.probes.remove(this.uid);
    const now = await deps.runtimePods.get(this.uid, actual.name, actual.namespace);
    if (now.containers.some((each) => each.state === 'running'))
      throw new Error('containers still run after they were stopped');
    await deps.volumes.tearDownVolumes(this.uid);
    await deps.cgroups.remove(pod);
    this.#report(now, true);
    this.#stage = 'ended';
    this.kick();
    return 0;
  }

  /** Logs a failed look and says when to try again. */
  #failed(error: unknown): number {
    if (this.#interrupt.signal.aborted) return 0;
    const delay = Math.min(1000 * 2 ** this.#failures++, maxRetry);
    const quiet = error instanceof VolumeError || isUnavailable(error);
    this.#deps.log[quiet ? 'warn' : 'error'](
      { err: error, pod: podText(this.#pod), retryIn: delay },
      'Error syncing pod, skipping',
    );
    return delay;
  }
}

/** Whether an init container that ends by itself runs. */
function initRuns({ spec }: Pod, { containers }: RuntimePod): boolean {
  const steps = (spec.initContainers ?? []).filter((each) => !isSidecar(each)).map((each) => each.name);
  return containers.some((each) => each.state === 'running' && steps.includes(each.name));
}

/** Whether a new version of a pod asks for anything: its own status, as it comes back from the API, does not. */
function differs(before: Pod, after: Pod): boolean {
  const what = ({ metadata, spec, status }: Pod) => [
    metadata.generation,
    metadata.deletionTimestamp,
    metadata.labels,
    metadata.annotations,
    spec,
    // Readiness gates are for others to set.
    (spec.readinessGates ?? []).map(
      ({ conditionType }) => status?.conditions?.find((each) => each.type === conditionType)?.status,
    ),
    status?.phase === 'Failed' || status?.phase === 'Succeeded',
  ];
  return !deepEqual(what(before), what(after));
}
