import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Cluster, type ClusterPlace, checkout } from '../cluster/cluster.ts';
import { waitFor } from '../cluster/wait.ts';
import { fail } from '../failure.ts';
import { allProcesses, gone, identify, readProcess } from '../host/processes.ts';
import { forwardings } from './plan.ts';

const program = fileURLToPath(new URL('./main.ts', import.meta.url));
const patience = 10_000;

/** What the forwarder is to do; it follows this file. */
const orders = (place: ClusterPlace): string => join(place.runtime, 'forwarding.json');
/** What it says. */
export const forwarderLog = (place: ClusterPlace): string => join(place.runtime, 'forwarding.log');

/** The process that forwards ports of this machine for a cluster; found by its command line, so that none is ever lost. */
export function forwarderOf(place: ClusterPlace): number | undefined {
  return allProcesses().find((pid) => {
    const words = (readProcess(pid, 'cmdline') ?? '').split('\0');
    return words.includes(program) && words.includes(orders(place));
  });
}

/** Has this machine forward what the cluster wants, with a process where there is something to forward. Throws Failure when it cannot. */
export async function ensureForwarding(cluster: Cluster): Promise<void> {
  const wanted = JSON.stringify(forwardings(cluster));
  if (wanted === '[]') return stopForwarding(cluster);
  mkdirSync(cluster.runtime, { recursive: true, mode: 0o711 });
  const file = orders(cluster);
  const same = existsSync(file) && readFileSync(file, 'utf8') === wanted;
  writeFileSync(`${file}.new`, wanted, { mode: 0o600 });
  if (!same) renameSync(`${file}.new`, file);
  else rmSync(`${file}.new`);
  if (forwarderOf(cluster) === undefined) await start(cluster);
}

/** Ends the process, if there is one. */
export async function stopForwarding(place: ClusterPlace): Promise<void> {
  const pid = forwarderOf(place);
  const identity = pid === undefined ? undefined : identify(pid);
  if (identity) {
    process.kill(identity.pid, 'SIGTERM');
    if (!(await gone([identity], patience))) process.kill(identity.pid, 'SIGKILL');
  }
  for (const it of [orders(place), forwarderLog(place)]) rmSync(it, { force: true });
}

async function start(place: ClusterPlace): Promise<void> {
  const log = forwarderLog(place);
  const out = openSync(log, 'w', 0o600);
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=1', program, orders(place)],
    {
      cwd: '/',
      stdio: ['ignore', out, out],
      detached: true,
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
    },
  );
  closeSync(out);
  child.unref();
  let ended = false;
  child.once('exit', () => {
    ended = true;
  });
  const ready = await waitFor(async () => ended || /^ready$/m.test(readFileSync(log, 'utf8')) || undefined, patience);
  if (ready && !ended) return;
  fail('the ports of this machine that the cluster wants cannot be forwarded', { log });
}

const compileCache = join(checkout, '.cache/compile');
