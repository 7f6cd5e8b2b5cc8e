import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';
import { boolFlag, intFlag, stringFlag } from '@coracle/process/flags';
import { clusterFlags, command, placeFrom } from '../cli/command.ts';
import { lastLines } from '../cli/report.ts';
import { type Cluster, existingCluster, logFolder, nodeFolder } from '../cluster/cluster.ts';
import { fail } from '../failure.ts';

export default command({
  name: 'logs',
  about: "print a component's log",
  arguments: { usage: 'COMPONENT', least: 1, most: 1 },
  description: `Prints the log of a component: etcd, containerd, kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kube-proxy, or
'node' for what the node itself says while it starts.`,
  examples: ['coracle logs kubelet', 'coracle logs kube-apiserver -f --tail 20'],
  flags: {
    ...clusterFlags,
    follow: boolFlag({ shorthand: 'f', help: 'go on printing what is added' }),
    tail: intFlag({ default: -1, help: 'how many of the last lines to print; all with -1' }),
    node: stringFlag({ help: 'of which node; the first one by default' }),
  },
  async run({ flags, args: [component] }) {
    const cluster = existingCluster(placeFrom(flags));
    const file = logFile(cluster, flags.node || cluster.nodes[0]!.name, component!);
    let at = 0;
    if (flags.tail >= 0) {
      const lines = lastLines(file, flags.tail);
      process.stdout.write(lines.map((it) => `${it}\n`).join(''));
      at = sizeOf(file);
    }
    at = await print(file, at);
    while (flags.follow) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      if (sizeOf(file) < at) at = 0; // rotated
      at = await print(file, at);
    }
    return 0;
  },
});

function logFile(cluster: Cluster, node: string, component: string): string {
  if (!cluster.nodes.some((it) => it.name === node)) {
    fail(`cluster ${cluster.name} has no node ${node}`, {
      next: `It has ${cluster.nodes.map((it) => it.name).join(', ')}.`,
    });
  }
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
