import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../failure.ts';
import { CommandError } from '../host/run.ts';
import { buildImages } from '../images/build.ts';
import type { NodeSettings, ServiceSettings } from '../node/settings.ts';
import type { NodeDriver } from '../nodes/driver.ts';
import { type Cluster, checkout, type NodeRecord, nodeFolder } from './cluster.ts';
import { isPlain } from './debian-node.ts';
import { controlSocket, nodeIdentity, writeNodeConfig } from './node-spec.ts';
import { reloadNode } from './node-status.ts';
import { installedOn, isAsWished, pairs, recipeOf } from './system-containers.ts';

/** Writes what a node is to be by the cluster's record, and has it take that if it runs. Resolves to whether it runs. Throws Failure. */
export async function reconfigureNode(cluster: Cluster, node: NodeRecord, driver: NodeDriver): Promise<boolean> {
  const before = servicesAsWritten(cluster, node);
  writeNodeConfig(cluster, node);
  const identity = nodeIdentity(cluster, node.name);
  if (!(await driver.find(identity))) return false;
  if (cluster.rootfs === 'host') await reloadNode(controlSocket(identity), node.name);
  else await changeUnits(cluster, node, driver, before);
  return true;
}

/** What a node has of what it is to have. */
export interface Present {
  /** Its system containers. */
  installed: readonly string[];
  /** Whether one of them has the settings and arguments of a service. */
  asWished(service: ServiceSettings): boolean;
  /** What the files of a service were before. */
  version(name: string): string | undefined;
}

/** What `coracle system` and systemctl are to be run with on a node, in this order, to bring it to a list of services. */
export function changesOf(present: Present, services: readonly ServiceSettings[]): [string, ...string[]][] {
  const coracle = (...args: string[]): [string, ...string[]] => [join(checkout, 'bin/coracle'), 'system', ...args];
  const set = (it: ServiceSettings) => pairs(it).flatMap((pair) => ['--set', pair]);
  const isThere = (it: ServiceSettings) => isPlain(it) || present.installed.includes(it.name);
  const change = (it: ServiceSettings): [string, ...string[]][] => {
    if (!isPlain(it) && !present.asWished(it)) return [coracle('configure', it.name, ...set(it))];
    return present.version(it.name) === it.version ? [] : [['systemctl', 'restart', `${it.name}.service`]];
  };
  const wanted = new Set(services.map((it) => it.name));
  return [
    // What is new first: others may reach the API through it.
    ...services.filter((it) => !isThere(it)).map((it) => coracle('install', it.name, ...set(it))),
    ...services.filter(isThere).flatMap(change),
    ...present.installed.filter((it) => !wanted.has(it)).map((it) => coracle('uninstall', it)),
  ];
}

async function changeUnits(
  cluster: Cluster,
  node: NodeRecord,
  driver: NodeDriver,
  before: readonly ServiceSettings[],
): Promise<void> {
  const services = servicesAsWritten(cluster, node);
  const installed = installedOn(cluster, node);
  const fresh = services.filter((it) => !isPlain(it) && !installed.includes(it.name));
  await buildImages({ recipes: fresh.map((it) => recipeOf(it.name)) }); // the node finds them in the checkout
  const present: Present = {
    installed,
    asWished: (it) => isAsWished(cluster, node, it),
    version: (name) => before.find((it) => it.name === name)?.version,
  };
  for (const command of changesOf(present, services)) await runOnNode(cluster, node, driver, command);
}

/** Runs a command on a node. Throws Failure with what it wrote when it fails. */
export async function runOnNode(
  cluster: Cluster,
  node: NodeRecord,
  driver: NodeDriver,
  command: readonly [string, ...string[]],
): Promise<string> {
  try {
    return await driver.run(nodeIdentity(cluster, node.name), command);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const said = error.stderr
      .trim()
      .replace(/^ *[✓✗] .*\n?/gm, '')
      .replace(/^error: /, '');
    return fail(`${command.slice(0, 4).join(' ')} fails on node ${node.name}: ${said}`, { cause: error });
  }
}

function servicesAsWritten(cluster: Cluster, node: NodeRecord): readonly ServiceSettings[] {
  const file = join(nodeFolder(cluster, node.name), 'etc/coracle/node.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as NodeSettings).services : [];
}
