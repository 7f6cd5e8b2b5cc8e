#!/usr/bin/env node
/**
 * Sets the checkout up and then runs a program of it with the pinned Node.js:
 *
 *   node scripts/bootstrap.mjs                        only set up
 *   node scripts/bootstrap.mjs bin/coracle up …       set up, then run a launcher
 *   node scripts/bootstrap.mjs scripts/test.ts …      set up, then run a TypeScript file
 *
 * Plain JavaScript for Node.js 18 and npm 9 (what Debian 12 has) and without dependencies. What is there is left alone: a second run only
 * compares stamps.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installDebianPackages, missingPackages } from './bootstrap/debian.mjs';
import { etcdReady, provideEtcd } from './bootstrap/etcd.mjs';
import { machineProblem } from './bootstrap/machine.mjs';
import { replaceBy } from './bootstrap/run.mjs';
import { SetupError, step, underLock } from './bootstrap/step.mjs';
import {
  dependenciesReady,
  installDependencies,
  installToolchain,
  nodeOf,
  toolchainReady,
} from './bootstrap/toolchain.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [target, ...rest] = process.argv.slice(2);

/** The steps of set-up, in order: what is checked, and what is done when it is missing. */
const steps = [
  {
    name: () => `Debian packages: ${missingPackages().join(' ')}`,
    ready: () => missingPackages().length === 0,
    run: () => installDebianPackages(root, missingPackages()),
  },
  { name: 'Node.js and pnpm, pinned, from npm', ready: () => toolchainReady(root), run: () => installToolchain(root) },
  { name: 'dependencies', ready: () => dependenciesReady(root), run: () => installDependencies(root) },
  { name: 'etcd 3.5 or later', ready: () => etcdReady(root), run: () => provideEtcd(root) },
];

/** What the user can put right of what the operating system says. */
const causes = {
  EACCES: (path) => `this user may not write ${path}. Run it as root, or as the owner of ${root}.`,
  EPERM: (path) => `this user may not write ${path}. Run it as root, or as the owner of ${root}.`,
  EROFS: (path) => `${path} lies on a read-only file system. Use a checkout that can be written.`,
  ENOSPC: (path) => `the disk that holds ${path} is full.`,
};

async function main() {
  if (target === '--help' || target === '-h') {
    console.log(
      'Usage: node scripts/bootstrap.mjs [PROGRAM [ARGUMENTS]]\n\n' +
        'Installs what this checkout needs (the pinned Node.js, pnpm, dependencies, Debian packages, etcd), and then runs PROGRAM,\n' +
        'a launcher of bin/ or a TypeScript file, with the pinned Node.js.',
    );
    return;
  }
  const problem = machineProblem();
  if (problem) throw new SetupError(problem);
  if (!steps.every((it) => it.ready())) {
    mkdirSync(join(root, '.cache/setup'), { recursive: true });
    await underLock(join(root, '.cache/setup/lock'), async () => {
      for (const it of steps) {
        if (!it.ready()) await step(typeof it.name === 'function' ? it.name() : it.name, it.run);
      }
    });
  }
  if (target) {
    const program = join(root, target);
    const path = existsSync(program) ? program : target;
    if (!existsSync(path)) throw new SetupError(`there is no ${target} here to run`);
    replaceBy(nodeOf(root), root, path, rest);
  }
}

process.umask(0o022); // components run as users of their own, who must be able to read their programs
main().catch((error) => {
  const message = error instanceof SetupError ? error.message : causes[error.code]?.(error.path ?? root);
  if (!message) throw error;
  console.error(`set-up: ${message}`);
  process.exitCode = 1;
});
