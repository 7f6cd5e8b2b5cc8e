import { randomInt } from 'node:crypto';
import { bits, headerSize, rcodes } from '../wire/codes.ts';
import type { Query } from '../wire/query.ts';
import { optSize, writeOpt } from '../wire/reply.ts';
import { type UpstreamAnswer, upstreamAnswer } from './answer.ts';
import type { AnswerCache } from './cache.ts';
import { exchangeTcp, exchangeUdp, NoAnswer } from './exchange.ts';
import type { UpstreamServer } from './server.ts';

/** Too many questions wait for upstream already. */
export class Overloaded extends Error {
  override name = 'Overloaded';
}

export interface ForwarderMetrics {
  exchanged(server: string, rcode: number, seconds: number): void;
  cacheHit(denial: boolean): void;
  cacheMissed(): void;
  rejected(): void;
  /** Every server is down, and one is asked all the same. */
  allDown(): void;
}

export interface ForwarderOptions {
  servers: readonly UpstreamServer[];
  cache: AnswerCache;
  /** Most seconds that anything from upstream is believed. */
  longest: number;
  /** Most questions that may wait for upstream at once. */
  maxConcurrent: number;
  /** Milliseconds for one server's answer. */
  timeout: number;
  metrics: ForwarderMetrics;
  now: () => number;
}

/** A question as it can be forwarded. */
export type Question = Pick<Query, 'question' | 'key' | 'flags' | 'edns'>;

/** How long a client may wait in all: less than the five seconds after which resolvers ask again. */
const patience = 4500;
/** For the answer of a server that is known to be down. */
const littleHope = 1000;

/** Asks the servers upstream, and remembers their answers for a while. Equal questions at the same time are asked once. */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #underWay = new Map<string, Promise<UpstreamAnswer>>();
  #waiting = 0;

  constructor(options: ForwarderOptions) {
    this.#options = options;
  }

  /** Whether there is any server to ask. */
  get available(): boolean {
    return this.#options.servers.length > 0;
  }

  /** A remembered answer. */
  remembered(question: Question): UpstreamAnswer | undefined {
    const { cache, metrics } = this.#options;
    const answer = cache.get(cacheKey(question));
    if (answer) metrics.cacheHit(isDenial(answer));
    else metrics.cacheMissed();
    return answer;
  }

  /** Asks upstream. Throws NoAnswer where no server answers in time, and Overloaded. */
  async resolve(question: Question): Promise<UpstreamAnswer> {
    if (this.#waiting >= this.#options.maxConcurrent) {
      this.#options.metrics.rejected();
      throw new Overloaded(`${this.#waiting} questions wait for upstream already`);
    }
    const key = cacheKey(question);
    this.#waiting++;
    try {
      const asked = this.#underWay.get(key) ?? this.#ask(question).finally(() => this.#underWay.delete(key));
      this.#underWay.set(key, asked);
      const answer = await asked;
      this.#options.cache.put(key, answer);
      return answer;
    } finally {
      this.#waiting--;
    }
  }

  /** One server after the other, each at most twice. A server's own trouble is passed on only where no other knows better. */
  async #ask(question: Question): Promise<UpstreamAnswer> {
    const { now, timeout } = this.#options;
    const until = now() + patience;
    const usable = shuffled(this.#options.servers.filter((each) => !each.looping));
    const up = usable.filter((each) => each.up);
    if (up.length === 0 && usable.length > 0) this.#options.metrics.allDown();
    const order = up.length > 0 ? [...up, ...up] : usable.slice(0, 1);
    let trouble: UpstreamAnswer | undefined;
    let last = new NoAnswer('no server upstream can be asked');
    for (const [i, server] of order.entries()) {
      const left = until - now();
      if (left <= 0 || (trouble && i >= up.length)) break;
      try {
        const answer = await this.#askServer(server, question, Math.min(left, up.length > 0 ? timeout : littleHope));
        if (answer.rcode !== rcodes.SERVFAIL && answer.rcode !== rcodes.REFUSED) return answer;
        trouble = answer;
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        last = error;
      }
    }
    if (trouble) return trouble;
    throw last;
  }

  async #askServer(server: UpstreamServer, question: Question, timeout: number): Promise<UpstreamAnswer> {
    const { now, metrics, longest } = this.#options;
    const begun = now();
    const query = queryFor(question);
    try {
      let message = await exchangeUdp(server.address, query, timeout);
      if ((message.readUInt16BE(2) & bits.truncated) !== 0) message = await overTcp(server, query, timeout, message);
      server.answered();
      const answer = upstreamAnswer(message, longest, now());
      metrics.exchanged(server.name, answer.rcode, (now() - begun) / 1000);
      return answer;
    } catch (error) {
      if (error instanceof NoAnswer) server.failed();
      throw error;
    }
  }
}

/** The whole of an answer that was cut off; the cut one where the server does not speak TCP, so that the client may try. */
async function overTcp(server: UpstreamServer, query: Buffer, timeout: number, cut: Buffer): Promise<Buffer> {
  try {
    return await exchangeTcp(server.address, query, timeout);
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return cut;
  }
}

/** The question as a message of our own: a random id, no options of the client's, which are for its own hop. */
function queryFor({ question, flags, edns }: Question): Buffer {
  const query = Buffer.alloc(headerSize + question.length + (edns ? optSize : 0));
  query.writeUInt16BE(randomInt(65_536), 0);
  query.writeUInt16BE(bits.recursionDesired | (flags & bits.checkingDisabled), 2);
  query.writeUInt16BE(1, 4);
  query.writeUInt16BE(edns ? 1 : 0, 10);
  question.copy(query, headerSize);
  if (edns) writeOpt(query, headerSize + question.length, edns.dnssecOk, 0);
  return query;
}

const cacheKey = ({ key, flags, edns }: Question): string =>
  `${key}${edns?.dnssecOk ? 'D' : ''}${(flags & bits.checkingDisabled) !== 0 ? 'C' : ''}`;

const isDenial = ({ rcode, bytes }: UpstreamAnswer): boolean => rcode !== rcodes.NOERROR || bytes.readUInt16BE(6) === 0;

function shuffled<T>(list: readonly T[]): T[] {
  const result = [...list];
  for (let i = result.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}
