import { AllocationError, bandOf, candidates, portBand } from './bands.ts';
import { type PortRange, sizeOf } from './port-range.ts';

/** Which ports of a range are taken: a bit each, the lowest for the first port. */
export class PortSet {
  readonly range: PortRange;
  readonly #random: (() => number) | undefined;
  #bits: bigint;

  constructor(range: PortRange, bits = 0n, random?: () => number) {
    this.range = range;
    this.#bits = bits;
    this.#random = random;
  }

  get bits(): bigint {
    return this.#bits;
  }

  has(port: number): boolean {
    return this.#contains(port) && (this.#bits & this.#mask(port)) !== 0n;
  }

  /** Takes a given port. Throws AllocationError when it cannot be had. */
  reserve(port: number): void {
    if (!this.#contains(port)) {
      throw new AllocationError(
        `provided port is not in the valid range. The range of valid ports is ${this.range.text}`,
      );
    }
    if (this.has(port)) throw new AllocationError('provided port is already allocated');
    this.#bits |= this.#mask(port);
  }

  /** Takes any free port. Throws AllocationError when there is none. */
  allocate(): number {
    const size = sizeOf(this.range);
    for (const index of candidates(size, bandOf(size, portBand), this.#random)) {
      const port = this.range.from + index;
      if (this.has(port)) continue;
      this.#bits |= this.#mask(port);
      return port;
    }
    throw new AllocationError('range is full');
  }

  release(port: number): void {
    if (this.has(port)) this.#bits &= ~this.#mask(port);
  }

  /** The ports that are taken, in order. */
  *[Symbol.iterator](): Generator<number> {
    for (let port = this.range.from; port <= this.range.to; port++) if (this.has(port)) yield port;
  }

  /** Does something with the set; when that throws, the set is as it was. */
  attempt<T>(work: (ports: PortSet) => T): T {
    const before = this.#bits;
    try {
      return work(this);
    } catch (error) {
      this.#bits = before;
      throw error;
    }
  }

  #contains(port: number): boolean {
    return port >= this.range.from && port <= this.range.to;
  }

  #mask(port: number): bigint {
    return 1n << BigInt(port - this.range.from);
  }
}
