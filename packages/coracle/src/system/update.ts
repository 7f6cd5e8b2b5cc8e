import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '@coracle/api/meta/message-of';
import { Failure, fail } from '../failure.ts';
import type { LocalImage } from '../images/local.ts';
import { currentDeployment, type Deployment, deploy, readDeployment, type Wishes } from './deployment.ts';
import { whenHealthy } from './health.ts';
import { expectHealth, type Operation } from './install.ts';
import { enable } from './machine.ts';
import { pathsOf, type Slot } from './place.ts';
import { makeCurrent } from './switch.ts';

/** What came of an update. */
export interface Updated {
  before: Deployment;
  after: Deployment;
  /** Nothing differs from what runs, so nothing was done. */
  same: boolean;
}

const other = (slot: Slot): Slot => (slot === 0 ? 1 : 0);

/**
 * Brings a system container to an image, or the same image to new settings or arguments: beside the version that runs, then by a switch and a restart.
 * One that is not healthy in time makes way for the version before, which is then waited for. Throws Failure, with what the container wrote,
 * when the version before runs again.
 */
export function update(
  operation: Operation,
  image: LocalImage,
  reference: string,
  set: readonly string[],
): Promise<Updated> {
  return change(operation, currentDeployment(operation.place, operation.name), { image, reference, set });
}

/** Brings a system container to other settings, or other arguments in its file; its image stays what it is. As `update` otherwise. */
export function configure(operation: Operation, set: readonly string[]): Promise<Updated> {
  const before = currentDeployment(operation.place, operation.name);
  return change(operation, before, { image: before, reference: before.image, set });
}

async function change(
  operation: Operation,
  before: Deployment,
  { image, reference, set }: Pick<Wishes, 'image' | 'reference' | 'set'>,
): Promise<Updated> {
  const { place, name, step = () => {} } = operation;
  const slot = other(before.slot);
  const after = await deploy({ place, name, slot, image, reference, set, settings: before.settings }, step);
  if (isSame(before, after)) {
    rmSync(after.folder, { recursive: true, force: true });
    return { before, after: before, same: true };
  }
  try {
    await switchTo(operation, after);
    if (operation.machine.running) await expectHealth(operation, after);
  } catch (error) {
    await goBack(operation, before, after, error);
  }
  return { before, after, same: false };
}

/** What came of a rollback. */
export interface RolledBack {
  before: Deployment;
  after: Deployment;
  /** From the stop of the one version to the start of the other, in milliseconds. */
  took: number;
}

/** Switches to the version before, which is still there. Throws Failure when there is none, or it is not healthy; it stays the current one then. */
export async function rollback(operation: Operation): Promise<RolledBack> {
  const { place, name } = operation;
  const before = currentDeployment(place, name);
  const after = readDeployment(place, name, other(before.slot));
  if (!after) return fail(`${name} has no other version to go back to`);
  const begin = performance.now();
  await switchTo(operation, after);
  const took = performance.now() - begin;
  if (operation.machine.running) await expectHealth(operation, after);
  return { before, after, took };
}

async function switchTo({ place, machine, name, step = () => {} }: Operation, deployment: Deployment): Promise<void> {
  makeCurrent(place, deployment, step);
  enable(place, name);
  await machine.reload();
  await machine.createFiles(pathsOf(place, name).tmpfiles);
  await machine.restart(name);
  step('restarted');
  await machine.unmount(join(pathsOf(place, name).deployment(other(deployment.slot)), 'rootfs'));
}

async function goBack(operation: Operation, before: Deployment, after: Deployment, cause: unknown): Promise<never> {
  const { machine, name } = operation;
  const why = messageOf(cause);
  const problem = await switchTo(operation, before).then(
    () => (machine.running ? whenHealthy(machine, before) : undefined),
    (error: Error) => error.message,
  );
  rmSync(after.folder, { recursive: true, force: true });
  if (problem !== undefined) {
    throw new Failure(
      `the update failed, and ${name} ${before.version}, to which it was taken back, is not healthy either: ${problem}\n${why}`,
      { cause },
    );
  }
  throw new Failure(`the update to ${after.version} failed, and ${name} ${before.version} runs again\n${why}`, {
    cause,
  });
}

/** Whether two deployments would run the same, apart from where they lie. */
function isSame(one: Deployment, two: Deployment): boolean {
  const read = (it: Deployment, file: string): string =>
    readFileSync(join(it.folder, file), 'utf8').replaceAll(`${it.name}.${it.slot}`, it.name);
  return (
    one.digest === two.digest &&
    ['config.json', 'unit.service', 'tmpfiles.conf'].every((it) => read(one, it) === read(two, it))
  );
}
