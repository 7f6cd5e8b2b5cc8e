import { findCondition } from '@coracle/api/meta/conditions';
import { now } from '@coracle/api/meta/time';
import type { Pod, PodCondition } from '@coracle/api/types/core/v1';
import type { ClusterCache } from './cache/cluster-cache.ts';
import type { Snapshot } from './cache/snapshot.ts';
import type { Clock } from './clock.ts';
import { CycleState } from './framework/cycle-state.ts';
import { FitError } from './framework/fit-error.ts';
import type { EventSink, Listers, PodWriter } from './framework/handle.ts';
import type { PodInfo } from './framework/pod-info.ts';
import type { Profile } from './framework/profile.ts';
import type { Verdict } from './framework/status.ts';
import { Status } from './framework/status.ts';
import type { WaitingPods } from './framework/waiting-pods.ts';
import { WaitingPod } from './framework/waiting-pods.ts';
import type { SchedulerMetrics } from './metrics.ts';
import type { QueuedPod } from './queue/queued-pod.ts';
import type { SchedulingQueue } from './queue/scheduling-queue.ts';
import type { NodeFinder } from './schedule-pod.ts';
import { asError, NoNodes } from './schedule-pod.ts';

export interface SchedulerParts {
  profiles: ReadonlyMap<string, Profile>;
  queue: SchedulingQueue;
  cache: ClusterCache;
  snapshot: Snapshot;
  finder: NodeFinder;
  waitingPods: WaitingPods;
  listers: Listers;
  pods: PodWriter;
  event: EventSink;
  clock: Clock;
  metrics: SchedulerMetrics;
  /** Told of failures that are not simply a lack of fitting nodes. */
  log: { error(fields: object, message: string): void; info(fields: object, message: string): void };
}

/** Why an attempt failed; `nominatedNode` as in PostFilterResult. */
interface Failure {
  error: Error;
  nominatedNode?: string;
  unschedulablePlugins: ReadonlySet<string>;
  pendingPlugins: ReadonlySet<string>;
}

/** Where one attempt stands. */
interface Attempt {
  queued: QueuedPod;
  profile: Profile;
  state: CycleState;
  /** `performance.now()` at its beginning. */
  started: number;
}

const permitted: Verdict = undefined;

/**
 * Schedules pods one after the other: finds a node and assumes the pod there (the scheduling cycle), then has it bound beside the
 * cycles of further pods (the binding cycle). A pod that fails goes back to the queue with the reason in its status and an event.
 */
