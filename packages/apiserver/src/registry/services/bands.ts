/** Why a wished-for address or port cannot be had. */
export class AllocationError extends Error {}

/** There is nothing left to be had. */
export class RangeFull extends AllocationError {}

/** How large the part of a range is that is left to explicit choices (KEP-3070): so many parts of the range, at least 16 and at most `most`. */
export interface BandSettings {
  parts: number;
  most: number;
}

export const addressBand: BandSettings = { parts: 16, most: 256 };
export const portBand: BandSettings = { parts: 32, most: 128 };

const least = 16;

/** The lower part of a range of this size that is left to those who choose themselves; none of ranges that are too small. */
export function bandOf(size: number, { parts, most }: BandSettings): number {
  return size <= least ? 0 : Math.min(Math.max(Math.floor(size / parts), least), most);
}

/** Every index below `size`, in the order in which a free one is taken: from a random place in the upper part on, then in the lower one. */
export function* candidates(size: number, band: number, random: () => number = Math.random): Generator<number> {
  for (const [from, to] of [
    [band, size],
    [0, band],
  ] as const) {
    const span = to - from;
    const start = Math.floor(random() * span);
    for (let i = 0; i < span; i++) yield from + ((start + i) % span);
  }
}
