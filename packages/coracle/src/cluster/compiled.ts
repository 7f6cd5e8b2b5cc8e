import { createHash } from 'node:crypto';
import {
  chownSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { compileCache, userOf } from '../components/component.ts';
import { run } from '../host/run.ts';
import { type Cluster, checkout, nodeFolder } from './cluster.ts';
import { supervisor, supervisorProgram } from './node-root.ts';

const programs = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'load-balancer',
  'overlay',
  supervisor,
];

/** Compile caches of the programs as the checkout now is, for new nodes to start from. */
const kept = join(checkout, '.cache/programs');

/** What is kept of other states of the checkout goes when it is this old, in milliseconds. */
const keptFor = 24 * 60 * 60 * 1000;

/** Where the checkout's compiled programs are, or will be once they are compiled. */
export function compiledPrograms(): { folder: string; ready: boolean } {
  const folder = join(kept, sourceStamp());
  return { folder, ready: existsSync(folder) };
}

/** Whether a node has never run, so that it is to get them. */
export function wantsCompiled(cluster: Cluster): boolean {
  return newCaches(cluster).length > 0;
}

/**
 * Compiles the programs that nodes run, into a folder that compiledPrograms gave. Without, the first start of each strips types itself, which
 * takes time, and tens of megabytes that it keeps.
 */
export async function compilePrograms(folder: string): Promise<void> {
  const fresh = `${folder}.${process.pid}`;
  await Promise.all(
    programs.map(async (it) => {
      const command: [string, ...string[]] =
        it === supervisor
          ? [process.execPath, '--disable-warning=ExperimentalWarning', supervisorProgram, '--help']
          : [join(checkout, 'bin', it), '--help'];
      await run(command, { env: { NODE_COMPILE_CACHE: join(fresh, it) } });
    }),
  );
  await run(['chmod', '-R', 'a+rX', fresh]); // Node.js writes them for their owner alone
  for (const it of readdirSync(kept).map((name) => join(kept, name))) {
    if (Date.now() - statSync(it).mtimeMs > keptFor) rmSync(it, { recursive: true, force: true });
  }
  if (existsSync(folder))
    rmSync(fresh, { recursive: true }); // another process was quicker
  else renameSync(fresh, folder);
}

/** Gives nodes that have never run the compile caches in a folder, each to the user its program runs as. */
export function placeCompiled(cluster: Cluster, from: string): void {
  for (const { program, target } of newCaches(cluster)) {
    mkdirSync(dirname(target), { recursive: true });
    mkdirSync(target, { mode: 0o700 });
    const user = userOf(program) ?? { uid: 0, gid: 0 };
    for (const folder of readdirSync(join(from, program))) {
      // Node.js keeps a folder a version and user: `v26.10.0-x64-310b2ce3-0` is root's.
      const own = join(target, folder.replace(/-\d+$/, `-${user.uid}`));
      mkdirSync(own);
      for (const it of readdirSync(join(from, program, folder)))
        linkOrCopy(join(from, program, folder, it), join(own, it));
      chownSync(own, user.uid, user.gid);
    }
    chownSync(target, user.uid, user.gid);
  }
}

/** The files themselves stay root's: a program reads them, and replaces them by its own. */
function linkOrCopy(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch (error) {
    if (!['EXDEV', 'EPERM', 'EMLINK'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    copyFileSync(source, target);
  }
}

function newCaches(cluster: Cluster): { program: string; target: string }[] {
  return cluster.nodes
    .flatMap(({ name }) =>
      programs.map((program) => ({
        program,
        target: join(nodeFolder(cluster, name), 'var/cache', compileCache(program)),
      })),
    )
    .filter((it) => !existsSync(it.target));
}

/** Changes when a source file does. */
function sourceStamp(): string {
  const hash = createHash('sha256').update(process.version);
  const packages = join(checkout, 'packages');
  for (const name of readdirSync(packages).sort()) {
    const source = join(packages, name, 'src');
    if (!existsSync(source)) continue;
    for (const entry of readdirSync(source, { recursive: true, encoding: 'utf8' }).sort()) {
      const { size, mtimeMs } = statSync(join(source, entry));
      hash.update(`${name}/${entry} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest('hex').slice(0, 16);
}
