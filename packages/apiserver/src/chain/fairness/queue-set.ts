import type { RequestInfo } from '../request-info.ts';
import type { User } from '../user.ts';
import type { FlowCounts } from './flow-counts.ts';
import { SeatDemand } from './seat-demand.ts';
import { Utilization } from './utilization.ts';
import { seatsOf, type Work } from './work.ts';

/** How requests wait: undefined, where they do not. */
export interface Queuing {
  readonly queues: number;
  readonly handSize: number;
  /** Requests a queue holds. */
  readonly queueLengthLimit: number;
}

/** Why a request was refused, as upstream's metrics name it. */
export type RefusalReason = 'concurrency-limit' | 'queue-full' | 'time-out';

/** A request does not get its seats. */
export class Refusal extends Error {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason) {
    super(reason);
    this.reason = reason;
  }
}

/** Whose request it is, and what for: nothing is decided by it, the debug pages and metrics tell. */
export interface Asking {
  readonly schema: string;
  readonly counts?: FlowCounts;
  readonly distinguisher: string;
  readonly user: User;
  readonly info: RequestInfo;
  /** By the clock of its set. */
  readonly arrived: number;
}

/** The seats of a request that is being worked on. */
export interface Seated {
  readonly work: Work;
  readonly seats: number;
  readonly asking: Asking | undefined;
  /** Where it waited, or would have. */
  readonly queue: Queue | undefined;
  readonly since: number;
}

/** A request that waits. */
export interface Waiting {
  readonly work: Work;
  readonly seats: number;
  readonly asking: Asking | undefined;
  /** Virtual time of its arrival. */
  readonly arrival: number;
  readonly since: number;
  readonly take: (seated: Seated) => void;
}

/** What one flow, or a few that share it, have asked for. Belongs to its set. */
export interface Queue {
  /** In the order of arrival. */
  readonly waiting: Set<Waiting>;
  seatsWaiting: number;
  seatsInUse: number;
  executing: number;
  /** Whether any request of it waits or is worked on. */
  active: boolean;
  /** Virtual time at which its next request would begin, were it alone. */
  next: number;
}

const seatParts = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1];
const requestParts = [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.25, 0.5, 0.75, 1];
const demandParts = [0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.7, 2, 2.8, 4, 6];

/** Virtual times, in seat-milliseconds. */
export interface VirtualTimes {
  /** When the last request that waited got its seats. */
  readonly dispatch: number;
  /** At which it would have begun, were its queue alone. */
  readonly start: number;
  /** The same of the next requests of all queues, the least and the greatest; and less what is under way of the queue. */
  readonly next: readonly [number, number];
  readonly discounted: readonly [number, number];
}

/** What a request is taken to last until it is known, in milliseconds. */
const guessedDuration = 3;

/** What a request is taken to need until that is known, in seat-milliseconds. */
export const guessedWork = ({ initial, final, after }: Work): number => guessedDuration * initial + after * final;

/**
 * The seats of one priority level, given out fairly among queues: of the requests that wait, the one goes first that would end first were each queue
 * served at the same rate (fair queuing by virtual time, KEP-1040). Virtual time is seat-milliseconds each active queue got. A request of many seats
 * takes as much of its queue's turn as that many of one seat. `now` is a clock in milliseconds that never goes back.
 */
