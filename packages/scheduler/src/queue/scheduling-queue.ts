import type { Pod } from '@coracle/api/types/core/v1';
import type { Clock } from '../clock.ts';
import type { ClusterEvent } from '../framework/events.ts';
import { eventLabel, podUpdateEvents } from '../framework/events.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import { podInfo } from '../framework/pod-info.ts';
import type { BackoffLimits } from './backoff.ts';
import { Backoff } from './backoff.ts';
import { Heap } from './heap.ts';
import { InFlight } from './in-flight.ts';
import { Nominator } from './nominator.ts';
import type { QueuedPod } from './queued-pod.ts';
import { queuedPod } from './queued-pod.ts';
import type { QueueingRules, Strategy } from './queueing-rules.ts';
import { specChanged } from './spec-changed.ts';

export interface QueueOptions extends BackoffLimits {
  rules: QueueingRules;
  clock: Clock;
  /** A pod that no event helped is tried again after this long. */
  maxInUnschedulable: number;
  /** Told of each entry into a queue, for metrics. */
  onEnter?(queue: QueueName, event: string): void;
}

export type QueueName = 'active' | 'backoff' | 'unschedulable' | 'gated';

const unscheduledPodDelete: ClusterEvent = { resource: 'UnscheduledPod', action: 'Delete' };

/**
 * The pods waiting for a node, each in one of three places: `active` (to be tried, in the order of the QueueSort plugin),
 * `backoff` (to be tried after a pause), or `unschedulable` (to be tried once an event could help, or after five minutes; also
 * pods kept out by scheduling gates). A pod being scheduled is in none of them but in flight.
 */
export class SchedulingQueue {
  readonly nominator = new Nominator();
  readonly #rules: QueueingRules;
  readonly #clock: Clock;
  readonly #maxInUnschedulable: number;
  readonly #onEnter: (queue: QueueName, event: string) => void;
  readonly #active: Heap<QueuedPod>;
  readonly #backoff: Backoff;
  readonly #unschedulable = new Map<string, QueuedPod>();
  readonly #inFlight = new InFlight();
  #wake: (() => void) | undefined;
  #cancelFlush: (() => void) | undefined;

