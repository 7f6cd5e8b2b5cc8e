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
    help: 'Attempts to find a node for a pod. unschedulable: no node fits; error: the scheduler or the API server failed.',
    labelNames: ['result', 'profile'],
    registers,
  });
  const attemptDuration = new Histogram({
    name: 'scheduler_scheduling_attempt_duration_seconds',
    help: 'Time of one attempt, from taking the pod from the queue to its binding.',
    labelNames: ['result', 'profile'],
    buckets: exponential(0.001, 2, 15),
    registers,
  });
  const algorithm = new Histogram({
    name: 'scheduler_scheduling_algorithm_duration_seconds',
    help: 'Time of choosing a node, without binding.',
    buckets: exponential(0.001, 2, 15),
    registers,
  });
  const sli = new Histogram({
    name: 'scheduler_pod_scheduling_sli_duration_seconds',
    help: "Time from a pod's first entry into the queue to its binding, over all attempts.",
    labelNames: ['attempts'],
    buckets: exponential(0.01, 2, 20),
    registers,
  });
  const podAttempts = new Histogram({
    name: 'scheduler_pod_scheduling_attempts',
    help: 'Attempts that bound pods needed.',
    buckets: exponential(1, 2, 5),
    registers,
  });
  const point = new Histogram({
    name: 'scheduler_framework_extension_point_duration_seconds',
    help: 'Time of all plugins at one extension point.',
    labelNames: ['extension_point', 'status', 'profile'],
    buckets: exponential(0.0001, 2, 12),
    registers,
  });
  const incoming = new Counter({
    name: 'scheduler_queue_incoming_pods_total',
    help: 'Pods put into the queues, by queue and by the event that put them there.',
    labelNames: ['queue', 'event'],
    registers,
  });
  const permitWait = new Histogram({
    name: 'scheduler_permit_wait_duration_seconds',
    help: 'Time that pods waited for permission to bind.',
    labelNames: ['result'],
    buckets: exponential(0.001, 2, 15),
    registers,
  });
  const preemptions = new Counter({
    name: 'scheduler_preemption_attempts_total',
    help: 'Attempts to make room for a pod by removing others.',
    registers,
  });
  const victims = new Histogram({
    name: 'scheduler_preemption_victims',
    help: 'Pods removed by one preemption.',
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
        help: 'Pods that wait: active to be tried next, backoff for their time, unschedulable for an event, gated for their gates.',
        labelNames: ['queue'],
        registers,
        collect() {
          for (const [name, count] of Object.entries(queue.counts())) this.set({ queue: name }, count);
        },
      });
      new Gauge({
        name: 'scheduler_cache_size',
        help: 'Nodes, pods and assumed pods (placed, but not yet seen bound) in the cache.',
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
        help: 'Pods that fit nowhere, by plugin. A pod counts at every plugin that refused it.',
        labelNames: ['plugin', 'profile'],
        registers,
        collect() {
          this.reset();
          for (const [profile, plugin, pods] of queue.rejections()) this.set({ plugin, profile }, pods);
        },
      });
      new Gauge({
        name: 'scheduler_inflight_events',
        help: 'Events kept until the attempts that are under way have ended.',
        registers,
        collect() {
          this.set(queue.inFlightEvents);
        },
      });
    },
  };
}
