import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { node as nodeKind } from '@coracle/api/core/v1/node';
import type { Node } from '@coracle/api/types/core/v1';
import { connect as connectClient, loadKubeconfig } from '@coracle/client';
import { seconds } from '../cli/progress.ts';
import { waitFor } from '../cluster/wait.ts';
import type { ConfigFile, NodeFacts } from '../components/component.ts';
import { Failure, fail } from '../failure.ts';
import { ownCapabilities } from '../host/capabilities.ts';
import { hasCgroupV1 } from '../host/cgroups.ts';
import { holdsLayers } from '../host/mounts.ts';
import { install } from '../system/install.ts';
import { enable, type Machine } from '../system/machine.ts';
import { pathsOf } from '../system/place.ts';
import type { Discovered } from './credentials.ts';
import { importPodImages, type NamedImage } from './images.ts';
import type { Joining } from './joining.ts';
import { withdraw } from './leave.ts';
import {
  containerdFiles,
  containerdPlace,
  containerdService,
  containerdUnit,
  type JoinedNode,
  nodeKubeconfig,
  type Program,
  programsOf,
  tokenKubeconfig,
} from './programs.ts';
import { writeRecord } from './record.ts';
import { removeNode } from './removal.ts';

/** How long a program may take until it is healthy, and a node until it is Ready, in milliseconds. */
const patience = 120_000;

/**
 * Makes this machine a node of a cluster that was asked for all it takes, and waits until it is Ready. When a step fails, all that was done is
 * undone. Throws Failure, with the last lines of the program that was waited for.
 */
export async function joinCluster(
  joining: Joining,
  found: Discovered,
  node: JoinedNode,
  images: ReadonlyMap<string, NamedImage>,
): Promise<void> {
  const { place, machine, progress, signal } = joining;
  writeRecord({ node: node.name, cluster: found.settings.cluster, server: found.access.server });
  try {
    await progress.step('containerd', () => startContainerd(joining, node.facts));
    await progress.step('images of pods', () => importPodImages(images, node.facts.snapshotter));
    const since = Date.now() - 1000; // reports are written with whole seconds
    for (const program of programsOf(node, found)) {
      signal.throwIfAborted();
      await progress.step(`${program.name} installed, and healthy`, () => installProgram(joining, program, images));
    }
    await progress.step(`node ${node.name} Ready`, () => nodeReady(joining, node.name, since));
    rmSync(tokenKubeconfig);
  } catch (error) {
    progress.note('  Undoing what was done:');
    // A Node there is only once the kubelet has credentials of its own.
    if (existsSync(nodeKubeconfig)) await withdraw(joining, node.name, false);
    else await progress.step('programs, units and data removed', () => removeNode(place, machine));
    throw error;
  }
}

/** What this machine decides about its node. */
export function machineNodeFacts(): NodeFacts {
  const { root } = containerdPlace;
  return {
    cgroupV1: hasCgroupV1(),
    mayAdjustOomScore: ownCapabilities().includes('CAP_SYS_RESOURCE'),
    snapshotter: holdsLayers(existsSync(root) ? root : dirname(root)) ? 'overlayfs' : 'native',
  };
}

/** The address by which this machine reaches a server, and so by which others in its network reach the machine. Throws Failure. */
export function addressTowards(server: string): Promise<string> {
  const { hostname, port: given } = new URL(server);
  const [host, port] = [hostname.replace(/^\[|\]$/g, ''), Number(given || 443)];
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer')));
    socket.once('connect', () => {
      const { localAddress } = socket;
      socket.destroy();
      resolve(localAddress!);
    });
    socket.once('error', (error) =>
      reject(new Failure(`${server}, which cluster-info names, cannot be reached: ${error.message}`, { cause: error })),
    );
  });
}

async function startContainerd({ place, machine, signal }: Joining, facts: NodeFacts): Promise<void> {
  for (const it of containerdFiles(facts)) writeConfig(it);
  const { unit } = pathsOf(place, containerdUnit);
  writeFileSync(unit, containerdService(facts));
  enable(place, containerdUnit);
  await machine.reload();
  await machine.start(containerdUnit).catch((error) => withLog(machine, containerdUnit, (error as Error).message));
  const there = await waitFor(async () => existsSync(containerdPlace.socket) || undefined, patience, signal);
  if (!there) await withLog(machine, containerdUnit, `containerd does not listen within ${seconds(patience)}`);
}

async function installProgram(
  { place, machine }: Joining,
  { name, set, files }: Program,
  images: ReadonlyMap<string, NamedImage>,
): Promise<void> {
  for (const it of files) writeConfig(it);
  const { image, reference } = images.get(name)!;
  await install({ place, machine, name, limit: patience }, image, reference, set);
}

/** Writes a file below /etc/coracle, for root alone, whole or not at all. */
function writeConfig({ path, text }: ConfigFile): void {
  const file = join('/etc/coracle', path);
  mkdirSync(dirname(file), { recursive: true });
  chmodSync(dirname(file), 0o700);
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Waits, as the node itself, until the API knows it as Ready by a report after `since` (milliseconds since 1970). */
async function nodeReady({ machine, signal }: Joining, name: string, since: number): Promise<void> {
  const client = connectClient({ ...loadKubeconfig(nodeKubeconfig), userAgent: 'coracle' });
  let last = 'it has not registered itself';
  try {
    const ready = await waitFor(
      async () => {
        const found = await client.get(nodeKind, name).catch((error) => {
          last = (error as Error).message;
        });
        return found && isReady(found, since, (message) => (last = message));
      },
      patience,
      signal,
    );
    if (!ready) await withLog(machine, 'kubelet', `node ${name} is not Ready within ${seconds(patience)}: ${last}`);
  } finally {
    client.close();
  }
}

function isReady(node: Node, since: number, tell: (message: string) => void): true | undefined {
  const condition = node.status?.conditions?.find((it) => it.type === 'Ready');
  tell(condition?.message ?? 'it has no condition Ready');
  return condition?.status === 'True' && Date.parse(condition.lastHeartbeatTime ?? '') >= since ? true : undefined;
}

/** Throws a Failure that shows what a unit wrote last: with what is undone, its log may be out of reach. */
async function withLog(machine: Machine, unit: string, message: string): Promise<never> {
  const lines = await machine.log(unit, 12);
  return fail([`${message}; ${unit} last wrote:`, ...lines.map((it) => `  | ${it.slice(0, 300)}`)].join('\n'));
}