  constructor(options: QueueOptions) {
    this.#rules = options.rules;
    this.#clock = options.clock;
    this.#maxInUnschedulable = options.maxInUnschedulable;
    this.#onEnter = options.onEnter ?? (() => {});
    this.#active = new Heap(
      (each) => each.info.uid,
      (a, b) => options.rules.less(a, b),
    );
    this.#backoff = new Backoff(options, options.clock, (pod) => this.#activate(pod, 'BackoffComplete'));
  }

  /** A pod without a node appeared. */
  add(pod: Pod): void {
    const info = podInfo(pod);
    this.#backoff.delete(info.uid);
    this.#unschedulable.delete(info.uid);
    this.nominator.add(info);
    this.#enter(queuedPod(info, this.#clock.now()), 'immediately', 'PodAdd');
  }

  /** A waiting pod changed. Status updates alone (mostly our own) retry nothing. */
  update(before: Pod, after: Pod): void {
    const info = podInfo(after);
    this.nominator.update(podInfo(before), info);
    const events = podUpdateEvents(before, after);
    if (this.#inFlight.eventsFor(info.uid)) {
      for (const event of events) this.#inFlight.record({ event, before, after });
      return;
    }
    const ready = this.#active.get(info.uid);
    if (ready) {
      this.#active.set(withInfo(ready, info));
      return;
    }
    const resting = this.#backoff.get(info.uid);
    if (resting) {
      this.#backoff.replace(withInfo(resting, info));
      return;
    }
    const waiting = this.#unschedulable.get(info.uid);
    if (!waiting) {
      this.add(after);
      return;
    }
    const updated = withInfo(waiting, info);
    this.#unschedulable.set(info.uid, updated);
    if (updated.gatedBy !== undefined) {
      if (this.#rules.gate(after) === undefined) this.#leaveUnschedulable(updated, 'immediately', 'PodUpdate');
      return;
    }
    for (const event of events) {
      const strategy = this.#rules.worthRetrying(updated, { event, before, after });
      if (strategy !== 'not') {
        this.#leaveUnschedulable(updated, strategy, eventLabel(event));
        return;
      }
    }
    // No plugin that refused it cares for what changed; yet a changed spec could mean anything to it otherwise.
    if (events.length === 0 && specChanged(before, after))
      this.#leaveUnschedulable(updated, 'after-backoff', 'PodUpdate');
  }

  /** A pod without a node is gone, or got one. */
  delete(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    this.nominator.delete(uid);
    this.#active.delete(uid);
    this.#backoff.delete(uid);
    this.#unschedulable.delete(uid);
    this.moveOn(unscheduledPodDelete, pod, undefined);
  }

  /** Something happened in the cluster: moves those refused pods on that it could help. */
  moveOn(event: ClusterEvent, before: unknown, after: unknown): void {
    const seen = { event, before, after };
    this.#inFlight.record(seen);
    if (!this.#rules.anyCares(event)) return;
    for (const pod of [...this.#unschedulable.values()]) {
      if (pod.gatedBy !== undefined) continue;
      const strategy = this.#rules.worthRetrying(pod, seen);
      if (strategy !== 'not') this.#leaveUnschedulable(pod, strategy, eventLabel(event));
    }
  }

  /** Takes the next pod to schedule; undefined when none is ready. The caller ends its attempt with `done` or `putBack`. */
  pop(): QueuedPod | undefined {
    const pod = this.#active.pop();
    if (!pod) return undefined;
    this.#inFlight.begin(pod.info.uid);
    const now = this.#clock.now();
    return {
      ...pod,
      attempts: pod.attempts + 1,
      firstAttempt: pod.firstAttempt ?? now,
      unschedulablePlugins: new Set(),
      pendingPlugins: new Set(),
    };
  }

  /** Yields pods as they become ready, until the signal aborts. Lets other work of the process run in between. */
  async *take(signal: AbortSignal): AsyncGenerator<QueuedPod> {
    let turn = performance.now();
    while (!signal.aborted) {
      const pod = this.pop();
      if (pod) {
        yield pod;
        // A promise alone would let a full queue starve the sockets.
        if (performance.now() - turn < 5) continue;
        await new Promise((resolve) => setImmediate(resolve));
        turn = performance.now();
        continue;
      }
      await new Promise<void>((resolve) => {
        const wake = () => {
          signal.removeEventListener('abort', wake);
          this.#wake = undefined;
          resolve();
        };
        this.#wake = wake;
        signal.addEventListener('abort', wake, { once: true });
      });
    }
  }

  /** Ends an attempt whose pod needs no further one: it was bound, or is gone. */
  done(uid: string): void {
    this.#inFlight.end(uid);
  }

  /**
   * Ends a failed attempt: the pod waits for an event, rests first when an event came meanwhile or an error was the cause. Its
   * `unschedulablePlugins` and `pendingPlugins` say which plugins refused it (none: an error). `latest` is the pod as it is now.
   */
  putBack(attempt: QueuedPod, latest: Pod = attempt.info.pod): void {
    const uid = attempt.info.uid;
    const events = this.#inFlight.eventsFor(uid) ?? [];
    this.#inFlight.end(uid);
    if (this.#active.get(uid) || this.#backoff.get(uid) || this.#unschedulable.has(uid)) return;
    const info = latest === attempt.info.pod ? attempt.info : podInfo(latest);
    const refused = attempt.unschedulablePlugins.size > 0 || attempt.pendingPlugins.size > 0;
    const pod: QueuedPod = {
      ...attempt,
      info,
      timestamp: this.#clock.now(),
      unschedulableCount: attempt.unschedulableCount + (refused ? 1 : 0),
      consecutiveErrors: refused ? 0 : attempt.consecutiveErrors + 1,
    };
    let strategy: Strategy = refused ? 'not' : 'after-backoff';
    for (const seen of events) {
      if (strategy === 'immediately') break;
      const next = this.#rules.worthRetrying(pod, seen);
      if (next === 'immediately' || strategy === 'not') strategy = next;
    }
    this.nominator.update(attempt.info, info);
    if (strategy === 'not') this.#park(pod, 'ScheduleAttemptFailure');
    else this.#enter(pod, strategy, 'ScheduleAttemptFailure');
  }

  /** How many pods are in each place, as the metric scheduler_pending_pods counts them. */
  counts(): Record<QueueName, number> {
    let gated = 0;
    for (const pod of this.#unschedulable.values()) if (pod.gatedBy !== undefined) gated++;
    return {
      active: this.#active.size,
      backoff: this.#backoff.size,
      unschedulable: this.#unschedulable.size - gated,
      gated,
    };
  }

  /** The refused pods that wait, by profile and by each plugin that refused them: `[profile, plugin, pods]`. */
  rejections(): [profile: string, plugin: string, pods: number][] {
    const found = new Map<string, [string, string, number]>();
    for (const { info, unschedulablePlugins, pendingPlugins } of this.#unschedulable.values()) {
      const profile = info.pod.spec.schedulerName ?? 'default-scheduler';
      for (const plugin of [...unschedulablePlugins, ...pendingPlugins]) {
        const before = found.get(`${profile}/${plugin}`)?.[2] ?? 0;
        found.set(`${profile}/${plugin}`, [profile, plugin, before + 1]);
      }
    }
    return [...found.values()];
  }

  get inFlightEvents(): number {
    return this.#inFlight.eventCount;
  }

  /** Where a pod is, for tests and for reasoning about it. */
  placeOf(uid: string): QueueName | 'in flight' | undefined {
    if (this.#active.get(uid)) return 'active';
    if (this.#backoff.get(uid)) return 'backoff';
    const waiting = this.#unschedulable.get(uid);
    if (waiting) return waiting.gatedBy === undefined ? 'unschedulable' : 'gated';
    return this.#inFlight.eventsFor(uid) ? 'in flight' : undefined;
  }

  close(): void {
    this.#cancelFlush?.();
    this.#backoff.close();
  }

  #leaveUnschedulable(pod: QueuedPod, strategy: Strategy, event: string): void {
    this.#unschedulable.delete(pod.info.uid);
    this.#enter(pod, strategy, event);
  }

  /** Puts a pod where it may be tried: at once, or after what is left of its back-off. */
  #enter(pod: QueuedPod, strategy: Strategy, event: string): void {
    const rest = strategy === 'after-backoff' ? this.#backoff.remaining(pod) : 0;
    if (rest > 0) {
      this.#backoff.add(pod);
      this.#onEnter('backoff', event);
    } else {
      this.#activate(pod, event);
    }
  }

  #activate(pod: QueuedPod, event: string): void {
    const gate = this.#rules.gate(pod.info.pod);
    if (gate !== undefined) {
      this.#park({ ...pod, gatedBy: gate, unschedulablePlugins: new Set([...pod.unschedulablePlugins, gate]) }, event);
      return;
    }
    this.#active.set({ ...pod, gatedBy: undefined });
    this.#onEnter('active', event);
    this.#wake?.();
  }

  #park(pod: QueuedPod, event: string): void {
    this.#unschedulable.set(pod.info.uid, pod);
    this.#onEnter(pod.gatedBy === undefined ? 'unschedulable' : 'gated', event);
    this.#cancelFlush ??= this.#clock.after(30_000, () => this.#flush());
  }

  /** Every 30 s while pods wait: those that waited too long are tried again, in case an event was missed. */
  #flush(): void {
    this.#cancelFlush = undefined;
    const now = this.#clock.now();
    for (const pod of [...this.#unschedulable.values()]) {
      if (pod.gatedBy !== undefined || now - pod.timestamp <= this.#maxInUnschedulable) continue;
      this.#leaveUnschedulable(pod, 'after-backoff', 'UnschedulableTimeout');
    }
    if (this.#unschedulable.size > 0) this.#cancelFlush = this.#clock.after(30_000, () => this.#flush());
  }
}

function withInfo(pod: QueuedPod, info: PodInfo): QueuedPod {
  return { ...pod, info };
}
