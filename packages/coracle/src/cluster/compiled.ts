import { chownSync, cpSync, existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { compileCache, userOf } from '../components/component.ts';
import { run } from '../host/run.ts';
import { type Cluster, checkout, nodeFolder } from './cluster.ts';
import { supervisor, supervisorProgram } from './node-spec.ts';

const programs = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy', supervisor];

/** Compile caches of the programs as this checkout had them first, for new nodes to start from. */
const kept = join(checkout, '.cache/programs');

/**
 * Compiles the programs a node runs, once for a checkout. Without, the first start of each strips types itself, which takes time, and tens of
 * megabytes that it keeps.
 */
export async function compilePrograms(): Promise<void> {
  const missing = programs.filter((it) => !existsSync(join(kept, it)));
  await Promise.all(
    missing.map(async (it) => {
      const fresh = join(kept, `${it}.new`);
      rmSync(fresh, { recursive: true, force: true });
      const command: [string, ...string[]] =
        it === supervisor
          ? [process.execPath, '--disable-warning=ExperimentalWarning', supervisorProgram, '--help']
          : [join(checkout, 'bin', it), '--help'];
      await run(command, { env: { NODE_COMPILE_CACHE: fresh } });
      renameSync(fresh, join(kept, it));
    }),
  );
}

/** Whether compilePrograms would do nothing. */
export function programsCompiled(): boolean {
  return programs.every((it) => existsSync(join(kept, it)));
}

/** Gives nodes that have never run the compile caches, each to the user its program runs as. */
export function placeCompiled(cluster: Cluster): void {
  for (const node of cluster.nodes) {
    for (const program of programs) {
      const target = join(nodeFolder(cluster, node.name), 'var/cache', compileCache(program));
      if (existsSync(target)) continue;
      mkdirSync(target, { recursive: true, mode: 0o700 });
      const user = userOf(program) ?? { uid: 0, gid: 0 };
      for (const folder of readdirSync(join(kept, program))) {
        // Node.js keeps a folder a version and user: `v26.10.0-x64-310b2ce3-0` is root's.
        cpSync(join(kept, program, folder), join(target, folder.replace(/-\d+$/, `-${user.uid}`)), { recursive: true });
      }
      own(target, user);
    }
  }
}

function own(path: string, user: { uid: number; gid: number }): void {
  chownSync(path, user.uid, user.gid);
  if (lstatSync(path).isDirectory()) for (const it of readdirSync(path)) own(join(path, it), user);
}
