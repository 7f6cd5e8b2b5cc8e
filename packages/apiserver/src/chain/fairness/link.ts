import { Overloaded } from '../../endpoints/plain-error.ts';
import type { Link, RequestContext } from '../link.ts';
import { readVerbs } from '../max-in-flight.ts';
import type { Watermark } from '../watermark.ts';
import type { Flow, FlowControl } from './flow-control.ts';
import type { FlowCounts } from './flow-counts.ts';
import { type Asking, Refusal, type Seated } from './queue-set.ts';
import type { RequestUses } from './request-use.ts';
import type { Work } from './work.ts';

export interface FairnessOptions {
  /** What a request takes; of seats, no more than the widest its level lets be. */
  readonly work: (context: RequestContext, widest: number, counts: FlowCounts) => Work;
  /** What --request-timeout says, in milliseconds. */
  readonly requestTimeout: number;
  /** Requests that last and are no watches: they are not limited. */
  readonly isUnlimited: (context: RequestContext) => boolean;
  readonly queued: Queued;
  readonly uses: RequestUses;
}

/** How many requests wait, by what they do. */
export interface Queued {
  readonly reading: Watermark;
  readonly mutating: Watermark;
}

/** A request waits for no more than this part of its time, and this many milliseconds. */
const waitingPart = 0.25;
const longestWait = 60_000;

/**
 * The link that gives requests their seats by priority and fairness (KEP-1040): those beyond a level's limit wait in queues, and are refused with 429
 * where they do not get on. A watch keeps its seats only until what it begins with is sent.
 */
export function fairness(control: FlowControl, options: FairnessOptions): Link {
  return async (context, next) => {
    if (options.isUnlimited(context)) return next();
    const flow = control.classify(context.user, context.info);
    const { res } = context;
    res.setHeader('X-Kubernetes-PF-FlowSchema-UID', flow.schema.metadata.uid ?? '');
    res.setHeader('X-Kubernetes-PF-PriorityLevel-UID', flow.level.uid);
    const { counts, level } = flow;
    const { seats, after } = options.work(context, level.widest, counts);
    const asking: Asking = {
      schema: counts.schema,
      counts,
      distinguisher: flow.distinguisher,
      user: context.user,
      info: context.info,
      after,
      arrived: control.now(),
    };
    let seated = level.seats.admit(flow.hand, seats, asking);
    if (seated) counts.began(seats, level.exempt ? undefined : 0);
    else seated = await waiting(control, flow, seats, asking, context, options);
    const isWatch = context.info.verb === 'watch';
    const leave = leaving(control, flow, seated, isWatch ? 'watch' : 'regular');
    const { executing } = useOf(options.uses, context);
    let isExecuting = true;
    const stop = () => {
      if (isExecuting) executing.leave();
      isExecuting = false;
    };
    executing.enter();
    if (isWatch) {
      context.begun = () => {
        stop();
        leave();
      };
    }
    try {
      await next();
    } finally {
      stop();
      if (after > 0) setTimeout(leave, after).unref();
      else leave();
    }
  };
}

const useOf = (uses: RequestUses, { info }: RequestContext) =>
  readVerbs.has(info.verb) ? uses.readOnly : uses.mutating;

/** Gives seats back once, however often it is called. */
function leaving(control: FlowControl, { level, counts }: Flow, seated: Seated, type: 'regular' | 'watch'): () => void {
  let left = false;
  return () => {
    if (left) return;
    left = true;
    level.seats.leave(seated);
    counts.ended(seated.seats, (control.now() - seated.since) / 1000, type);
  };
}

async function waiting(
  control: FlowControl,
  { level, hand, counts }: Flow,
  seats: number,
  asking: Asking,
  context: RequestContext,
  { requestTimeout, queued, uses }: FairnessOptions,
): Promise<Seated> {
  const { signal, deadline } = context;
  const since = asking.arrived;
  const mark = readVerbs.has(context.info.verb) ? queued.reading : queued.mutating;
  const { waiting: use } = useOf(uses, context);
  const waited = () => (control.now() - since) / 1000;
  const left = deadline === undefined ? requestTimeout : deadline - Date.now();
  try {
    const seating = level.seats.wait(hand, seats, Math.min(longestWait, left * waitingPart), signal, asking);
    counts.inQueue++;
    counts.inQueueSeats += seats;
    mark.enter(Date.now());
    use.enter();
    const seated = await seating.finally(() => {
      counts.inQueue--;
      counts.inQueueSeats -= seats;
      mark.leave(Date.now());
      use.leave();
    });
    counts.began(seats, waited());
    return seated;
  } catch (error) {
    counts.refused(error instanceof Refusal ? error.reason : 'cancelled', waited());
    if (!(error instanceof Refusal)) throw error;
    context.counted = 'limited';
    level.retryAfter.refused(Math.floor(Date.now() / 1000));
    throw new Overloaded(level.retryAfter.seconds);
  } finally {
    const took = control.now() - since;
    context.waited += took;
    context.latencies.add('apf-queue-wait', took);
  }
}
