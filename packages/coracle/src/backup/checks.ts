import { isDeepStrictEqual } from 'node:util';
import { type Cluster, type ClusterPlace, type ClusterRecord, otherClusters } from '../cluster/cluster.ts';
import { bridgeName } from '../cluster/names.ts';
import { fail } from '../failure.ts';
import { addressIn, overlap, parseNetwork } from '../host/addresses.ts';
import { hasLink } from '../host/links.ts';
import { CommandError } from '../host/run.ts';
import { checkFree } from '../nodes/network.ts';
import { type Contents, pkiEntry } from './contents.ts';
import { authorityFiles } from './save.ts';
import { ownVersion, snapshotFacts } from './snapshot.ts';

/** The snapshot must be what etcd wrote, and of an etcd that this one understands. Throws Failure. */
export async function checkSnapshot(contents: Contents, file: string, where: string): Promise<void> {
  const { hash, revision, version } = contents.etcd;
  const own = await ownVersion();
  if (isNewer(version, own)) {
    fail(`${where} has a snapshot of etcd ${version}, and the etcd here is ${own}`, {
      next: 'Restore it with the version of Coracle that made it, or a later one.',
    });
  }
  try {
    const found = await snapshotFacts(file);
    if (found.hash === hash && found.revision === revision) return;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    fail(`${where} is damaged: etcd cannot read its snapshot`, { cause: error });
  }
  fail(`${where} is damaged: its snapshot is not the one it says it is`);
}

/** Whether a version has a later major or minor number than another. */
export function isNewer(version: string, than: string): boolean {
  const [[major = 0, minor = 0], [ownMajor = 0, ownMinor = 0]] = [version, than].map((it) =>
    it.split('.').map(Number),
  ) as [number[], number[]];
  return major > ownMajor || (major === ownMajor && minor > ownMinor);
}

/** A backup restores the cluster it was made of, under its own name, into the networks it had. Throws Failure. */
export function checkFits(
  contents: Contents,
  record: ClusterRecord,
  place: ClusterPlace,
  existing: Cluster | undefined,
  where: string,
): void {
  const lost = authorityFiles.find((it) => !Object.hasOwn(contents.files, pkiEntry(it)));
  if (lost !== undefined) fail(`${where} is not whole: it has no ${pkiEntry(lost)}`);
  if (contents.cluster !== record.name) {
    fail(`${where} is damaged: it is of cluster ${contents.cluster}, and its record of ${record.name}`);
  }
  if (record.name !== place.name) {
    fail(
      `${where} is of cluster ${record.name}, and cannot become cluster ${place.name}: names of nodes, certificates and objects hold the cluster's`,
      { next: `Restore it with --name ${record.name}.` },
    );
  }
  if (!existing) return;
  for (const key of ['subnet', 'serviceCidr', 'podCidr', 'overlay'] as const) {
    if (isDeepStrictEqual(record[key], existing[key])) continue;
    fail(
      `${where} is of another cluster ${record.name}, with ${key} ${shown(record[key])}; the one that is there has ${shown(existing[key])}`,
      { next: `'coracle reset --name ${place.name}' removes that; then the backup makes the other one again.` },
    );
  }
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** What a cluster comes back to must be free, on this machine and of other clusters' networks. Throws Failure. */
export async function checkNetworksFree(place: ClusterPlace, record: ClusterRecord): Promise<void> {
  const own = [record.subnet, record.serviceCidr];
  for (const other of otherClusters(place)) {
    const clash = [other.subnet, other.serviceCidr].find((theirs) =>
      own.some((mine) => overlap(parseNetwork(mine), parseNetwork(theirs))),
    );
    if (clash !== undefined) {
      fail(`the cluster's networks ${own.join(' and ')} overlap ${clash} of cluster ${other.name}`, {
        next: `'coracle reset --name ${other.name}' removes that one.`,
      });
    }
  }
  if (await hasLink(bridgeName(place.name))) return; // left by this cluster, which takes it over
  await checkFree({
    bridge: bridgeName(place.name),
    gateway: addressIn(record.subnet, 1),
    prefixLength: parseNetwork(record.subnet).length,
    serviceCidr: record.serviceCidr,
  });
}
