import { type Distribution, scraped } from '@coracle/process/series';
import type { Registry as MetricsRegistry } from 'prom-client';
import type { FlowControl } from './flow-control.ts';
import type { FlowCounts } from './flow-counts.ts';
import type { Queued } from './link.ts';
import type { PriorityLevel } from './priority-level.ts';
import type { VirtualTimes } from './queue-set.ts';

const prefix = 'apiserver_flowcontrol';

interface Shown {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number | Distribution;
}

/** Shows what the flow control counts, under upstream's names (apiserver_flowcontrol_*); everything is read when it is scraped. */
export function observeFairness(metrics: MetricsRegistry, control: FlowControl, { reading, mutating }: Queued): void {
  scraped(metrics, {
    name: 'apiserver_current_inqueue_requests',
    help: 'The most requests that waited at once within the last second, reading or mutating.',
    labels: ['request_kind'],
    type: 'gauge',
    read: () => [
      { labels: { request_kind: 'readOnly' }, value: reading.most(Date.now()) },
      { labels: { request_kind: 'mutating' }, value: mutating.most(Date.now()) },
    ],
  });
  const show = (type: 'counter' | 'gauge' | 'histogram', name: string, help: string, read: () => Shown[]) =>
    scraped<string>(metrics, { name: `${prefix}_${name}`, help, type, read });
  const showFlows = (
    type: 'counter' | 'gauge' | 'histogram',
    name: string,
    help: string,
    read: (counts: FlowCounts) => [labels: Readonly<Record<string, string>>, value: number | Distribution][],
  ) =>
    show(type, name, help, () =>
      control.counts.flatMap((counts) =>
        read(counts)
          .filter(([, value]) => typeof value === 'number' || value.count > 0)
          .map(([more, value]) => ({
            labels: { priority_level: counts.level, flow_schema: counts.schema, ...more },
            value,
          })),
      ),
    );

  for (const [name, help, read] of levelGauges) {
    show('gauge', name, help, () =>
      control.levels.map((level) => ({ labels: { priority_level: level.name }, value: read(level) })),
    );
  }
  for (const [name, help, read] of flowGauges) showFlows('gauge', name, help, (counts) => [[{}, read(counts)]]);
  show('gauge', 'seat_fair_frac', 'What part of its target each limited level got, where its bounds allow.', () => [
    { labels: {}, value: control.fairFraction },
  ]);
  const showLevels = (
    type: 'gauge' | 'histogram',
    name: string,
    help: string,
    read: (level: PriorityLevel) => [labels: Readonly<Record<string, string>>, value: number | Distribution][],
  ) =>
    show(type, name, help, () =>
      control.levels.flatMap((level) =>
        read(level).map(([more, value]) => ({ labels: { priority_level: level.name, ...more }, value })),
      ),
    );
  const now = () => control.now();
  showLevels(
    'histogram',
    'priority_level_seat_utilization',
    "Parts of a level's seats that were in use, an observation each nanosecond.",
    ({ seats: { usage } }) => [[{ phase: 'executing' }, usage.seats.observed(now())]],
  );
  showLevels(
    'histogram',
    'priority_level_request_utilization',
    'Requests that had seats or waited, as parts of the seats and of the room to wait, an observation each nanosecond.',
    ({ seats: { usage } }) => [
      [{ phase: 'executing' }, usage.executing.observed(now())],
      [{ phase: 'waiting' }, usage.waiting.observed(now())],
    ],
  );
  showLevels(
    'histogram',
    'demand_seats',
    'Seats that were asked for, as parts of those the level has, an observation each nanosecond.',
    ({ seats: { usage } }) => [[{}, usage.demand.observed(now())]],
  );
  showLevels('gauge', 'current_r', 'Virtual time when the level was last asked, in seat-seconds.', ({ seats }) => [
    [{}, seats.virtual / 1000],
  ]);
  for (const [name, help, read] of dispatchGauges) {
    showLevels('gauge', name, help, ({ seats: { times } }) => (times ? read(times) : []));
  }
  showFlows(
    'counter',
    'request_dispatch_no_accommodation_total',
    'How often the request whose turn it was had to wait on for seats.',
    ({ unaccommodated }) => [[{}, unaccommodated]],
  );
  showFlows(
    'histogram',
    'request_queue_length_after_enqueue',
    'Requests in a queue, as each that came into it found them, itself among them.',
    ({ lengths }) => [[{}, lengths]],
  );
  showFlows('counter', 'dispatched_requests_total', 'Requests that got their seats.', ({ dispatched }) => [
    [{}, dispatched],
  ]);
  showFlows(
    'counter',
    'rejected_requests_total',
    'Requests that were refused, or whose client left while they waited, by reason.',
    ({ rejected }) => [...rejected].map(([reason, count]) => [{ reason }, count]),
  );
  showFlows(
    'histogram',
    'request_wait_duration_seconds',
    'Seconds requests waited for their seats.',
    ({ waitedExecuted, waitedRefused }) => [
      [{ execute: 'true' }, waitedExecuted],
      [{ execute: 'false' }, waitedRefused],
    ],
  );
  showFlows(
    'histogram',
    'request_execution_seconds',
    'Seconds requests were worked on; watches, until what they begin with is sent.',
    ({ execution, watching }) => [
      [{ type: 'regular' }, execution],
      [{ type: 'watch' }, watching],
    ],
  );
  showFlows('histogram', 'work_estimated_seats', 'Seats that requests asked for.', ({ seats }) => [[{}, seats]]);
  showFlows('histogram', 'watch_count_samples', 'Watches that may see what a write changes.', ({ watches }) => [
    [{}, watches],
  ]);
}

