import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { NodeSettings } from './settings.ts';

/** Makes the fresh container a node: its kernel settings, mount propagation and cgroups. */
export function prepareNode(settings: NodeSettings): void {
  // The runtime made /proc/sys read-only; what the network namespace holds of it is the node's own.
  execFileSync('mount', ['--bind', '/proc/sys/net', '/proc/sys/net']);
  execFileSync('mount', ['-o', 'remount,bind,rw', '/proc/sys/net']);
  execFileSync('mount', ['--make-rshared', '/']); // mounts below hostPath volumes must reach containers
  writeFileSync('/proc/sys/net/ipv4/ip_forward', '1');
  letThrough(dirname(settings.checkout));
  bridgedPacketsSeeRules();
  if (existsSync('/sys/fs/cgroup/cgroup.controllers')) leaveRootCgroup('/sys/fs/cgroup');
}

/** Lets ordinary users of the node pass through a folder and those above it, to what they may read below. */
function letThrough(folder: string): void {
  const { mode } = statSync(folder);
  if ((mode & 0o011) !== 0o011) chmodSync(folder, (mode & 0o7777) | 0o011);
  if (folder !== '/') letThrough(dirname(folder));
}

/** A pod that reaches another on the same bridge through a Service gets its answers only when bridged packets pass the rules. */
function bridgedPacketsSeeRules(): void {
  const setting = '/proc/sys/net/bridge/bridge-nf-call-iptables';
  if (!existsSync(setting)) execFileSync('modprobe', ['br_netfilter']);
  writeFileSync(setting, '1');
}

/** With cgroup v2 a group with processes of its own cannot hand controllers down, so ours move into a group beside the pods'. */
function leaveRootCgroup(root: string): void {
  mkdirSync(`${root}/coracle`, { recursive: true });
  for (const pid of readFileSync(`${root}/cgroup.procs`, 'utf8').trim().split('\n')) {
    if (pid) writeFileSync(`${root}/coracle/cgroup.procs`, pid);
  }
  const controllers = readFileSync(`${root}/cgroup.controllers`, 'utf8').trim().split(' ').filter(Boolean);
  for (const it of controllers) writeFileSync(`${root}/cgroup.subtree_control`, `+${it}`);
}
