import type { UpstreamAnswer } from './answer.ts';

export interface CacheLimits {
  entries: number;
  /** Of all answers together. */
  bytes: number;
}

/** Answers from upstream for as long as they last, within limits: what was not asked for the longest time goes first. */
export class AnswerCache {
  readonly #limits: CacheLimits;
  readonly #now: () => number;
  /** In the order of their last use. */
  readonly #answers = new Map<string, UpstreamAnswer>();
  #bytes = 0;

  constructor(limits: CacheLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  get size(): number {
    return this.#answers.size;
  }

  get(key: string): UpstreamAnswer | undefined {
    const answer = this.#answers.get(key);
    if (!answer) return undefined;
    if (this.#now() - answer.at >= answer.ttl * 1000) {
      this.#remove(key, answer);
      return undefined;
    }
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    return answer;
  }

  put(key: string, answer: UpstreamAnswer): void {
    const before = this.#answers.get(key);
    if (before) this.#remove(key, before);
    if (answer.ttl <= 0 || answer.bytes.length > this.#limits.bytes) return;
    this.#answers.set(key, answer);
    this.#bytes += answer.bytes.length;
    for (const [oldest, each] of this.#answers) {
      if (this.#answers.size <= this.#limits.entries && this.#bytes <= this.#limits.bytes) break;
      this.#remove(oldest, each);
    }
  }

  #remove(key: string, answer: UpstreamAnswer): void {
    this.#answers.delete(key);
    this.#bytes -= answer.bytes.length;
  }
}
