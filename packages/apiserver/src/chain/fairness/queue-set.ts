import type { RequestInfo } from '../request-info.ts';
import type { User } from '../user.ts';
import { SeatDemand } from './seat-demand.ts';

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

/** Whose request it is, and what for: nothing is decided by it, the debug pages tell. */
export interface Asking {
  readonly schema: string;
  readonly distinguisher: string;
  readonly user: User;
  readonly info: RequestInfo;
  /** Milliseconds its seats are kept after its end. */
  readonly after: number;
  /** By the clock of its set. */
  readonly arrived: number;
}

/** The seats of a request that is being worked on. */
export interface Seated {
  readonly seats: number;
  readonly asking: Asking | undefined;
  /** Where it waited, or would have. */
  readonly queue: Queue | undefined;
  readonly since: number;
}

/** A request that waits. */
export interface Waiting {
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

/** What a request is taken to last until it is known, in milliseconds. */
export const guessedDuration = 3;

/**
 * The seats of one priority level, given out fairly among queues: of the requests that wait, the one goes first that would end first were each queue
 * served at the same rate (fair queuing by virtual time, KEP-1040). Virtual time is seat-milliseconds each active queue got. A request of many seats
 * takes as much of its queue's turn as that many of one seat. `now` is a clock in milliseconds that never goes back.
 */
export class QueueSet {
  readonly demand: SeatDemand;
  readonly #now: () => number;
  readonly #waitingQueues = new Set<Queue>();
  readonly #running = new Set<Seated>();
  #queues: Queue[] = [];
  #lengthLimit = 0;
  #limit = 0;
  #seatsInUse = 0;
  #seatsWaiting = 0;
  #waiting = 0;
  #active = 0;
  #virtual = 0;
  #last: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#last = now();
    this.demand = new SeatDemand(this.#last);
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

  get queues(): readonly Queue[] {
    return this.#queues;
  }

  /** How many seats there are; those who wait get what is new at once. */
  set limit(limit: number) {
    this.#advance();
    this.#limit = limit;
    this.#dispatch();
  }

  /** Takes up how requests wait from now on; those who wait in a queue that is gone keep their turn. */
  configure(queuing: Queuing | undefined): void {
    const { queues = 0, queueLengthLimit = 0 } = queuing ?? {};
    this.#lengthLimit = queueLengthLimit;
    while (this.#queues.length < queues) this.#queues.push(emptyQueue());
    this.#queues.length = queues;
  }

  /** Takes seats at once; undefined where there are none, or others wait. */
  admit(hand: readonly number[], seats: number, asking?: Asking): Seated | undefined {
    this.#advance();
    if (this.#waiting > 0 || !this.#fits(seats)) return undefined;
    return this.#begin(this.#shortest(hand), seats, this.#virtual, asking);
  }

  /**
   * Waits for seats in one of the hand's queues, for up to `patience` milliseconds. Throws a Refusal at once where there is no room to wait; rejects
   * with one when patience is over, or with the signal's reason when that aborts.
   */
  wait(
    hand: readonly number[],
    seats: number,
    patience: number,
    signal: AbortSignal,
    asking?: Asking,
  ): Promise<Seated> {
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
        seats,
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

  /** Gives seats back; each once. */
  leave(seated: Seated): void {
    const { seats, queue, since } = seated;
    this.#advance();
    this.#seatsInUse -= seats;
    this.#running.delete(seated);
    if (queue) {
      queue.seatsInUse -= seats;
      queue.executing--;
      // What was guessed at the start is put right.
      queue.next += (this.#last - since - guessedDuration) * seats;
      this.#idle(queue);
    }
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

  #begin(queue: Queue | undefined, seats: number, arrival: number, asking: Asking | undefined): Seated {
    if (queue) {
      this.#activate(queue);
      queue.executing++;
      queue.seatsInUse += seats;
      // A queue saves up no turns for when it has nothing to do.
      queue.next = Math.max(queue.next, arrival) + guessedDuration * seats;
    }
    const seated = { seats, asking, queue, since: this.#last };
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
        const end = Math.max(queue.next, waiting.arrival) + guessedDuration * waiting.seats;
        if (end >= soonest) continue;
        first = { queue, waiting };
        soonest = end;
      }
      if (!first || !this.#fits(first.waiting.seats)) return;
      const { queue, waiting } = first;
      this.#remove(queue, waiting);
      // Among equals, the others are next.
      if (this.#waitingQueues.delete(queue)) this.#waitingQueues.add(queue);
      waiting.take(this.#begin(queue, waiting.seats, waiting.arrival, waiting.asking));
    }
  }

  #add(queue: Queue, waiting: Waiting): void {
    this.#activate(queue);
    queue.waiting.add(waiting);
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
    this.demand.set(this.#seatsInUse + this.#seatsWaiting, this.#last);
  }
}

function emptyQueue(): Queue {
  return { waiting: new Set(), seatsWaiting: 0, seatsInUse: 0, executing: 0, active: false, next: 0 };
}
