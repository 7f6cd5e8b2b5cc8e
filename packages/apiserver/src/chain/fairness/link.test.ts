import type { FlowSchema, PriorityLevelConfiguration } from '@coracle/api/types/flowcontrol/v1';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Registry as MetricsRegistry } from 'prom-client';
import { MeasuredLatencies } from '../latencies.ts';
import type { RequestContext } from '../link.ts';
import { isUnlimited } from '../long-running.ts';
import { requestInfoOf } from '../request-info.ts';
import { Watermark } from '../watermark.ts';
import { FlowControl } from './flow-control.ts';
import { fairness, type Queued } from './link.ts';
import { observeFairness } from './metrics.ts';
import { observeRequestUse, RequestUse, type RequestUses } from './request-use.ts';

let control: FlowControl;
let inside: { context: RequestContext; end: () => void }[];
let headers: Map<string, string>;
/** Milliseconds that seats are kept after the end of a request. */
let after: number;
let queued: Queued;
let uses: RequestUses;
let inFlight: Watermark;
/** Milliseconds. */
let time: number;

const level = (queueLengthLimit: number): PriorityLevelConfiguration => ({
  metadata: { name: 'l', uid: 'uid-of-level' },
  spec: {
    type: 'Limited',
    limited: {
      nominalConcurrencyShares: 5,
      limitResponse: { type: 'Queue', queuing: { queues: 1, handSize: 1, queueLengthLimit } },
    },
  },
});

const schema: FlowSchema = {
  metadata: { name: 's', uid: 'uid-of-schema' },
  spec: {
    priorityLevelConfiguration: { name: 'l' },
    matchingPrecedence: 2,
    rules: [
      {
        subjects: [{ kind: 'User', user: { name: 'x' } }],
        resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true }],
      },
    ],
  },
};

beforeEach(() => {
  control = new FlowControl({ seats: 2 });
  control.configure([schema], [level(1)]);
  inside = [];
  headers = new Map();
  after = 0;
  queued = { reading: new Watermark(), mutating: new Watermark() };
  inFlight = new Watermark();
  time = 0;
  const phases = () => ({
    executing: new RequestUse(
      () => time,
      () => 2,
    ),
    waiting: new RequestUse(
      () => time,
      () => 1,
    ),
  });
  uses = { readOnly: phases(), mutating: phases() };
});

