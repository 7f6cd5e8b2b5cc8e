import { lstatSync } from 'node:fs';
import { Failure, fail } from '../failure.ts';
import type { LocalImage } from '../images/local.ts';
import { currentSlot, type Deployment, deploy, type Step } from './deployment.ts';
import { whenHealthy } from './health.ts';
import { enable, type Machine } from './machine.ts';
import { otherUnits, pathsOf, type SystemPlace } from './place.ts';
import { remove } from './remove.ts';
import { makeCurrent } from './switch.ts';

/** What `install` and `update` have in common. */
export interface Operation {
  place: SystemPlace;
  machine: Machine;
  name: string;
  /** How long the container may take until it is healthy, in milliseconds; what its image says without. */
  limit?: number;
  step?: Step;
}

/**
 * Installs an image as a system container: checks it out, puts its unit into place, enables and starts it, and waits until it is healthy. Throws
 * Failure, with all it did undone, when any of that does not succeed.
 */
export async function install(
  operation: Operation,
  image: LocalImage,
  reference: string,
  set: readonly string[],
): Promise<Deployment> {
  const { place, machine, name, step = () => {} } = operation;
  refuseTaken(place, name);
  const deployment = await deploy({ place, name, slot: 0, image, reference, set, settings: {} }, step);
  try {
    makeCurrent(place, deployment, step);
    enable(place, name);
    step('enabled');
    await machine.reload();
    await machine.createFiles(pathsOf(place, name).tmpfiles);
    await machine.start(name);
    step('started');
    if (machine.running) await expectHealth(operation, deployment);
    return deployment;
  } catch (error) {
    await remove(place, machine, name);
    throw error;
  }
}

/** Waits for health. Throws Failure with the last lines the container wrote when it does not come. */
export async function expectHealth({ machine, name, limit }: Operation, deployment: Deployment): Promise<void> {
  const problem = await whenHealthy(machine, deployment, limit);
  if (problem === undefined) return;
  const lines = await machine.log(name, 12);
  throw new Failure(
    `${name} is not healthy: ${problem}${lines.length > 0 ? `; it last wrote:\n${indented(lines)}` : ''}`,
  );
}

const indented = (lines: readonly string[]): string => lines.map((it) => `  | ${it.slice(0, 300)}`).join('\n');

function refuseTaken(place: SystemPlace, name: string): void {
  const paths = pathsOf(place, name);
  if (currentSlot(place, name) !== undefined) {
    fail(`there is a system container ${name} already`, {
      next: `'coracle system update ${name} IMAGE' brings it to another image.`,
    });
  }
  const taken = [paths.unit, ...otherUnits(place, name), paths.link, paths.deployment(0), paths.deployment(1)].find(
    (it) => lstatSync(it, { throwIfNoEntry: false }),
  );
  if (taken)
    fail(`${taken} is there already, and is not of a system container`, { next: 'Choose another name with --name.' });
}
