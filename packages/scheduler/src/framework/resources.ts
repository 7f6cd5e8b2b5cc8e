import { Quantity } from '@coracle/api/meta/quantity';

/** Amounts in the units the scheduler compares: CPU in thousandths of a core, memory and storage in bytes, the rest as they are. */
export interface Resources {
  milliCpu: number;
  memory: number;
  ephemeralStorage: number;
  /** Extended resources, hugepages and attachable volumes by name. */
  scalars: Map<string, number>;
}

export function noResources(): Resources {
  return { milliCpu: 0, memory: 0, ephemeralStorage: 0, scalars: new Map() };
}

export function copyResources(of: Resources): Resources {
  return { ...of, scalars: new Map(of.scalars) };
}

/** Adds `more`, `times` over (-1 subtracts), in place. */
export function addResources(to: Resources, more: Resources, times = 1): void {
  to.milliCpu += times * more.milliCpu;
  to.memory += times * more.memory;
  to.ephemeralStorage += times * more.ephemeralStorage;
  for (const [name, amount] of more.scalars) to.scalars.set(name, (to.scalars.get(name) ?? 0) + times * amount);
}

/** Raises each amount to at least that of `other`, in place. */
export function raiseTo(to: Resources, other: Resources): void {
  to.milliCpu = Math.max(to.milliCpu, other.milliCpu);
  to.memory = Math.max(to.memory, other.memory);
  to.ephemeralStorage = Math.max(to.ephemeralStorage, other.ephemeralStorage);
  for (const [name, amount] of other.scalars) to.scalars.set(name, Math.max(to.scalars.get(name) ?? 0, amount));
}

/** One amount by resource name, `cpu` in thousandths. Unknown names are 0. */
export function amountOf(resources: Resources, name: string): number {
  if (name === 'cpu') return resources.milliCpu;
  if (name === 'memory') return resources.memory;
  if (name === 'ephemeral-storage') return resources.ephemeralStorage;
  return resources.scalars.get(name) ?? 0;
}

/** Reads a resource list (`requests`, `allocatable`, `overhead`). Names the scheduler does not place by (`pods`) are left out. */
export function parseResources(list: Readonly<Record<string, string>> | undefined): Resources {
  const resources = noResources();
  if (!list) return resources;
  for (const [name, text] of Object.entries(list)) {
    if (name === 'cpu') resources.milliCpu = parsed(text).milli;
    else if (name === 'memory') resources.memory = parsed(text).value;
    else if (name === 'ephemeral-storage') resources.ephemeralStorage = parsed(text).value;
    else if (isScalar(name)) resources.scalars.set(name, parsed(text).value);
  }
  return resources;
}

/** The whole number a quantity stands for, rounded up. */
export function quantityValue(text: string | undefined): number {
  return text === undefined ? 0 : parsed(text).value;
}

/** Extended resources, hugepages, attachable volume limits and other prefixed native resources are counted one by one. */
function isScalar(name: string): boolean {
  return name.includes('/') || name.startsWith('hugepages-') || name.startsWith('attachable-volumes-');
}

interface Parsed {
  value: number;
  milli: number;
}

// Clusters hold few distinct quantities and very many pods: each text is parsed once. Bounded, as texts come from users.
const memo = new Map<string, Parsed>();
const memoLimit = 4096;

function parsed(text: string): Parsed {
  const known = memo.get(text);
  if (known) return known;
  const quantity = Quantity.parse(text);
  const numbers = { value: Number(quantity.value()), milli: Number(quantity.milliValue()) };
  if (memo.size >= memoLimit) memo.clear();
  memo.set(text, numbers);
  return numbers;
}
