import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { quoted } from '../host/run.ts';
import { debianTree } from '../images/debian-root.ts';
import { type Cluster, nodeFolder } from './cluster.ts';

/** The last lines a unit of a node wrote, of this boot of the node or an earlier one. None when its journal cannot be read. */
export function lastJournalLines(cluster: Cluster, node: string, unit: string, count: number): string[] {
  const [program, ...args] = journalctl(cluster, node, [`--unit=${unit}`, `--lines=${count}`]);
  const { stdout } = spawnSync(program, args, { encoding: 'utf8' });
  return (stdout ?? '').split('\n').filter(Boolean);
}

/** Prints a unit's part of a node's journal to stdout: all of it, or its last lines with `tail` of zero or more; with `follow` also what is added. */
export function printJournal(
  cluster: Cluster,
  node: string,
  unit: string,
  { tail, follow }: { tail: number; follow: boolean },
): Promise<number> {
  const [program, ...args] = journalctl(cluster, node, [
    `--unit=${unit}`,
    `--lines=${tail < 0 ? 'all' : tail}`,
    ...(follow ? ['--follow'] : []),
  ]);
  const child = spawn(program, args, { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

/**
 * The command that reads a node's journal with the journalctl of the tree it was written by: this machine need not have one. It is the same whether
 * the node runs or not. The mount it needs goes with it.
 */
function journalctl(cluster: Cluster, node: string, args: readonly string[]): [string, ...string[]] {
  const tree = debianTree();
  const read = [
    'chroot',
    tree,
    'journalctl',
    '--directory=/var/log/journal',
    '--quiet',
    '--no-pager',
    '--output=cat',
    ...args,
  ];
  const script = `mount --bind ${quoted(join(nodeFolder(cluster, node), 'var'))} ${quoted(join(tree, 'var'))}
exec ${read.map(quoted).join(' ')}`;
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-ec', script];
}