function send(url = '/api/v1/pods', groups: string[] = [], signal = new AbortController().signal, timeout = 60_000) {
  const link = fairness(control, {
    work: () => ({ initial: 1, final: after > 0 ? 1 : 0, after }),
    requestTimeout: timeout,
    isUnlimited,
    queued,
    uses,
  });
  const context = {
    info: requestInfoOf('GET', url),
    user: { name: 'x', groups },
    res: { setHeader: (name: string, value: string) => headers.set(name, value) },
    signal,
    inFlight,
    latencies: new MeasuredLatencies(),
  } as unknown as RequestContext;
  const outcome = link(context, () => new Promise((resolve) => inside.push({ context, end: resolve })));
  outcome.catch(() => undefined);
  return outcome;
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const refusal = { code: 429, reason: 'TooManyRequests', message: 'Too many requests, please try again later.' };

describe('a request', () => {
  it('goes on at once while there are seats, and says where it belongs', async () => {
    void send();
    expect(inside).toHaveLength(1);
    expect(Object.fromEntries(headers)).toEqual({
      'X-Kubernetes-PF-FlowSchema-UID': 'uid-of-schema',
      'X-Kubernetes-PF-PriorityLevel-UID': 'uid-of-level',
    });
  });

  it('waits, and is refused when too many do', async () => {
    void send();
    void send();
    await expect(send()).rejects.toMatchObject(refusal);
    inside[0]!.end();
    await settled();
    expect(inside).toHaveLength(2);
  });

  it('is in flight while it is worked on, not while it waits', async () => {
    void send();
    void send();
    expect([inFlight.most(Date.now()), queued.reading.most(Date.now())]).toEqual([1, 1]);
    inside[0]!.end();
    await settled();
    inside[1]!.end();
    await settled();
    expect(inFlight.most(Date.now() + 5_000)).toBe(0);
  });

  it('is refused after a quarter of its time', async () => {
    void send();
    await expect(send('/api/v1/pods', [], undefined, 20)).rejects.toMatchObject(refusal);
  });

  it('is forgotten when its client leaves', async () => {
    void send();
    const leaving = new AbortController();
    const gone = send('/api/v1/pods', [], leaving.signal);
    leaving.abort(new Error('gone'));
    await expect(gone).rejects.toThrow('gone');
    inside[0]!.end();
    await settled();
    expect(inside).toHaveLength(1);
  });

  it('that others have to be told of keeps its seat for a moment after its end', async () => {
    after = 20;
    const first = send();
    const second = send();
    inside[0]!.end();
    await first;
    expect(inside).toHaveLength(1);
    after = 0;
    while (inside.length < 2) await settled();
    inside[1]!.end();
    await second;
  });

  it('of an administrator is not held up, nor one that lasts', async () => {
    void send();
    headers.clear();
    void send('/api/v1/namespaces/a/pods/b/log');
    expect(headers.size).toBe(0);
    void send('/api/v1/pods', ['system:masters']);
    expect(inside).toHaveLength(3);
  });

  it('that watches has a seat until it has begun', async () => {
    void send('/api/v1/pods?watch=1');
    const next = send();
    await settled();
    expect(inside).toHaveLength(1);
    inside[0]!.context.begun?.();
    await settled();
    expect(inside).toHaveLength(2);
    inside[0]!.end();
    await settled();
    inside[1]!.end();
    await next;
    const { level: limited } = control.classify({ name: 'x', groups: [] }, requestInfoOf('GET', '/api/v1/pods'));
    expect(limited.seats.seatsInUse).toBe(0);
  });
});

describe('metrics', () => {
  it('have the names and numbers upstream shows', async () => {
    const metrics = new MetricsRegistry();
    observeFairness(metrics, control, queued);
    void send();
    void send();
    await expect(send()).rejects.toMatchObject(refusal);
    const text = await metrics.metrics();
    const of = 'priority_level="l",flow_schema="s"';
    for (const line of [
      'apiserver_current_inqueue_requests{request_kind="readOnly"} 1',
      'apiserver_current_inqueue_requests{request_kind="mutating"} 0',
      `apiserver_flowcontrol_dispatched_requests_total{${of}} 1`,
      `apiserver_flowcontrol_rejected_requests_total{${of},reason="queue-full"} 1`,
      `apiserver_flowcontrol_current_executing_requests{${of}} 1`,
      `apiserver_flowcontrol_current_inqueue_requests{${of}} 1`,
      `apiserver_flowcontrol_request_wait_duration_seconds_bucket{${of},execute="true",le="0"} 1`,
      `apiserver_flowcontrol_request_wait_duration_seconds_count{${of},execute="false"} 1`,
      `apiserver_flowcontrol_work_estimated_seats_sum{${of}} 3`,
      'apiserver_flowcontrol_nominal_limit_seats{priority_level="l"} 1',
      `apiserver_flowcontrol_request_queue_length_after_enqueue_bucket{${of},le="10"} 2`,
      `apiserver_flowcontrol_request_dispatch_no_accommodation_total{${of}} 1`,
      'apiserver_flowcontrol_current_limit_seats{priority_level="catch-all"} 1',
    ]) {
      expect(text).toContain(`\n${line}\n`);
    }
    for (const series of [
      'priority_level_seat_utilization_count{priority_level="l",phase="executing"}',
      'priority_level_request_utilization_count{priority_level="l",phase="executing"}',
      'priority_level_request_utilization_count{priority_level="l",phase="waiting"}',
      'demand_seats_count{priority_level="l"}',
      'current_r{priority_level="l"}',
    ]) {
      expect(text).toContain(`\napiserver_flowcontrol_${series} `);
    }
    expect(text).not.toContain('apiserver_flowcontrol_dispatch_r{');
    inside[0]!.end();
    await settled();
    const afterwards = await metrics.metrics();
    for (const series of ['dispatch_r{', 'latest_s{', 'next_s_bounds{', 'next_discounted_s_bounds{']) {
      expect(afterwards).toContain(`\napiserver_flowcontrol_${series}priority_level="l"`);
    }
    expect(await metrics.metrics()).toContain(`\napiserver_flowcontrol_current_executing_requests{${of}} 1\n`);
    expect(await metrics.metrics()).toContain(`\napiserver_flowcontrol_current_inqueue_requests{${of}} 0\n`);
  });

  it('counted by what they do, for as long as they wait and are worked on', async () => {
    const metrics = new MetricsRegistry();
    observeRequestUse(metrics, uses);
    void send();
    void send();
    time = 3;
    inside[0]!.end();
    await settled();
    inside[1]!.end();
    await settled();
    time = 5;
    const text = await metrics.metrics();
    const name = 'apiserver_flowcontrol_read_vs_write_current_requests';
    for (const [phase, idle, sum] of [
      ['executing', 2_000_000, 1_500_000],
      ['waiting', 2_000_000, 3_000_000],
    ] as const) {
      const of = `phase="${phase}",request_kind="readOnly"`;
      expect(text).toContain(`\n${name}_bucket{${of},le="0"} ${idle}\n`);
      expect(text).toContain(`\n${name}_count{${of}} 5000000\n`);
      expect(text).toContain(`\n${name}_sum{${of}} ${sum}\n`);
    }
    expect(text).toContain(`\n${name}_sum{phase="executing",request_kind="mutating"} 0\n`);
  });
});
