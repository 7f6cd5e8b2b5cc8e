import { Quantity } from './quantity.ts';

/** Amounts by resource name, as containers and nodes state them (`{cpu: '500m', memory: '1Gi'}`). */
export type ResourceMap = Readonly<Record<string, string | number>>;

/** Amounts by resource name, parsed. */
export type Amounts = Map<string, Quantity>;

/** Parses each amount; throws on the first that is no quantity. */
export function parseResources(resources: ResourceMap | undefined): Amounts {
  const amounts: Amounts = new Map();
  for (const name in resources) amounts.set(name, Quantity.parse(resources[name]!));
  return amounts;
}

/** Rounds each amount up to whole thousandths in place, as lists of resources are when they are decoded. */
export function roundAmounts(list: Record<string, string> | undefined): void {
  for (const name in list) {
    const text = list[name]!;
    // Only amounts below a thousandth are changed, and only they need parsing: they carry an n or u suffix or many decimals.
    if (/[nu]$|\.\d{4,}|e-/i.test(text)) list[name] = Quantity.parse(text).roundUpToMilli().toString();
  }
}

/** Adds `more` to `to` in place, resource by resource; returns `to`. */
export function addResources(to: Amounts, more: Amounts): Amounts {
  for (const [name, amount] of more) to.set(name, to.get(name)?.add(amount) ?? amount);
  return to;
}

/** Raises `to` in place to at least `other`, resource by resource; returns `to`. */
export function maxResources(to: Amounts, other: Amounts): Amounts {
  for (const [name, amount] of other) {
    const known = to.get(name);
    if (!known || known.cmp(amount) < 0) to.set(name, amount);
  }
  return to;
}

/** The sum of several lists of resources. */
export function sumResources(...lists: (ResourceMap | undefined)[]): Amounts {
  const sum: Amounts = new Map();
  for (const list of lists) addResources(sum, parseResources(list));
  return sum;
}

/** Back to the form objects carry, canonical. */
export function formatResources(amounts: Amounts): Record<string, string> {
  return Object.fromEntries([...amounts].map(([name, amount]) => [name, amount.toString()]));
}
