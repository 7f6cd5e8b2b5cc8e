import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { fail } from '../failure.ts';
import { type Capability, ownCapabilities } from '../host/capabilities.ts';
import { otherUnits, pathsOf, type SystemPlace } from '../system/place.ts';
import { containerdPlace, containerdUnit, joinedPrograms } from './programs.ts';
import { recordFile } from './record.ts';

const neededCapabilities: readonly Capability[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_KILL',
  'CAP_MKNOD',
  'CAP_NET_ADMIN',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SYS_ADMIN',
  'CAP_SYS_CHROOT',
];

/** Programs that a node runs or is cleaned up with, by the Debian package that has them. */
const neededPrograms: Readonly<Record<string, string>> = {
  runc: 'runc',
  containerd: 'containerd',
  'containerd-shim-runc-v2': 'containerd',
  ctr: 'containerd',
  nft: 'nftables',
  ip: 'iproute2',
  iptables: 'iptables',
};

/** What the pods' network is made with. */
const neededPlugins = ['bridge', 'host-local', 'loopback', 'portmap'];
const pluginFolder = '/usr/lib/cni';

/** Ports the programs of a node listen on. */
const neededPorts: Readonly<Record<number, string>> = {
  10247: 'the overlay',
  10248: 'the kubelet',
  10250: 'the kubelet',
  10256: 'kube-proxy',
};

/** What is looked at before a machine joins. */
export interface MachineFacts {
  root: boolean;
  capabilities: readonly string[];
  systemd: boolean;
  /** Programs and plugins that are missing. */
  missing: readonly string[];
  /** Ports that somebody listens on. */
  takenPorts: readonly number[];
  /** Whether it has joined already. */
  joined: boolean;
  /** Units and folders in the way that are of somebody else. */
  inTheWay: readonly string[];
}

/** Looks at this machine; changes nothing. */
export async function lookAround(place: SystemPlace): Promise<MachineFacts> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  const programs = Object.keys(neededPrograms).filter((it) => !folders.some((each) => existsSync(join(each, it))));
  const plugins = neededPlugins.map((it) => join(pluginFolder, it)).filter((it) => !existsSync(it));
  const ports = Object.keys(neededPorts).map(Number);
  const taken = await Promise.all(ports.map(isTaken));
  const units = [containerdUnit, ...joinedPrograms].flatMap((it) => [
    pathsOf(place, it).unit,
    ...otherUnits(place, it),
  ]);
  const folder = [containerdPlace.root, '/var/lib/kubelet'].filter(
    (it) => existsSync(it) && readdirSync(it).length > 0,
  );
  return {
    root: process.getuid?.() === 0,
    capabilities: ownCapabilities(),
    systemd: existsSync('/run/systemd/system'),
    missing: [...programs, ...plugins],
    takenPorts: ports.filter((_, index) => taken[index]),
    joined: existsSync(recordFile),
    inTheWay: [...units.filter((it) => existsSync(it)), ...folder],
  };
}

/** Throws Failure for what a machine lacks to join a cluster, all of it at once. */
export function checkMachine(facts: MachineFacts): void {
  if (!facts.root)
    fail('a machine that joins gets units and containers, which belong to root', { next: 'Run it again as root.' });
  if (facts.joined) {
    fail('this machine has joined a cluster already', { next: "'coracle node leave' takes it out again." });
  }
  const problems = problemsOf(facts);
  if (problems.length > 0) fail(`this machine cannot join a cluster:\n${problems.map((it) => `  ${it}`).join('\n')}`);
}

/** What is wrong with a machine, a line each. */
function problemsOf({ capabilities, systemd, missing, takenPorts, inTheWay }: MachineFacts): string[] {
  const lacking = neededCapabilities.filter((it) => !capabilities.includes(it));
  const packages = [...new Set(missing.map((it) => neededPrograms[it] ?? 'containernetworking-plugins'))].sort();
  return [
    ...(lacking.length > 0 ? [`this process lacks ${lacking.join(', ')}`] : []),
    ...(systemd ? [] : ['systemd does not run on it, and units are to run its programs']),
    ...(missing.length > 0
      ? [`it has no ${missing.join(', ')} (on Debian: apt-get install ${packages.join(' ')})`]
      : []),
    ...takenPorts.map((it) => `port ${it}, which ${neededPorts[it]} needs, is in use`),
    ...inTheWay.map((it) => `${it} is there already`),
  ];
}

/** Whether somebody listens on a port, on any address. */
function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(true);
      else reject(error);
    });
    server.listen({ host: '0.0.0.0', port, exclusive: true }, () => server.close(() => resolve(false)));
  });
}
