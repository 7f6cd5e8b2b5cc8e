/** A chain's rules in order; a base chain has also its hook. */
export interface Chain {
  readonly rules: readonly string[];
  /** `type nat hook prerouting priority -100` */
  readonly hook?: string;
}

/** What the table is to contain. Sets and maps with elements of their own are `containers`. */
export interface Ruleset {
  /** Declarations of sets and maps by name: `map service-ips` -> `type ipv4_addr . …`. */
  readonly containers: ReadonlyMap<string, string>;
  readonly chains: ReadonlyMap<string, Chain>;
  /** By container, the elements: key -> verdict, or empty for a set's. */
  readonly elements: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** The parts one Service contributes; what they are put together from each time. */
export interface RulesetPart {
  readonly containers: readonly (readonly [name: string, declaration: string])[];
  readonly chains: readonly (readonly [name: string, rules: readonly string[]])[];
  readonly elements: readonly (readonly [container: string, key: string, verdict: string])[];
}

/** Two Services that claim one address and port: the first has it, the other is told of. */
export interface Clash {
  readonly container: string;
  readonly key: string;
  readonly verdict: string;
}

/** Joins the base and the Services' parts into what the table is to contain. */
export function joinParts(base: Ruleset, parts: Iterable<RulesetPart>): { ruleset: Ruleset; clashes: Clash[] } {
  const containers = new Map(base.containers);
  const chains = new Map(base.chains);
  const elements = new Map([...base.elements].map(([container, each]) => [container, new Map(each)]));
  const clashes: Clash[] = [];
  for (const part of parts) {
    for (const [name, declaration] of part.containers) containers.set(name, declaration);
    for (const [name, rules] of part.chains) chains.set(name, { rules });
    for (const [container, key, verdict] of part.elements) {
      const own = elements.get(container)!;
      if (own.has(key) && verdict !== '') clashes.push({ container, key, verdict });
      else own.set(key, verdict);
    }
  }
  return { ruleset: { containers, chains, elements }, clashes };
}

export interface TransactionSize {
  readonly chains: number;
  readonly rules: number;
  readonly elements: number;
}