export class QueueSet {
  readonly demand: SeatDemand;
  /** Parts in use: of the seats; of the seats, by requests that have some; of the room to wait. And seats asked for, as a part of those there are. */
  readonly usage: Readonly<Record<'seats' | 'executing' | 'waiting' | 'demand', Utilization>>;
  readonly #now: () => number;
  readonly #waitingQueues = new Set<Queue>();
  readonly #running = new Set<Seated>();
  #queues: Queue[] = [];
  #lengthLimit = 0;
  #limit = 0;
  #measure = 1;
  #seatsInUse = 0;
  #seatsWaiting = 0;
  #waiting = 0;
  #active = 0;
  #virtual = 0;
  #times: VirtualTimes | undefined;
  #last: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#last = now();
    this.demand = new SeatDemand(this.#last);
    this.usage = {
      seats: new Utilization(seatParts, this.#last),
      executing: new Utilization(requestParts, this.#last),
      waiting: new Utilization(requestParts, this.#last),
      demand: new Utilization(demandParts, this.#last),
    };
  }

  get limit(): number {
    return this.#limit;
  }

  get seatsInUse(): number {
    return this.#seatsInUse;
  }

  get executing(): number {
    return this.#running.size;
  }

  /** The requests that are worked on. */
  get running(): ReadonlySet<Seated> {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Virtual time when anything was last asked of it, in seat-milliseconds. */
  get virtual(): number {
    return this.#virtual;
  }

  /** As they were when a request that waited last got its seats; undefined: none has. */
  get times(): VirtualTimes | undefined {
    return this.#times;
  }

  get queues(): readonly Queue[] {
    return this.#queues;
  }

  /** How many seats there are, and what is in use is measured by; those who wait get what is new at once. */
  setLimit(limit: number, measure: number): void {
    this.#advance();
    this.#limit = limit;
    this.#measure = measure;
    this.#demanded();
    this.#dispatch();
  }

  /** Takes up how requests wait from now on; those who wait in a queue that is gone keep their turn. */
  configure(queuing: Queuing | undefined): void {
    const { queues = 0, queueLengthLimit = 0 } = queuing ?? {};
    this.#lengthLimit = queueLengthLimit;
    while (this.#queues.length < queues) this.#queues.push(emptyQueue());
    this.#queues.length = queues;
    this.#advance();
    this.#demanded();
  }

  /** Takes seats at once; undefined where there are none, or others wait that it would have to wait with. */
  admit(hand: readonly number[], work: Work, asking?: Asking): Seated | undefined {
    this.#advance();
    if ((hand.length > 0 && this.#waiting > 0) || !this.#fits(seatsOf(work))) return undefined;
    const queue = this.#shortest(hand);
    if (queue) asking?.counts?.lengths.observe(1);
    return this.#begin(queue, work, this.#virtual, asking);
  }

  /**
   * Waits for seats in one of the hand's queues, for up to `patience` milliseconds. Throws a Refusal at once where there is no room to wait; rejects
   * with one when patience is over, or with the signal's reason when that aborts.
   */
  wait(hand: readonly number[], work: Work, patience: number, signal: AbortSignal, asking?: Asking): Promise<Seated> {
    this.#advance();
    signal.throwIfAborted();
    const queue = this.#shortest(hand);
    if (!queue) throw new Refusal('concurrency-limit');
    if (queue.waiting.size >= this.#lengthLimit) throw new Refusal('queue-full');
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', gone);
      };
      const end = (reason: unknown) => {
        leave();
        this.#advance();
        this.#remove(queue, waiting);
        this.#idle(queue);
        this.#dispatch(); // it may have been in the way of narrower ones
        reject(reason);
      };
      const gone = () => end(signal.reason);
      const timer = setTimeout(() => end(new Refusal('time-out')), patience).unref();
      const waiting: Waiting = {
        work,
        seats: seatsOf(work),
        asking,
        arrival: this.#virtual,
        since: this.#last,
        take: (seated) => {
          leave();
          resolve(seated);
        },
      };
      signal.addEventListener('abort', gone, { once: true });
      this.#add(queue, waiting);
      this.#dispatch();
    });
  }

  /** A request has ended, and gives its seats back; each once. */
  leave(seated: Seated): void {
    this.#advance();
    this.#finish(seated);
    this.#release(seated);
  }

  /** A request has ended, and keeps its seats until `release`; each once. */
  finish(seated: Seated): void {
    this.#advance();
    this.#finish(seated);
    this.#demanded();
    // One of more seats than there are may have waited to be alone.
    this.#dispatch();
  }

  /** Gives back the seats of a request that has ended. */
  release(seated: Seated): void {
    this.#advance();
    this.#release(seated);
  }

  #finish(seated: Seated): void {
    const { work, queue, since } = seated;
    this.#running.delete(seated);
    if (!queue) return;
    queue.executing--;
    // What was guessed at the start is put right.
    queue.next += (this.#last - since - guessedDuration) * work.initial;
    this.#idle(queue);
  }

  #release({ seats, queue }: Seated): void {
    this.#seatsInUse -= seats;
    if (queue) queue.seatsInUse -= seats;
    this.#demanded();
    this.#dispatch();
  }

  /** Virtual time goes on by what each active queue got since it was last looked at. */
  #advance(): void {
    const now = this.#now();
    if (this.#active > 0) {
      const rate = Math.min(this.#seatsInUse + this.#seatsWaiting, this.#limit) / this.#active;
      this.#virtual += (now - this.#last) * rate;
    }
    this.#last = now;
  }

  /** A request of more seats than there are gets them when it is alone. */
  #fits(seats: number): boolean {
    if (seats > this.#limit) return this.#running.size === 0 && this.#limit > 0;
    return this.#seatsInUse + seats <= this.#limit;
  }

  /** The queue of a hand with the least to do; undefined where there are no queues. */
  #shortest(hand: readonly number[]): Queue | undefined {
    let best: Queue | undefined;
    let least = Infinity;
    for (const index of hand) {
      const queue = this.#queues[index]!;
      const work = queue.seatsWaiting + queue.seatsInUse;
      if (work >= least) continue;
      best = queue;
      least = work;
    }
    return best;
  }

  #begin(queue: Queue | undefined, work: Work, arrival: number, asking: Asking | undefined): Seated {
    const seats = seatsOf(work);
    if (queue) {
      this.#activate(queue);
      queue.executing++;
      queue.seatsInUse += seats;
      // A queue saves up no turns for when it has nothing to do.
      queue.next = Math.max(queue.next, arrival) + guessedWork(work);
    }
    const seated = { work, seats, asking, queue, since: this.#last };
    this.#running.add(seated);
    this.#seatsInUse += seats;
    this.#demanded();
    return seated;
  }

  #dispatch(): void {
    while (this.#waitingQueues.size > 0) {
      let first: { queue: Queue; waiting: Waiting } | undefined;
      let soonest = Infinity;
      for (const queue of this.#waitingQueues) {
        const [waiting] = queue.waiting;
        if (!waiting) continue;
        const end = Math.max(queue.next, waiting.arrival) + guessedWork(waiting.work);
        if (end >= soonest) continue;
        first = { queue, waiting };
        soonest = end;
      }
      if (!first) return;
      const { queue, waiting } = first;
      if (!this.#fits(waiting.seats)) {
        if (waiting.asking?.counts) waiting.asking.counts.unaccommodated++;
        return;
      }
      this.#times = this.#timesAt(queue, waiting);
      this.#remove(queue, waiting);
      // Among equals, the others are next.
      if (this.#waitingQueues.delete(queue)) this.#waitingQueues.add(queue);
      waiting.take(this.#begin(queue, waiting.work, waiting.arrival, waiting.asking));
    }
  }

  /** Just before a request gets its seats. */
  #timesAt(first: Queue, waiting: Waiting): VirtualTimes {
    const start = (queue: Queue, it: Waiting) => Math.max(queue.next, it.arrival);
    const starts: number[] = [];
    const discounted: number[] = [];
    for (const queue of this.#waitingQueues) {
      const [next] = queue.waiting;
      if (!next) continue;
      starts.push(start(queue, next));
      discounted.push(start(queue, next) - guessedDuration * queue.seatsInUse);
    }
    const bounds = (all: number[]): [number, number] => [Math.min(...all), Math.max(...all)];
    return {
      dispatch: this.#virtual,
      start: start(first, waiting),
      next: bounds(starts),
      discounted: bounds(discounted),
    };
  }

  #add(queue: Queue, waiting: Waiting): void {
    this.#activate(queue);
    queue.waiting.add(waiting);
    waiting.asking?.counts?.lengths.observe(queue.waiting.size);
    queue.seatsWaiting += waiting.seats;
    this.#waitingQueues.add(queue);
    this.#waiting++;
    this.#seatsWaiting += waiting.seats;
    this.#demanded();
  }

  #remove(queue: Queue, waiting: Waiting): void {
    queue.waiting.delete(waiting);
    queue.seatsWaiting -= waiting.seats;
    if (queue.waiting.size === 0) this.#waitingQueues.delete(queue);
    this.#waiting--;
    this.#seatsWaiting -= waiting.seats;
    this.#demanded();
  }

  #activate(queue: Queue): void {
    if (queue.active) return;
    queue.active = true;
    queue.next = this.#virtual;
    this.#active++;
  }

  #idle(queue: Queue): void {
    if (!queue.active || queue.executing > 0 || queue.waiting.size > 0) return;
    queue.active = false;
    this.#active--;
  }

  #demanded(): void {
    const asked = this.#seatsInUse + this.#seatsWaiting;
    this.demand.set(asked, this.#last);
    const { seats, executing, waiting, demand } = this.usage;
    seats.set(this.#seatsInUse, this.#measure, this.#last);
    executing.set(this.#running.size, this.#measure, this.#last);
    demand.set(asked, this.#measure, this.#last);
    waiting.set(this.#waiting, this.#queues.length * this.#lengthLimit, this.#last);
  }
}

function emptyQueue(): Queue {
  return { waiting: new Set(), seatsWaiting: 0, seatsInUse: 0, executing: 0, active: false, next: 0 };
}
