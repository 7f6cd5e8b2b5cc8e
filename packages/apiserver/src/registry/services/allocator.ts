/** Why a wished-for number cannot be had. */
export class AllocationError extends Error {}

/**
 * Hands out indices below `size`, each to one owner at a time. Free choices are random, and in the upper part of the range while it
 * has room: the lower part is left to those who choose themselves (KEP-3070). What is freed under another owner's name stays.
 */
export class Allocator {
  readonly #size: number;
  readonly #reserved: number;
  readonly #owners = new Map<number, string>();
  readonly #random: () => number;

  constructor(size: number, options: { reserved?: number; random?: () => number } = {}) {
    this.#size = size;
    this.#reserved = Math.min(options.reserved ?? bandOf(size), size);
    this.#random = options.random ?? Math.random;
  }

  get used(): number {
    return this.#owners.size;
  }

  /** Gives an index to an owner; false when another has it. Its own again is fine. */
  reserve(index: number, owner: string): boolean {
    const current = this.#owners.get(index);
    if (current !== undefined && current !== owner) return false;
    this.#owners.set(index, owner);
    return true;
  }

  /** Gives a free index to an owner; undefined when there is none. */
  allocate(owner: string): number | undefined {
    const index = this.#freeIn(this.#reserved, this.#size) ?? this.#freeIn(0, this.#reserved);
    if (index !== undefined) this.#owners.set(index, owner);
    return index;
  }

  release(index: number, owner: string): void {
    if (this.#owners.get(index) === owner) this.#owners.delete(index);
  }

  ownerOf(index: number): string | undefined {
    return this.#owners.get(index);
  }

  #freeIn(from: number, to: number): number | undefined {
    const span = to - from;
    if (span <= 0) return undefined;
    const start = Math.min(span - 1, Math.floor(this.#random() * span));
    for (let i = 0; i < span; i++) {
      const index = from + ((start + i) % span);
      if (!this.#owners.has(index)) return index;
    }
    return undefined;
  }
}

/** The part of a range that is left to explicit choices: a sixteenth, at least 16 and at most 256, of ranges large enough. */
function bandOf(size: number): number {
  return size <= 16 ? 0 : Math.min(Math.max(Math.floor(size / 16), 16), 256);
}
