import type { KubeletConfiguration } from '../config/kubelet-configuration.ts';
import { thresholdOf } from './capacity.ts';
import { fileSystem, memoryFacts, processFacts } from './machine.ts';

/** What the node runs out of. */
export interface Pressure {
  memory: boolean;
  disk: boolean;
  pid: boolean;
}

/** A threshold that was crossed: less is left (bytes, inodes or processes) than there should be. */
export interface Shortage {
  kind: keyof Pressure;
  signal: string;
  /** As it was configured. */
  threshold: string;
  left: number;
}

export interface PressurePlaces {
  /** The kubelet's own folder: its file system is nodefs. */
  root: string;
  /** Where the runtime keeps images: imagefs. */
  images(): Promise<string>;
}

type Thresholds = KubeletConfiguration['evictionHard'];

/** Compares what is left of the node's resources with the hard eviction thresholds. */
export async function measurePressure(
  thresholds: Thresholds,
  places: PressurePlaces,
): Promise<Pressure & { shortages: Shortage[] }> {
  const [memory, nodefs, imagefs, processes] = await Promise.all([
    memoryFacts(),
    fileSystem(places.root),
    places.images().then(fileSystem),
    processFacts(),
  ]);
  const shortages: Shortage[] = [];
  const check = (kind: keyof Pressure, signal: keyof Thresholds, left: number, whole: number): void => {
    const threshold = thresholds[signal];
    if (threshold !== undefined && left < thresholdOf(threshold, whole))
      shortages.push({ kind, signal, threshold, left });
  };
  check('memory', 'memory.available', memory.available, memory.total);
  check('disk', 'nodefs.available', nodefs.available, nodefs.capacity);
  check('disk', 'nodefs.inodesFree', nodefs.inodesFree, nodefs.inodes);
  check('disk', 'imagefs.available', imagefs.available, imagefs.capacity);
  check('disk', 'imagefs.inodesFree', imagefs.inodesFree, imagefs.inodes);
  check('pid', 'pid.available', processes.max - processes.running, processes.max);
  const short = (kind: keyof Pressure): boolean => shortages.some((each) => each.kind === kind);
  return { memory: short('memory'), disk: short('disk'), pid: short('pid'), shortages };
}

/** Holds a pressure for a while after it was last seen, so that the node's conditions do not flap. */
export class SteadyPressure {
  readonly #holdFor: number;
  readonly #now: () => number;
  readonly #seen: Partial<Record<keyof Pressure, number>> = {};

  constructor(holdFor: number, now: () => number = Date.now) {
    this.#holdFor = holdFor;
    this.#now = now;
  }

  observe(pressure: Pressure): Pressure {
    const held = (name: keyof Pressure): boolean => {
      if (pressure[name]) this.#seen[name] = this.#now();
      const at = this.#seen[name];
      return at !== undefined && this.#now() - at < this.#holdFor;
    };
    return { memory: held('memory'), disk: held('disk'), pid: held('pid') };
  }
}
