import type { Registry } from '@coracle/process/metrics';
import { Counter, Gauge, Histogram } from '@coracle/process/metrics';
import type { ClusterCache } from './cache/cluster-cache.ts';
import type { ProfileMetrics } from './profiles.ts';
import type { QueueName, SchedulingQueue } from './queue/scheduling-queue.ts';

export type AttemptResult = 'scheduled' | 'unschedulable' | 'error';

/** What the scheduler tells of itself, under upstream's names. Times are seconds. */
export interface SchedulerMetrics extends ProfileMetrics {
  attempt(result: AttemptResult, profile: string, seconds: number): void;
  algorithm(seconds: number): void;
  /** A pod was bound: how long after it was first taken from the queue, in which attempt. */
  bound(attempts: number, seconds: number): void;
  queued(queue: QueueName, event: string): void;
  permitWait(result: string, seconds: number): void;
  /** Shows the queue's and the cache's numbers from now on, read when scraped. */
  show(queue: SchedulingQueue, cache: ClusterCache): void;
}

const exponential = (start: number, factor: number, count: number) =>
  Array.from({ length: count }, (_, i) => start * factor ** i);

export function schedulerMetrics(registry: Registry): SchedulerMetrics {
  const registers = [registry];
  const attempts = new Counter({
    name: 'scheduler_schedule_attempts_total',
    help: "Number of attempts to schedule pods, by the result. 'unschedulable' means a pod could not be scheduled, while 'error' means an internal scheduler problem.",
    labelNames: ['result', 'profile'],
    registers,
  });
  const attemptDuration = new Histogram({
    name: 'scheduler_scheduling_attempt_duration_seconds',
    help: 'Scheduling attempt latency in seconds (scheduling algorithm + binding)',
    labelNames: ['result', 'profile'],
    buckets: exponential(0.001, 2, 15),
    registers,
  });
  const algorithm = new Histogram({
    name: 'scheduler_scheduling_algorithm_duration_seconds',
    help: 'Scheduling algorithm latency in seconds',
    buckets: exponential(0.001, 2, 15),
    registers,
  });
  const sli = new Histogram({
    name: 'scheduler_pod_scheduling_sli_duration_seconds',
    help: 'E2e latency for a pod being scheduled, from the time the pod enters the scheduling queue and might involve multiple scheduling attempts.',
    labelNames: ['attempts'],
    buckets: exponential(0.01, 2, 20),
    registers,
  });
  const podAttempts = new Histogram({
    name: 'scheduler_pod_scheduling_attempts',
    help: 'Number of attempts to successfully schedule a pod.',
    buckets: exponential(1, 2, 5),
    registers,
  });
  const point = new Histogram({
    name: 'scheduler_framework_extension_point_duration_seconds',
    help: 'Latency for running all plugins of a specific extension point.',
    labelNames: ['extension_point', 'status', 'profile'],
    buckets: exponential(0.0001, 2, 12),
    registers,
  });
  const incoming = new Counter({
    name: 'scheduler_queue_incoming_pods_total',
    help: 'Number of pods added to scheduling queues by event and queue type.',
    labelNames: ['queue', 'event'],
    registers,
  });
  const permitWait = new Histogram({
    name: 'scheduler_permit_wait_duration_seconds',
    help: 'Duration of waiting on permit.',
    labelNames: ['result'],
    buckets: exponential(0.001, 2, 15),
    registers,
  });
  const preemptions = new Counter({
    name: 'scheduler_preemption_attempts_total',
    help: 'Total preemption attempts in the cluster till now',
    registers,
  });
  const victims = new Histogram({
    name: 'scheduler_preemption_victims',
    help: 'Number of selected preemption victims',
    buckets: exponential(1, 2, 7),
    registers,
  });
  return {
    attempt(result, profile, seconds) {
      attempts.inc({ result, profile });
      attemptDuration.observe({ result, profile }, seconds);
    },
    algorithm: (seconds) => algorithm.observe(seconds),
    bound(count, seconds) {
      podAttempts.observe(count);
      sli.observe({ attempts: count >= 15 ? '15+' : String(count) }, seconds);
    },
    point: (extension_point, status, profile, seconds) => point.observe({ extension_point, status, profile }, seconds),
    queued: (queue, event) => incoming.inc({ queue, event }),
    permitWait: (result, seconds) => permitWait.observe({ result }, seconds),
    attempted: () => preemptions.inc(),
    victims: (count) => victims.observe(count),
    show(queue, cache) {
      new Gauge({
        name: 'scheduler_pending_pods',
        help: "Number of pending pods, by the queue type. 'active' means number of pods in activeQ; 'backoff' means number of pods in backoffQ; 'unschedulable' means number of pods in unschedulablePods that the scheduler attempted to schedule and failed; 'gated' is the number of unschedulable pods that the scheduler never attempted to schedule because they are gated.",
        labelNames: ['queue'],
        registers,
        collect() {
          for (const [name, count] of Object.entries(queue.counts())) this.set({ queue: name }, count);
        },
      });
      new Gauge({
        name: 'scheduler_cache_size',
        help: 'Number of nodes, pods, and assumed (bound) pods in the scheduler cache.',
        labelNames: ['type'],
        registers,
        collect() {
          this.set({ type: 'nodes' }, cache.nodeCount);
          this.set({ type: 'pods' }, cache.podCount);
          this.set({ type: 'assumed_pods' }, cache.assumedCount);
        },
      });
      new Gauge({
        name: 'scheduler_unschedulable_pods',
        help: 'The number of unschedulable pods broken down by plugin name. A pod will increment the gauge for all plugins that caused it to not schedule and so this metric have meaning only when broken down by plugin.',
        labelNames: ['plugin', 'profile'],
        registers,
        collect() {
          this.reset();
          for (const [profile, plugin, pods] of queue.rejections()) this.set({ plugin, profile }, pods);
        },
      });
      new Gauge({
        name: 'scheduler_inflight_events',
        help: 'Number of events currently tracked in the scheduling queue.',
        registers,
        collect() {
          this.set(queue.inFlightEvents);
        },
      });
    },
  };
}