/** What was when a request that waited last got its seats, in seat-seconds. */
const dispatchGauges: readonly [
  name: string,
  help: string,
  read: (times: VirtualTimes) => [labels: Readonly<Record<string, string>>, value: number][],
][] = [
  ['dispatch_r', 'Virtual time when a waiting request last got its seats.', ({ dispatch }) => [[{}, dispatch / 1000]]],
  ['latest_s', 'Virtual time at which that request was to begin.', ({ start }) => [[{}, start / 1000]]],
  [
    'next_s_bounds',
    'The least and greatest virtual times at which the next requests of the queues are to begin.',
    ({ next }) => bounds(next),
  ],
  [
    'next_discounted_s_bounds',
    'The same, less what is under way of the queue.',
    ({ discounted }) => bounds(discounted),
  ],
];

const bounds = ([min, max]: readonly [number, number]): [Readonly<Record<string, string>>, number][] => [
  [{ bound: 'min' }, min / 1000],
  [{ bound: 'max' }, max / 1000],
];

const levelGauges: readonly [string, string, (level: PriorityLevel) => number][] = [
  ['nominal_limit_seats', 'Seats of the level by its shares.', ({ limits }) => limits.nominal],
  ['lower_limit_seats', 'Seats of the level that it does not lend.', ({ limits }) => limits.least],
  ['upper_limit_seats', 'Seats the level may have with borrowed ones.', ({ limits }) => limits.most],
  ['current_limit_seats', 'Seats the level has now.', ({ current }) => current],
  ['demand_seats_high_watermark', 'The most seats asked for at once in the last period.', ({ demand }) => demand.high],
  ['demand_seats_average', 'Seats asked for in the last period, on average.', ({ demand }) => demand.average],
  [
    'demand_seats_stdev',
    'Standard deviation of the seats asked for in the last period.',
    ({ demand }) => demand.deviation,
  ],
  ['demand_seats_smoothed', 'Seats asked for, by and large.', ({ demand }) => demand.smoothed],
  ['target_seats', 'Seats the level would have had, had there been enough.', ({ demand }) => demand.target],
];

const flowGauges: readonly [string, string, (counts: FlowCounts) => number][] = [
  ['current_inqueue_requests', 'Requests that wait for their seats.', ({ inQueue }) => inQueue],
  ['current_inqueue_seats', 'Seats that are waited for.', ({ inQueueSeats }) => inQueueSeats],
  ['current_executing_requests', 'Requests that have their seats.', ({ executing }) => executing],
  ['current_executing_seats', 'Seats that requests have.', ({ executingSeats }) => executingSeats],
];
