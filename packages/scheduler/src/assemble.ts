import { pod as podKind } from '@coracle/api/core/v1/pod';
import type { Client } from '@coracle/client';
import { EventRecorder, Informers } from '@coracle/client';
import { ClusterCache } from './cache/cluster-cache.ts';
import { Snapshot } from './cache/snapshot.ts';
import { systemClock } from './clock.ts';
import type { SchedulerConfiguration } from './config/configuration.ts';
import { handleEvents } from './event-handlers.ts';
import type { EventSink } from './framework/handle.ts';
import type { Profile } from './framework/profile.ts';
import { WaitingPods } from './framework/waiting-pods.ts';
import { watched } from './listers.ts';
import type { SchedulerMetrics } from './metrics.ts';
import { podWriter } from './pod-writer.ts';
import { makeProfiles, rulesOf } from './profiles.ts';
import type { QueueingRules } from './queue/queueing-rules.ts';
import { SchedulingQueue } from './queue/scheduling-queue.ts';
import { NodeFinder } from './schedule-pod.ts';
import { Scheduler } from './scheduler.ts';

export interface SchedulerLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface SchedulerOptions {
  client: Client;
  configuration: SchedulerConfiguration;
  /** A pod that no event helped is tried again after this many milliseconds. */
  maxInUnschedulable?: number;
  metrics: SchedulerMetrics;
  log: SchedulerLog;
  /** Ends all watches. */
  signal: AbortSignal;
}

export interface AssembledScheduler {
  /** Settles when the caches have been filled; rejects when the signal aborts first. */
  synced(): Promise<void>;
  /** Schedules until the signal aborts; to be called by the leader only. */
  run(signal: AbortSignal): Promise<void>;
  /** Settles when the events told so far are written, or given up. */
  eventsWritten(): Promise<void>;
  readonly queue: SchedulingQueue;
  readonly cache: ClusterCache;
}

/** Puts a scheduler together and begins to watch. Throws when the configured profiles cannot be made. */
export function assembleScheduler(options: SchedulerOptions): AssembledScheduler {
  const { client, configuration, metrics, log, signal } = options;
  const clock = systemClock;
  const snapshot = new Snapshot();
  const cache = new ClusterCache();
  const waitingPods = new WaitingPods();
  const pods = podWriter(client);
  const informers = new Informers(client, { signal, log });
  const watching = watched(informers);
  const recorders = new Map(
    configuration.profiles.map(({ schedulerName }) => [
      schedulerName,
      new EventRecorder(client, { component: schedulerName }, { log }),
    ]),
  );
  const event: EventSink = (about, type, reason, message) => {
    const name = (about as { spec?: { schedulerName?: string } }).spec?.schedulerName ?? '';
    const recorder = recorders.get(name) ?? recorders.values().next().value!;
    recorder.event(about, podKind, type, reason, message);
  };

  // The queue sorts by what the profiles say, and the profiles look into the queue's nominations.
  let profiles: ReadonlyMap<string, Profile> = new Map();
  let rules: QueueingRules | undefined;
  const late: QueueingRules = {
    less: (a, b) => rules!.less(a, b),
    gate: (pod) => rules!.gate(pod),
    anyCares: (seen) => rules!.anyCares(seen),
    worthRetrying: (pod, seen) => rules!.worthRetrying(pod, seen),
  };
  const queue = new SchedulingQueue({
    rules: late,
    clock,
    initialBackoff: configuration.podInitialBackoff,
    maxBackoff: configuration.podMaxBackoff,
    maxInUnschedulable: options.maxInUnschedulable ?? 300_000,
    onEnter: metrics.queued,
  });
  const { listers } = watching;
  const { nominator } = queue;
  const handle = { snapshot, listers, pods, nominator, waitingPods, event, clock, random: Math.random };
  profiles = makeProfiles(configuration.profiles, handle, metrics);
  rules = rulesOf(profiles, (plugin, error) =>
    log.error({ err: error, plugin }, 'Queueing hint failed; pod is retried'),
  );

  const finder = new NodeFinder(snapshot, configuration.percentageOfNodesToScore, Math.random);
  const scheduler = new Scheduler({
    profiles,
    queue,
    cache,
    snapshot,
    finder,
    waitingPods,
    listers,
    pods,
    event,
    clock,
    metrics,
    log,
  });
  handleEvents(watching, {
    cache,
    queue,
    responsible: (pod) => profiles.has(pod.spec.schedulerName ?? 'default-scheduler'),
    turnAway: (uid) => waitingPods.get(uid)?.reject('', 'pod is deleted'),
  });
  metrics.show(queue, cache);
  signal.addEventListener('abort', () => queue.close(), { once: true });
  const started = informers.start();
  // Whoever asks gets the rejection; nobody asking must not make it an uncaught one.
  started.catch(() => {});
  const eventsWritten = async () => {
    for (const each of recorders.values()) await each.written();
  };
  return { synced: () => started, run: (leading) => scheduler.run(leading), eventsWritten, queue, cache };
}
