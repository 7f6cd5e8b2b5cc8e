import { replyFrom, type UpstreamAnswer } from '../upstream/answer.ts';
import { NoAnswer } from '../upstream/exchange.ts';
import type { Forwarder } from '../upstream/forwarder.ts';
import { Overloaded } from '../upstream/forwarder.ts';
import { classIn, type Rcode, rcodes, types } from '../wire/codes.ts';
import { isRefusal, labelsOf, type Query, readQuery } from '../wire/query.ts';
import { encodeRecord } from '../wire/records.ts';
import { type Prepared, refuse, reply, udpLimit } from '../wire/reply.ts';
import { reverseAddress } from '../zone/address.ts';
import type { Zone, ZoneAnswer } from '../zone/zone.ts';
import { aliasTarget, followAlias } from './aliases.ts';

export type Transport = 'udp' | 'tcp';

/** Where an answer came from, for metrics: upstream's names of the parts that do the same. */
export type Source = 'kubernetes' | 'forward' | 'cache' | '';

/** A reply, and what metrics tell about it. */
export interface Answered {
  message: Buffer;
  type: number;
  source: Source;
}

export interface ResponderOptions {
  zone: Zone;
  /** Whether the zone has seen all there is; until then it cannot say that a name is none. */
  complete: () => boolean;
  forwarder: Forwarder;
  /** Most seconds that anything from upstream is believed. */
  longest: number;
  random?: () => number;
  now: () => number;
}

const largestTcpMessage = 65_535;
/** Answers kept as bytes. Between two changes of the cluster clients ask for few names, and those often. */
const mostPrepared = 8192;

/** Answers questions: the cluster's names from memory, all others from upstream. */
export class Responder {
  readonly #options: ResponderOptions;
  readonly #random: () => number;
  /** Answers of the zone by question. Any change of the cluster empties it. */
  readonly #prepared = new Map<string, Prepared>();

  constructor(options: ResponderOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
  }

  /** To be called after every change of the cluster. */
  changed(): void {
    this.#prepared.clear();
    this.#options.zone.serial = Math.floor(Date.now() / 1000);
  }

  /** The reply to a message: at once for the cluster's names; undefined where there must be none. */
  respond(message: Buffer, transport: Transport): Answered | undefined | Promise<Answered> {
    const query = readQuery(message);
    if (!query) return undefined;
    if (isRefusal(query)) return { message: refuse(query), type: 0, source: '' };
    const limit = transport === 'udp' ? udpLimit(query.edns) : largestTcpMessage;
    const prepared = this.#prepared.get(query.key);
    if (prepared) return this.#reply(query, prepared, limit, 'kubernetes');
    if (query.class !== classIn || query.type === types.AXFR || query.type === types.IXFR)
      return refused(query, rcodes.REFUSED);
    return this.#answer(query, limit);
  }

  #answer(query: Query, limit: number): Answered | Promise<Answered> {
    const { zone, complete, forwarder } = this.#options;
    const labels = labelsOf(query.key);
    const ours = zone.contains(labels);
    if (!complete() && (ours || reverseAddress(labels) !== undefined)) return refused(query, rcodes.SERVFAIL);
    const answer = zone.answer(labels, query.type);
    if (!answer) return this.#forward(query, limit);
    const whole = answer.alias === undefined ? answer : followAlias(zone, answer, query.type);
    if (whole.alias === undefined || !forwarder.available) {
      const prepared = prepare(whole);
      if (this.#prepared.size >= mostPrepared) this.#prepared.clear();
      this.#prepared.set(query.key, prepared);
      return this.#reply(query, prepared, limit, 'kubernetes');
    }
    return this.#resolveAlias(query, whole, whole.alias, limit);
  }

  /** An alias for a name outside: what is there is asked upstream, and told together with the alias. */
  async #resolveAlias(query: Query, answer: ZoneAnswer, alias: string, limit: number): Promise<Answered> {
    const { forwarder } = this.#options;
    const target = aliasTarget(query, alias);
    try {
      const found = forwarder.remembered(target.question) ?? (await forwarder.resolve(target.question));
      const prepared = prepare(answer);
      const { rcode, answers } = target.read(found);
      return this.#reply(
        query,
        { ...prepared, rcode, answers: [...prepared.answers, ...answers], authoritative: false },
        limit,
        'kubernetes',
      );
    } catch (error) {
      return failed(query, error);
    }
  }

  #forward(query: Query, limit: number): Answered | Promise<Answered> {
    const { forwarder, longest, now } = this.#options;
    if (!forwarder.available) return refused(query, rcodes.REFUSED);
    const told = (answer: UpstreamAnswer): Buffer =>
      replyFrom(answer, query, { limit, longest, now: now(), random: this.#random() });
    const known = forwarder.remembered(query);
    if (known) return { message: told(known), type: query.type, source: 'cache' };
    return forwarder.resolve(query).then(
      (answer) => ({ message: told(answer), type: query.type, source: 'forward' }),
      (error) => failed(query, error),
    );
  }

  #reply(query: Query, prepared: Prepared, limit: number, source: Source): Answered {
    const message = reply(query, prepared, limit, this.#options.forwarder.available, this.#random());
    return { message, type: query.type, source };
  }
}

function prepare({ rcode, answers, authorities, additionals }: ZoneAnswer): Prepared {
  const aliases = answers.filter((each) => each.type === 'CNAME').length;
  return {
    rcode,
    authoritative: true,
    answers: answers.map(encodeRecord),
    fixed: aliases,
    authorities: authorities.map(encodeRecord),
    additionals: additionals.map(encodeRecord),
  };
}

const refused = (query: Query, rcode: Rcode): Answered => ({
  message: refuse({ ...query, rcode }),
  type: query.type,
  source: '',
});

function failed(query: Query, error: unknown): Answered {
  if (error instanceof Overloaded) return refused(query, rcodes.REFUSED);
  if (error instanceof NoAnswer) return refused(query, rcodes.SERVFAIL);
  throw error;
}
