import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail } from '../failure.ts';
import { removeCgroup, removeEmptyCgroup } from '../host/cgroups.ts';
import { hostMounts } from '../host/mounts.ts';
import { sync } from './durable.ts';
import { disable, type Machine } from './machine.ts';
import { cgroupOf, cgroupParent, pathsOf, type SystemPlace, slots } from './place.ts';

/**
 * Removes a system container: its unit first, without which a boot knows nothing of it, then all else but its data. Safe to repeat. Throws
 * Failure when something of it still runs.
 */
export async function remove(place: SystemPlace, machine: Machine, name: string): Promise<void> {
  const paths = pathsOf(place, name);
  await machine.stop(name);
  await machine.discard(place, name);
  disable(place, name);
  rmSync(paths.unit, { force: true });
  sync(dirname(paths.unit));
  await machine.reload();
  if (machine.running) {
    if (!(await removeCgroup(cgroupOf(name))))
      fail(`processes of ${name} still run`, { next: `See 'runc list' and 'ps'.` });
    removeEmptyCgroup(`/${cgroupParent}`);
  }
  for (const it of [paths.tmpfiles, paths.link, ...slots.map(paths.deployment)])
    rmSync(it, { recursive: true, force: true });
}

/** Removes folders of data. Throws Failure, and removes nothing, when something is mounted there: it may be somebody else's data. */
export function removeData({ root }: SystemPlace, folders: readonly string[]): void {
  const places = folders.map((it) => join(root, it));
  const mounted = hostMounts().find(({ point }) => places.some((it) => point === it || point.startsWith(`${it}/`)));
  if (mounted)
    fail(`${mounted.point} is mounted, so the data around it stays`, { next: 'Unmount it, and remove the folder.' });
  for (const it of places) rmSync(it, { recursive: true, force: true });
}
