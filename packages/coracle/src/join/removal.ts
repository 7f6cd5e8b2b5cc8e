import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkout } from '../cluster/cluster.ts';
import { compileCache } from '../components/component.ts';
import { cniFolder } from '../components/overlay.ts';
import { fail } from '../failure.ts';
import { removeCgroup } from '../host/cgroups.ts';
import { hasLink, removeLink } from '../host/links.ts';
import { hostMounts } from '../host/mounts.ts';
import { run } from '../host/run.ts';
import { stopPods } from '../node/pods.ts';
import { disable, type Machine } from '../system/machine.ts';
import { pathsOf, type SystemPlace } from '../system/place.ts';
import { remove } from '../system/remove.ts';
import { containerdPlace, containerdUnit, type JoinedProgram, joinedPrograms } from './programs.ts';
import { recordFile } from './record.ts';
import { removeSandboxes } from './sandboxes.ts';

/** The bridge the overlay has pods behind, by its CNI configuration. */
const podBridge = 'cni0';
/** Where the addresses of pods are noted: the network of the overlay's CNI configuration is called so. */
const podAddresses = '/run/cni/networks/coracle';
/** What a node writes outside /etc/coracle. */
const dataFolders = [
  '/var/lib/kubelet',
  containerdPlace.root,
  containerdPlace.state,
  '/var/log/pods',
  '/var/log/containers',
];

/**
 * Removes all that makes this machine a node: programs, pods, units, rules, devices, files and data. The note that it has joined goes last, so that
 * what was interrupted can be done again. Throws Failure when something of it cannot be removed.
 */
export async function removeNode(place: SystemPlace, machine: Machine): Promise<void> {
  await remove(place, machine, 'kubelet'); // first, or it would start the pods again
  await removePods(machine);
  const overlayFlags = argumentsOf('overlay');
  for (const it of joinedPrograms) await remove(place, machine, it);
  await run([join(checkout, 'bin/kube-proxy'), '--cleanup']);
  if (overlayFlags) await run([join(checkout, 'bin/overlay'), '--cleanup', ...overlayFlags]);
  if (await hasLink(podBridge)) await removeLink(podBridge);
  await removeContainerd(place, machine);
  await unmountData();
  removeFiles();
}

async function removePods(machine: Machine): Promise<void> {
  const { active } = await machine.state(containerdUnit);
  if (active === 'active') await removeSandboxes(containerdPlace.socket);
  await stopPods(); // of a containerd that does not run
  if (!(await removeCgroup('/kubepods'))) fail('processes of pods still run', { next: "See 'ps', and do it again." });
}

/** Volumes of pods, and root folders of their containers, last first. */
async function unmountData(): Promise<void> {
  const inside = (point: string) => dataFolders.some((it) => point === it || point.startsWith(`${it}/`));
  const points = hostMounts().flatMap(({ point }) => (inside(point) && !isOwnDisk(point) ? [point] : []));
  for (const it of points.reverse()) await run(['umount', '--lazy', it]);
}

/** A data folder may be a disk of its own: that stays mounted. */
const isOwnDisk = (point: string): boolean => dataFolders.includes(point);

async function removeContainerd(place: SystemPlace, machine: Machine): Promise<void> {
  await machine.stop(containerdUnit);
  disable(place, containerdUnit);
  rmSync(pathsOf(place, containerdUnit).unit, { force: true });
  await machine.reload();
}

/** The flags a program was started with; undefined where that never came to be. */
function argumentsOf(name: JoinedProgram): string[] | undefined {
  const file = join('/etc/coracle', name, 'args');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : undefined;
}

function removeFiles(): void {
  const disks = new Set(hostMounts().map(({ point }) => point));
  for (const it of dataFolders) {
    if (disks.has(it)) for (const each of readdirSync(it)) rmSync(join(it, each), { recursive: true, force: true });
    else rmSync(it, { recursive: true, force: true });
  }
  rmSync(podAddresses, { recursive: true, force: true });
  for (const it of joinedPrograms) rmSync(join('/var/cache', compileCache(it)), { recursive: true, force: true });
  for (const it of ['containerd', ...joinedPrograms])
    rmSync(join('/etc/coracle', it), { recursive: true, force: true });
  rmSync(recordFile, { force: true });
  for (const it of [
    '/etc/coracle',
    '/var/cache/coracle',
    dirname(podAddresses),
    cniFolder,
    dirname(cniFolder),
    '/var/lib/cni/results',
    '/var/lib/cni',
    '/etc/cni/net.d',
    '/etc/cni',
    '/etc/kubernetes/manifests',
    '/etc/kubernetes',
  ]) {
    if (existsSync(it) && readdirSync(it).length === 0) rmdirSync(it);
  }
}
