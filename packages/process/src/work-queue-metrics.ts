import type { WorkQueueMetrics, WorkQueueState } from '@coracle/client/work-queue';
import type { Registry } from './metrics.ts';
import { counters, histograms, scraped } from './series.ts';

/** The metrics of the queue with a name; for once a queue. */
export type QueueMetrics = (queue: string) => WorkQueueMetrics;

/** Upper ends of buckets in seconds, from ten nanoseconds to ten seconds: each ten times the last, rounded as in upstream, for they name series. */
const buckets = [1e-8];
while (buckets.length < 10) buckets.push(buckets.at(-1)! * 10);

/** Makes the metrics of work queues (workqueue_*), one set of series per queue name. */
export function workQueueMetrics(registry: Registry): QueueMetrics {
  const queues: { name: string; state: WorkQueueState }[] = [];
  const labels = ['name'] as const;
  const gauge = (name: string, help: string, of: (state: WorkQueueState) => number): void =>
    scraped(registry, {
      name,
      help,
      labels,
      type: 'gauge',
      read: () => queues.map(({ name, state }) => ({ labels: { name }, value: of(state) })),
    });
  gauge('workqueue_depth', 'Items that wait in the queue.', ({ depth }) => depth);
  gauge('workqueue_unfinished_work_seconds', 'How long the items that are worked on have been, together.', (state) =>
    state.ages().reduce((sum, age) => sum + age, 0),
  );
  gauge(
    'workqueue_longest_running_processor_seconds',
    'How long the item that has been worked on longest has been.',
    (state) => Math.max(0, ...state.ages()),
  );
  const adds = counters(registry, { name: 'workqueue_adds_total', help: 'Items put into the queue so far.', labels });
  const wait = histograms(registry, {
    name: 'workqueue_queue_duration_seconds',
    help: "Time from an item's entry into the queue to its being taken up.",
    labels,
    buckets,
  });
  const work = histograms(registry, {
    name: 'workqueue_work_duration_seconds',
    help: 'Time of working on one item.',
    labels,
    buckets,
  });
  const retries = counters(registry, {
    name: 'workqueue_retries_total',
    help: 'Items put into the queue to come later, most of them after a failure.',
    labels,
  });
  return (name) => {
    const [added, retried] = [adds.of({ name }), retries.of({ name })];
    const [waited, worked] = [wait.of({ name }), work.of({ name })];
    return {
      follow: (state) => queues.push({ name, state }),
      added: () => added.inc(),
      waited: (seconds) => waited.observe(seconds),
      worked: (seconds) => worked.observe(seconds),
      retried: () => retried.inc(),
    };
  };
}
