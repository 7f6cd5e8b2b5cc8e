import { Overloaded } from '../../endpoints/plain-error.ts';
import type { Link, RequestContext } from '../link.ts';
import { readVerbs } from '../max-in-flight.ts';
import type { Watermark } from '../watermark.ts';
import type { Flow, FlowControl } from './flow-control.ts';
import type { FlowCounts } from './flow-counts.ts';
import { type Asking, Refusal, type Seated } from './queue-set.ts';
import type { RequestUses } from './request-use.ts';
import { seatsOf, type Work } from './work.ts';

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
    const work = options.work(context, level.widest, counts);
    const seats = seatsOf(work);
    counts.seats.observe(seats);
    const asking: Asking = {
      schema: counts.schema,
      counts,
      distinguisher: flow.distinguisher,
      user: context.user,
      info: context.info,
      arrived: control.now(),
    };
    let seated = level.seats.admit(flow.hand, work, asking);
    if (seated) counts.began(seats, 0);
    else seated = await waiting(control, flow, work, asking, context, options);
    const leave = leaving(control, flow, seated, context.info.verb);
    const { executing } = useOf(options.uses, context);
    let isExecuting = true;
    const stop = () => {
      if (!isExecuting) return;
      executing.leave();
      context.inFlight?.leave(Date.now());
      isExecuting = false;
    };
    executing.enter();
    context.inFlight?.enter(Date.now());
    if (context.info.verb === 'watch') {
      context.begun = () => {
        stop();
        leave();
      };
    }
    try {
      await next();
    } finally {
      stop();
      leave();
    }
  };
}

const useOf = (uses: RequestUses, { info }: RequestContext) =>
  readVerbs.has(info.verb) ? uses.readOnly : uses.mutating;

/** Ends a request once, however often it is called, and gives its seats back when all it has changed is told. */
function leaving(control: FlowControl, { level, counts }: Flow, seated: Seated, verb: string): () => void {
  const { seats, work, since } = seated;
  const released = () => {
    counts.released(seats);
    if (level.leaving && level.idle) control.adjust();
  };
  let left = false;
  return () => {
    if (left) return;
    left = true;
    counts.ended(verb, (control.now() - since) / 1000);
    if (work.after === 0) {
      level.seats.leave(seated);
      released();
      return;
    }
    level.seats.finish(seated);
    setTimeout(() => {
      level.seats.release(seated);
      released();
    }, work.after).unref();
  };
}

async function waiting(
  control: FlowControl,
  { level, hand, counts }: Flow,
  work: Work,
  asking: Asking,
  context: RequestContext,
  { requestTimeout, queued, uses }: FairnessOptions,
): Promise<Seated> {
  const { signal, deadline } = context;
  const seats = seatsOf(work);
  const since = asking.arrived;
  const mark = readVerbs.has(context.info.verb) ? queued.reading : queued.mutating;
  const { waiting: use } = useOf(uses, context);
  const waited = () => (control.now() - since) / 1000;
  const left = deadline === undefined ? requestTimeout : deadline - Date.now();
  try {
    const seating = level.seats.wait(hand, work, Math.min(longestWait, left * waitingPart), signal, asking);
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