export class Scheduler {
  readonly #parts: SchedulerParts;
  /** Bindings and status updates under way; they never reject. */
  readonly #background = new Set<Promise<void>>();

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
  }

  /** Schedules what the queue yields until the signal aborts, then lets bindings under way finish. */
  async run(signal: AbortSignal): Promise<void> {
    for await (const queued of this.#parts.queue.take(signal)) await this.scheduleOne(queued);
    await this.idle();
  }

  /** One attempt; settles when the decision is made, while binding may go on. */
  async scheduleOne(queued: QueuedPod): Promise<void> {
    const { profiles, queue } = this.#parts;
    const profile = profiles.get(queued.info.pod.spec.schedulerName ?? 'default-scheduler');
    if (!profile || this.#skips(queued.info)) {
      queue.done(queued.info.uid);
      return;
    }
    const attempt = { queued, profile, state: new CycleState(), started: performance.now() };
    let node: string;
    try {
      node = await this.#decide(attempt);
    } catch (error) {
      this.#failed(attempt, failureOf(error));
      return;
    }
    this.#inBackground(this.#bind(attempt, node));
  }

  /** Settles when no binding or status update is under way. */
  async idle(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
  }

  #inBackground(work: Promise<void>): void {
    const tracked = work.finally(() => this.#background.delete(tracked));
    this.#background.add(tracked);
  }

  #skips({ pod, uid, key }: PodInfo): boolean {
    if (pod.metadata.deletionTimestamp) {
      this.#parts.event(pod, 'Warning', 'FailedScheduling', `skip schedule deleting pod: ${key}`, 'Scheduling');
      return true;
    }
    return this.#parts.cache.has(uid);
  }

  /** The scheduling cycle: returns the node on which the pod is now assumed, or throws what failed. */
  async #decide(attempt: Attempt): Promise<string> {
    const { cache, snapshot, finder, metrics, queue } = this.#parts;
    const { profile, state, queued } = attempt;
    cache.updateSnapshot(snapshot);
    let node: string;
    try {
      ({ node } = finder.find(profile, state, queued.info));
    } catch (error) {
      if (!(error instanceof FitError) || !profile.hasPostFilter()) throw error;
      const { nominatedNode, status } = await profile.postFilter(state, queued.info, error.diagnosis.statuses);
      error.diagnosis.postFilterMessage = status?.message ?? '';
      throw new Unschedulable(error, nominatedNode);
    } finally {
      metrics.algorithm((performance.now() - attempt.started) / 1000);
    }
    cache.assume(queued.info, node);
    queue.nominator.delete(queued.info.uid);
    const refused = profile.reserve(state, queued.info, node);
    if (refused) {
      cache.forget(queued.info.uid);
      throw new Refused(refused);
    }
    const permit = profile.permit(state, queued.info, node);
    if (permit instanceof Status) {
      profile.unreserve(state, queued.info, node);
      cache.forget(queued.info.uid);
      throw new Refused(permit);
    }
    if (permit) this.#parts.waitingPods.add(new WaitingPod(queued.info, permit, this.#parts.clock));
    return node;
  }

  /** The binding cycle. Never rejects. */
  async #bind(attempt: Attempt, node: string): Promise<void> {
    const { cache, queue, metrics, event, clock } = this.#parts;
    const { queued, profile, state } = attempt;
    const { uid, pod, key } = queued.info;
    try {
      const refused =
        (await this.#permission(uid)) ??
        (await profile.preBind(state, queued.info, node)) ??
        (await profile.bind(state, queued.info, node));
      if (refused) throw refused.rejected ? new Refused(refused) : asError(refused);
    } catch (error) {
      profile.unreserve(state, queued.info, node);
      cache.forget(uid);
      // The place the pod held is free again: others may have been refused for it.
      queue.moveOn(
        { resource: 'AssignedPod', action: 'Delete' },
        { ...pod, spec: { ...pod.spec, nodeName: node } },
        undefined,
      );
      this.#failed(attempt, failureOf(error));
      return;
    }
    queue.done(uid);
    event(pod, 'Normal', 'Scheduled', `Successfully assigned ${key} to ${node}`, 'Binding');
    metrics.attempt('scheduled', profile.name, (performance.now() - attempt.started) / 1000);
    metrics.bound(queued.attempts, (clock.now() - (queued.firstAttempt ?? clock.now())) / 1000);
    profile.postBind(state, queued.info, node);
  }

  /** Waits for Permit plugins, where some asked to wait. */
  async #permission(uid: string): Promise<Verdict> {
    const { waitingPods, metrics } = this.#parts;
    const waiting = waitingPods.get(uid);
    if (!waiting) return permitted;
    const started = performance.now();
    const verdict = await waiting.decision;
    waitingPods.remove(uid);
    metrics.permitWait(verdict?.code ?? 'Success', (performance.now() - started) / 1000);
    return verdict;
  }

  /** Puts the pod back into the queue and tells why, by an event and, in the background, in its status. */
  #failed(attempt: Attempt, failure: Failure): void {
    const { queue, metrics, listers, log, event } = this.#parts;
    const { queued, profile } = attempt;
    const { pod, key, uid, namespace } = queued.info;
    const refused = failure.unschedulablePlugins.size > 0 || failure.pendingPlugins.size > 0;
    const noNodes = failure.error instanceof NoNodes;
    const unschedulable = refused || noNodes || failure.error instanceof FitError;
    metrics.attempt(
      unschedulable ? 'unschedulable' : 'error',
      profile.name,
      (performance.now() - attempt.started) / 1000,
    );
    if (!unschedulable) log.error({ err: failure.error, pod: key }, 'Error scheduling pod; retrying');

    const latest = listers.pod(namespace, pod.metadata.name!);
    if (latest?.metadata.uid !== uid || latest.spec.nodeName) {
      log.info(
        { pod: key, node: latest?.spec.nodeName },
        'Pod is gone or has a node already; not adding it back to queue',
      );
      queue.done(uid);
    } else {
      const { pendingPlugins } = failure;
      // Without any node, each filter may be the one that a new node satisfies.
      const unschedulablePlugins = noNodes ? new Set(profile.listPlugins().filter) : failure.unschedulablePlugins;
      queue.putBack({ ...queued, unschedulablePlugins, pendingPlugins }, latest);
      if (failure.nominatedNode !== undefined) queue.nominator.add(queued.info, failure.nominatedNode);
    }
    const message = failure.error.message;
    event(pod, 'Warning', 'FailedScheduling', truncated(message), 'Scheduling');
    const status = statusChange(
      latest ?? pod,
      unschedulable ? 'Unschedulable' : 'SchedulerError',
      message,
      failure.nominatedNode,
    );
    if (!status || latest?.metadata.uid !== uid) return;
    const report = (error: unknown) => log.error({ err: error, pod: key }, 'Error updating pod');
    this.#inBackground(this.#parts.pods.patchStatus(pod, status).catch(report));
  }
}

