import { formatDuration } from '@coracle/api/meta/time';
import { send } from '../../endpoints/response.ts';
import type { Page } from '../../pages.ts';
import { groupVersionOf } from '../request-info.ts';
import type { FlowControl } from './flow-control.ts';
import { type Asking, guessedWork, type Queue, type Waiting } from './queue-set.ts';
import type { Work } from './work.ts';

const root = '/debug/api_priority_and_fairness';

/** What goes on in the flow control, as upstream shows it: tables of comma-separated values, for people. */
export function debugPages(control: FlowControl): Readonly<Record<string, Page>> {
  const page =
    (rows: (query: URLSearchParams) => string[][]): Page =>
    (context) =>
      send(context, 200, 'text/plain; charset=utf-8', Buffer.from(tableOf(rows(context.query))));
  return {
    [`${root}/dump_priority_levels`]: page(() => levelRows(control)),
    [`${root}/dump_queues`]: page(() => queueRows(control)),
    [`${root}/dump_requests`]: page((query) => requestRows(control, (query.get('includeRequestDetails') ?? '') !== '')),
  };
}

function levelRows({ levels, counts }: FlowControl): string[][] {
  const rejected = (level: string, ...reasons: string[]) => {
    let sum = 0;
    for (const each of counts) if (each.level === level) sum += total(each.rejected, reasons);
    return sum;
  };
  const dispatched = (level: string) => {
    let sum = 0;
    for (const each of counts) if (each.level === level) sum += each.dispatched;
    return sum;
  };
  const byName = [...levels].sort((a, b) => (a.name < b.name ? -1 : 1));
  const rows = byName.map(({ name, seats, idle, leaving }) => [
    name,
    String(seats.queues.filter(({ waiting }) => waiting.size > 0).length),
    String(idle),
    String(leaving),
    String(seats.waiting),
    String(seats.executing),
    String(dispatched(name)),
    String(rejected(name, 'queue-full', 'concurrency-limit', 'time-out', 'cancelled')),
    String(rejected(name, 'time-out')),
    String(rejected(name, 'cancelled')),
  ]);
  return [
    [
      'PriorityLevelName',
      'ActiveQueues',
      'IsIdle',
      'IsQuiescing',
      'WaitingRequests',
      'ExecutingRequests',
      'DispatchedRequests',
      'RejectedRequests',
      'TimedoutRequests',
      'CancelledRequests',
    ],
    ...rows,
  ];
}

const queueColumns = [
  'PriorityLevelName',
  'Index',
  'PendingRequests',
  'ExecutingRequests',
  'SeatsInUse',
  'NextDispatchR',
  'InitialSeatsSum',
  'MaxSeatsSum',
  'TotalWorkSum',
];

function queueRows({ levels }: FlowControl): string[][] {
  const rows = levels.flatMap(({ name, seats }) =>
    seats.queues.map((queue, index) => [
      name,
      String(index),
      String(queue.waiting.size),
      String(queue.executing),
      String(queue.seatsInUse),
      seatSeconds(queue.next),
      String(sumOf(queue, ({ initial }) => initial)),
      String(queue.seatsWaiting),
      seatSeconds(sumOf(queue, guessedWork)),
    ]),
  );
  return [queueColumns, ...rows];
}

/** A sum over the requests that wait. */
function sumOf({ waiting }: Queue, of: (work: Work) => number): number {
  let sum = 0;
  for (const { work } of waiting) sum += of(work);
  return sum;
}

const requestColumns = [
  'PriorityLevelName',
  'FlowSchemaName',
  'QueueIndex',
  'RequestIndexInQueue',
  'FlowDistingsher',
  'ArriveTime',
  'InitialSeats',
  'FinalSeats',
  'AdditionalLatency',
  'StartTime',
];
const detailColumns = ['UserName', 'Verb', 'APIPath', 'Namespace', 'Name', 'APIVersion', 'Resource', 'SubResource'];
const none = -1;

/** The requests of each queue: those that wait, in their order, then those that are worked on; at last those that are of no queue. */
function requestRows({ levels }: FlowControl, isDetailed: boolean): string[][] {
  const rows: string[][] = [];
  for (const { name, seats: set } of levels) {
    const add = (queue: number, at: number, { work, asking }: Pick<Waiting, 'work' | 'asking'>, since?: number) => {
      if (!asking) return;
      rows.push([
        name,
        asking.schema,
        String(queue),
        String(at),
        asking.distinguisher,
        timeOf(asking.arrived),
        String(work.initial),
        String(work.final),
        formatDuration(work.after),
        since === undefined ? '0001-01-01T00:00:00Z' : timeOf(since),
        ...(isDetailed ? detailsOf(asking) : []),
      ]);
    };
    const running = Map.groupBy(set.running, ({ queue }) => queue);
    for (const [index, queue] of set.queues.entries()) {
      for (const [at, each] of [...queue.waiting].entries()) add(index, at, each);
      for (const each of running.get(queue) ?? []) add(index, none, each, each.since);
    }
    for (const each of running.get(undefined) ?? []) add(none, none, each, each.since);
  }
  return [[...requestColumns, ...(isDetailed ? detailColumns : [])], ...rows];
}

function detailsOf({ user, info }: Asking): string[] {
  const { verb, path, namespace, name, resource, subresource } = info;
  return [user.name, verb, path, namespace, name, groupVersionOf(info), resource, subresource];
}

/** Seat-milliseconds as upstream shows seat-seconds. */
function seatSeconds(value: number): string {
  return `${(value / 1000).toFixed(8)}ss`;
}

/** A time of the process's own clock. */
function timeOf(milliseconds: number): string {
  return new Date(performance.timeOrigin + milliseconds).toISOString();
}

function total(counts: ReadonlyMap<string, number>, keys: readonly string[]): number {
  return keys.reduce((sum, key) => sum + (counts.get(key) ?? 0), 0);
}

const leastWidth = 8;

/** Cells end with commas and are as wide as their column, which is as upstream writes them. */
function tableOf(rows: string[][]): string {
  const widths = rows[0]!.map((_, at) => Math.max(leastWidth, ...rows.map((row) => row[at]!.length + 2)));
  const line = (row: string[]) =>
    row.map((cell, at) => (at < row.length - 1 ? `${cell},`.padEnd(widths[at]!) : cell)).join('');
  return rows.map((row) => `${line(row)}\n`).join('');
}
