import type { KubeletConfiguration } from '../config/kubelet-configuration.ts';
import { thresholdOf } from './capacity.ts';
import { fileSystem, memoryFacts, processFacts } from './machine.ts';

/** What the node runs out of. */
export interface Pressure {
  memory: boolean;
  disk: boolean;
  pid: boolean;
}

/** Compares what is left of the node's resources with the hard eviction thresholds. */
export async function measurePressure(
  thresholds: KubeletConfiguration['evictionHard'],
  places: { root: string; images: string },
): Promise<Pressure> {
  const [memory, nodefs, imagefs, processes] = await Promise.all([
    memoryFacts(),
    fileSystem(places.root),
    fileSystem(places.images),
    processFacts(),
  ]);
  const below = (signal: keyof typeof thresholds, left: number, whole: number): boolean =>
    left < thresholdOf(thresholds[signal], whole);
  return {
    memory: below('memory.available', memory.available, memory.total),
    disk:
      below('nodefs.available', nodefs.available, nodefs.capacity) ||
      below('nodefs.inodesFree', nodefs.inodesFree, nodefs.inodes) ||
      below('imagefs.available', imagefs.available, imagefs.capacity) ||
      below('imagefs.inodesFree', imagefs.inodesFree, imagefs.inodes),
    pid: below('pid.available', processes.max - processes.running, processes.max),
  };
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
