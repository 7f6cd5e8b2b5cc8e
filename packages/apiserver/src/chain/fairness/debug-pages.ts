import { send } from '../../endpoints/response.ts';
import type { Page } from '../../pages.ts';
import type { FlowControl } from './flow-control.ts';

const root = '/debug/api_priority_and_fairness';

/** What goes on in the flow control, as upstream shows it: tables of comma-separated values, for people. */
export function debugPages(control: FlowControl): Readonly<Record<string, Page>> {
  const page =
    (rows: () => string[][]): Page =>
    (context) =>
      send(context, 200, 'text/plain; charset=utf-8', Buffer.from(tableOf(rows())));
  return {
    [`${root}/dump_priority_levels`]: page(() => levelRows(control)),
    [`${root}/dump_queues`]: page(() => queueRows(control)),
    [`${root}/dump_requests`]: page(() => requestRows(control)),
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
  const rows = [...levels].map(({ name, seats, idle, leaving }) => [
    name,
    String(seats.queues.filter(({ active }) => active).length),
    String(idle),
    String(leaving),
    String(seats.waiting),
    String(seats.executing),
    String(dispatched(name)),
    String(rejected(name, 'queue-full', 'concurrency-limit')),
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

function queueRows({ levels }: FlowControl): string[][] {
  const rows = [...levels].flatMap(({ name, seats }) =>
    seats.queues.map((queue, index) => [
      name,
      String(index),
      String(queue.waiting.size),
      String(queue.executing),
      String(queue.seatsInUse),
      String(queue.seatsWaiting),
      queue.next.toFixed(4),
    ]),
  );
  const head = ['PriorityLevelName', 'Index', 'PendingRequests', 'ExecutingRequests', 'SeatsInUse', 'SeatsWaiting'];
  return [[...head, 'NextDispatchR'], ...rows];
}

function requestRows({ levels }: FlowControl): string[][] {
  const rows = [...levels].flatMap(({ name, seats }) =>
    seats.queues.flatMap(({ waiting }, index) =>
      [...waiting].map((each, at) => [name, String(index), String(at), String(each.seats), each.arrival.toFixed(4)]),
    ),
  );
  return [['PriorityLevelName', 'QueueIndex', 'RequestIndexInQueue', 'Seats', 'ArriveR'], ...rows];
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
