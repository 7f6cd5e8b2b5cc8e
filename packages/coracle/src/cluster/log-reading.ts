import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';
import { servicesOf } from '../components/all.ts';
import { type Advice, fail, lastLines, shownLines } from '../failure.ts';
import { type Cluster, logFolder, nodeFolder, nodeOf } from './cluster.ts';
import { lastJournalLines, printJournal } from './journal.ts';

/** How much of a log is printed. */
export interface Extent {
  /** The last lines of zero or more; all of it below. */
  tail: number;
  /** Also what is added, for ever. */
  follow: boolean;
}

/** Prints the log of a component on a node, or what the node itself says (`node`). Throws Failure when there is none. */
export async function printLog(cluster: Cluster, node: string, component: string, extent: Extent): Promise<void> {
  nodeOf(cluster, node);
  if (component === 'node' || cluster.rootfs === 'host') return followLog(logFile(cluster, node, component), extent);
  const components = servicesOf(cluster, nodeOf(cluster, node));
  if (!components.includes(component)) noLog(node, component, components);
  const code = await printJournal(cluster, node, component, extent);
  if (code !== 0) fail(`the journal of node ${node} cannot be read`);
}

/** The log of a component on a node, for a failure to tell of. */
export function logOf(cluster: Cluster, node: string, component: string): Pick<Advice, 'log' | 'lastLines'> {
  if (cluster.rootfs === 'host') return { log: join(logFolder(cluster, node), `${component}.log`) };
  return {
    log: `coracle node logs ${node} ${component} --name ${cluster.name}`,
    lastLines: lastJournalLines(cluster, node, component, shownLines),
  };
}

/** The file of a component's log on a node, or of what the node itself says. */
function logFile(cluster: Cluster, node: string, component: string): string {
  if (component === 'node') return join(nodeFolder(cluster, node), 'console.log');
  const folder = logFolder(cluster, node);
  const present = existsSync(folder) ? readdirSync(folder).filter((it) => it.endsWith('.log')) : [];
  if (!present.includes(`${component}.log`))
    noLog(
      node,
      component,
      present.map((it) => basename(it, '.log')),
    );
  return join(folder, `${component}.log`);
}

function noLog(node: string, component: string, present: readonly string[]): never {
  return fail(`node ${node} has no log of ${component}`, { next: `There is ${['node', ...present].join(', ')}.` });
}

/** Writes a file from an offset on to stdout, at the pace it is read; returns the offset reached. */
async function print(file: string, from: number): Promise<number> {
  const descriptor = openSync(file, 'r');
  try {
    const part = Buffer.alloc(64 * 1024);
    let at = from;
    for (;;) {
      const length = readSync(descriptor, part, 0, part.length, at);
      if (length === 0) return at;
      at += length;
      await new Promise<void>((resolve, reject) =>
        process.stdout.write(part.subarray(0, length), (error) => (error ? reject(error) : resolve())),
      );
    }
  } finally {
    closeSync(descriptor);
  }
}

function sizeOf(file: string): number {
  const descriptor = openSync(file, 'r');
  try {
    return fstatSync(descriptor).size;
  } finally {
    closeSync(descriptor);
  }
}

async function followLog(file: string, { tail, follow }: Extent): Promise<void> {
  let at = 0;
  if (tail >= 0) {
    const lines = lastLines(file, tail);
    process.stdout.write(lines.map((it) => `${it}\n`).join(''));
    at = sizeOf(file);
  }
  at = await print(file, at);
  while (follow) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    if (sizeOf(file) < at) at = 0; // rotated
    at = await print(file, at);
  }
}
