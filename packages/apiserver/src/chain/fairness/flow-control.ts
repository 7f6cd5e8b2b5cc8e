import { byPrecedence } from '@coracle/api/flowcontrol/v1/flowschema';
import { mandatoryLevels } from '@coracle/api/flowcontrol/v1/mandatory-levels';
import { mandatorySchemas } from '@coracle/api/flowcontrol/v1/mandatory-schemas';
import type { FlowSchema, PriorityLevelConfiguration } from '@coracle/api/types/flowcontrol/v1';
import type { RequestInfo } from '../request-info.ts';
import type { User } from '../user.ts';
import { shareOut } from './concurrency.ts';
import { FlowCounts } from './flow-counts.ts';
import { distinguisherOf, matches } from './flow-schemas.ts';
import { PriorityLevel } from './priority-level.ts';
import { dealHand } from './shuffle-sharding.ts';

/** Where a request belongs. */
export interface Flow {
  readonly schema: FlowSchema;
  readonly level: PriorityLevel;
  /** The queues it may wait in. */
  readonly hand: readonly number[];
  readonly counts: FlowCounts;
  readonly distinguisher: string;
}

export interface FlowControlOptions {
  /** Seats of the server: requests of one seat that are worked on at once. */
  readonly seats: number;
  /** A clock in milliseconds that never goes back. */
  readonly now?: () => number;
}

/** Flows that are remembered: paths of no resource are the client's to choose. */
const mostRemembered = 10_000;

/**
 * The priority levels and flow schemas in effect (KEP-1040). The mandatory ones are there from the start and stay when their objects are gone, so that
 * every request is of some level.
 */
export class FlowControl {
  readonly now: () => number;
  readonly #seats: number;
  readonly #levels = new Map<string, PriorityLevel>();
  readonly #counts = new Map<string, FlowCounts>();
  #schemas: FlowSchema[] = [];
  #remembered = new Map<string, Flow>();
  #fairFraction = 0;
  #room = { executing: 0, waiting: 0 };

  constructor({ seats, now = () => performance.now() }: FlowControlOptions) {
    this.#seats = seats;
    this.now = now;
    this.configure([], []);
  }

  get levels(): readonly PriorityLevel[] {
    return [...this.#levels.values()];
  }

  /** In the order in which they are looked at; those of levels that there are. */
  get schemas(): readonly FlowSchema[] {
    return this.#schemas;
  }

  get counts(): readonly FlowCounts[] {
    return [...this.#counts.values()];
  }

  get fairFraction(): number {
    return this.#fairFraction;
  }

  /** Takes up what there is of schemas and levels. A level that is gone keeps its seats until its requests have ended. */
  configure(schemas: readonly FlowSchema[], levels: readonly PriorityLevelConfiguration[]): void {
    const wanted = new Map([...mandatoryLevels, ...levels].map((each) => [each.metadata.name!, each]));
    for (const [name, configuration] of wanted) {
      const level = this.#levels.get(name);
      if (level) level.configure(configuration);
      else this.#levels.set(name, new PriorityLevel(configuration, this.now));
    }
    for (const [name, level] of this.#levels) level.leaving = !wanted.has(name);
    const all = new Map([...mandatorySchemas, ...schemas].map((each) => [each.metadata.name!, each]));
    this.#schemas = [...all.values()]
      .filter(({ spec }) => wanted.has(spec.priorityLevelConfiguration.name))
      .sort(byPrecedence);
    this.#remembered.clear();
    this.#forgetLeft();
    this.#allot();
    this.#share();
  }

  /** Which flow a user's request is of. */
  classify(user: User, info: RequestInfo): Flow {
    const key = keyOf(user, info);
    const known = this.#remembered.get(key);
    if (known) return known;
    if (this.#remembered.size >= mostRemembered) this.#remembered.clear();
    const flow = this.#find(user, info);
    this.#remembered.set(key, flow);
    return flow;
  }

  /** Lends seats that nobody asked for to levels that need them; every ten seconds, and when the last request of a level that is gone has ended. */
  adjust(): void {
    if (this.#forgetLeft()) this.#allot();
    this.#share();
  }

  /** The most requests that may be worked on, and wait, at once: by the seats and the queues of the levels. */
  get room(): { readonly executing: number; readonly waiting: number } {
    return this.#room;
  }

  #share(): void {
    const now = this.now();
    const levels = [...this.#levels.values()];
    for (const level of levels) level.measure(now);
    const { current, targets, fairFraction } = shareOut(
      levels.map(({ exempt, limits, demand: { high, smoothed } }) => ({ exempt, limits, high, smoothed })),
    );
    for (const [i, level] of levels.entries()) level.give(current[i]!, targets[i]!);
    this.#fairFraction = fairFraction;
  }

  #find(user: User, info: RequestInfo): Flow {
    // Everybody is of one of the two groups the last schema is about; a request whose user is of neither belongs there all the same.
    const schema = this.#schemas.find((each) => matches(each, user, info)) ?? this.#schemas.at(-1)!;
    const level = this.#levels.get(schema.spec.priorityLevelConfiguration.name)!;
    const { queuing } = level;
    const distinguisher = queuing && queuing.queues > 1 ? distinguisherOf(schema, user, info) : '';
    const name = schema.metadata.name!;
    return {
      schema,
      level,
      distinguisher,
      hand: queuing ? dealHand(`${name}\0${distinguisher}`, queuing.queues, queuing.handSize) : [],
      counts: this.#countsOf(name, level),
    };
  }

  #countsOf(schema: string, { name: level, exempt }: PriorityLevel): FlowCounts {
    const key = `${schema}\0${level}`;
    let counts = this.#counts.get(key);
    if (!counts) {
      counts = new FlowCounts(schema, level, exempt);
      this.#counts.set(key, counts);
    }
    return counts;
  }

  #forgetLeft(): boolean {
    const before = this.#levels.size;
    for (const [name, level] of this.#levels) if (level.leaving && level.idle) this.#levels.delete(name);
    return this.#levels.size < before;
  }

  #allot(): void {
    let sum = 0;
    for (const level of this.#levels.values()) sum += level.shares;
    let executing = 0;
    let waiting = 0;
    for (const level of this.#levels.values()) {
      level.allot(this.#seats, sum);
      executing += level.limits.nominal;
      const { queues = 0, queueLengthLimit = 0 } = level.queuing ?? {};
      waiting += queues * queueLengthLimit;
    }
    this.#room = { executing, waiting };
  }
}

/** What a flow follows from. Names of users and groups may hold anything but a zero. */
function keyOf({ name, groups }: User, info: RequestInfo): string {
  const who = `${name}\0${groups.join('\0')}\0\0${info.verb}\0`;
  if (!info.isResourceRequest) return `${who}${info.path}`;
  return `${who}\0${info.apiGroup}\0${info.resource}\0${info.subresource}\0${info.namespace}`;
}
