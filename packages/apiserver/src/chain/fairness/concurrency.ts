import type { PriorityLevelConfigurationSpec } from '@coracle/api/types/flowcontrol/v1';

/** The seats of a priority level: those that are its own by its shares, and between how many it may have for a while. */
export interface LevelLimits {
  readonly nominal: number;
  readonly least: number;
  readonly most: number;
}

/** What a level's shares are of the server's seats, and what it lends and borrows of them. */
export function limitsOf(spec: PriorityLevelConfigurationSpec, serverSeats: number, shareSum: number): LevelLimits {
  const { lendablePercent = 0 } = (spec.type === 'Exempt' ? spec.exempt : spec.limited) ?? {};
  const nominal = shareSum > 0 ? Math.ceil((serverSeats * sharesOf(spec)) / shareSum) : 0;
  const borrowing = spec.limited?.borrowingLimitPercent;
  return {
    nominal,
    least: nominal - Math.round((nominal * lendablePercent) / 100),
    most: nominal + (borrowing === undefined ? serverSeats : Math.round((nominal * borrowing) / 100)),
  };
}

export function sharesOf(spec: PriorityLevelConfigurationSpec): number {
  return (spec.type === 'Exempt' ? spec.exempt : spec.limited)?.nominalConcurrencyShares ?? 0;
}

/** A level as the sharing out of seats sees it. */
export interface LevelDemand {
  readonly exempt: boolean;
  readonly limits: LevelLimits;
  /** The most seats that were asked for at once in the last period. */
  readonly high: number;
  /** What is asked for by and large. */
  readonly smoothed: number;
}

/** How seats were shared out. */
export interface Sharing {
  /** In the order of the levels. */
  readonly current: number[];
  readonly targets: number[];
  /** What part of its target each limited level got, where its bounds allow; 0 where there is not enough for what they need. */
  readonly fairFraction: number;
}

/** Part of what was that is kept in the smoothed demand each period: half of a peak is forgotten in about five minutes. */
const kept = 0.977;
/** A level that wants nothing still gets a little of what nobody wants. */
const leastTarget = 0.001;

/** Smoothed demand after one more period: follows a rise at once, and a fall slowly. */
export function smooth(
  before: number,
  { average, deviation, high }: { average: number; deviation: number; high: number },
): number {
  const envelope = Math.min(high, average + deviation);
  return Math.max(envelope, kept * before + (1 - kept) * envelope);
}

/**
 * Shares seats out among levels by what they asked for: each gets back what it has lent and needs, up to its own; the rest is given in proportion to
 * the targets, between each level's bounds (KEP-1040, "dynamic borrowing"). Exempt levels take what they need first.
 */
export function shareOut(levels: readonly LevelDemand[]): Sharing {
  const wanted = levels.map(({ exempt, limits: { nominal, least }, high }) =>
    exempt ? Math.max(least, high) : Math.max(least, Math.min(nominal, high)),
  );
  const targets = levels.map(({ smoothed }, i) => Math.max(wanted[i]!, smoothed));
  const limited = levels.map((_, i) => i).filter((i) => !levels[i]!.exempt);
  const exemptSeats = levels.reduce((sum, { exempt }, i) => (exempt ? sum + wanted[i]! : sum), 0);
  const left = Math.max(0, total(levels.map(({ limits }) => limits.nominal)) - exemptSeats);
  const least = limited.map((i) => levels[i]!.limits.least);
  const atLeast = limited.map((i) => wanted[i]!);
  const current = [...wanted];
  const give = (amounts: number[]) => {
    for (const [at, i] of limited.entries()) current[i] = Math.round(amounts[at]!);
  };
  let fairFraction = 0;
  if (total(least) >= left) give(least);
  else if (total(atLeast) >= left) {
    const part = (left - total(least)) / (total(atLeast) - total(least));
    give(least.map((low, at) => low + (atLeast[at]! - low) * part));
  } else {
    const bounded = limited.map((i) => ({ target: targets[i]!, low: wanted[i]!, high: levels[i]!.limits.most }));
    const shares = fairShares(left, bounded);
    fairFraction = shares.fraction;
    give(shares.amounts);
  }
  return { current, targets, fairFraction };
}

interface Bounded {
  readonly target: number;
  readonly low: number;
  readonly high: number;
}

/** Amounts that are the same fraction of their targets, between their bounds, and together `sum` where the bounds allow that. */
export function fairShares(sum: number, items: readonly Bounded[]): { fraction: number; amounts: number[] } {
  const at = (fraction: number) =>
    items.map(({ target, low, high }) =>
      Math.min(Math.max(low, high), Math.max(low, fraction * Math.max(target, leastTarget))),
    );
  let below = 0;
  let above = 1;
  const enough = Math.min(sum, total(items.map(({ low, high }) => Math.max(low, high))));
  while (total(at(above)) < enough) {
    below = above;
    above *= 2;
  }
  for (let step = 0; step < 60; step++) {
    const middle = (below + above) / 2;
    if (total(at(middle)) < enough) below = middle;
    else above = middle;
  }
  return { fraction: above, amounts: at(above) };
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
