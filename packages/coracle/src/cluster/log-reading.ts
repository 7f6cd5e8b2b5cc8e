import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fail, lastLines } from '../failure.ts';
import { type Cluster, logFolder, nodeFolder, nodeOf } from './cluster.ts';

/** The file of a component's log on a node, or of what the node itself says. Throws Failure when there is none. */
export function logFile(cluster: Cluster, node: string, component: string): string {
  nodeOf(cluster, node);
  if (component === 'node') return join(nodeFolder(cluster, node), 'console.log');
  const folder = logFolder(cluster, node);
  const present = existsSync(folder) ? readdirSync(folder).filter((it) => it.endsWith('.log')) : [];
  if (!present.includes(`${component}.log`)) {
    fail(`node ${node} has no log of ${component}`, {
      next: `There is ${['node', ...present.map((it) => basename(it, '.log'))].join(', ')}.`,
    });
  }
  return join(folder, `${component}.log`);
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

/** Prints a log: all of it, or its last lines with `tail` of zero or more; with `follow` also what is added, for ever. */
export async function followLog(file: string, { tail, follow }: { tail: number; follow: boolean }): Promise<void> {
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