/** No node fits, and what preemption made of it. */
class Unschedulable extends Error {
  readonly fit: FitError;
  readonly nominatedNode: string | undefined;

  constructor(fit: FitError, nominatedNode: string | undefined) {
    super(fit.message);
    this.fit = fit;
    this.nominatedNode = nominatedNode;
  }
}

/** A plugin refused the pod after a node had been chosen. */
class Refused extends Error {
  readonly status: Status;

  constructor(status: Status) {
    super(status.message);
    this.status = status;
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof Unschedulable) return { ...failureOf(error.fit), nominatedNode: error.nominatedNode };
  if (error instanceof FitError) {
    const { unschedulablePlugins, pendingPlugins } = error.diagnosis;
    return { error, unschedulablePlugins, pendingPlugins };
  }
  if (error instanceof Refused && error.status.rejected) {
    const plugins = new Set([error.status.plugin]);
    const pending = error.status.code === 'Pending';
    return {
      error,
      unschedulablePlugins: pending ? new Set() : plugins,
      pendingPlugins: pending ? plugins : new Set(),
    };
  }
  const plain = error instanceof Error ? error : new Error(String(error));
  return { error: plain, unschedulablePlugins: new Set(), pendingPlugins: new Set() };
}

/** The patch of the pod's status that tells of the failure; undefined when the status says so already. */
function statusChange(
  pod: Pod,
  reason: string,
  message: string,
  nominatedNode: string | undefined,
): object | undefined {
  const before = findCondition<PodCondition>(pod.status?.conditions, 'PodScheduled');
  const same = before?.status === 'False' && before.reason === reason && before.message === message;
  const renominated = nominatedNode !== undefined && nominatedNode !== (pod.status?.nominatedNodeName ?? '');
  if (same && !renominated) return undefined;
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    reason,
    message,
    lastTransitionTime: before?.status === 'False' ? before.lastTransitionTime : now(),
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
  };
  return { conditions: [condition], ...(renominated ? { nominatedNodeName: nominatedNode || null } : {}) };
}

/** Events carry at most 1,024 characters. */
function truncated(message: string): string {
  return message.length <= 1024 ? message : `${message.slice(0, 1020)} ...`;
}
