import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from './machine.mjs';
import { logged, SetupError } from './step.mjs';

/** The pinned Node.js of a checkout. */
export function nodeOf(root) {
  return join(root, 'toolchain/node_modules', `node-linux-${process.arch}`, 'bin/node');
}

/** Whether the toolchain folder holds what its lockfile says. */
export function toolchainReady(root) {
  return existsSync(nodeOf(root)) && stamp(root, 'toolchain') === toolchainHash(root);
}

/** Installs the toolchain folder (Node.js and pnpm) with the machine's npm. */
export async function installToolchain(root) {
  if (!findProgram('npm')) throw new SetupError("npm is missing. On Debian: 'apt-get install npm'.");
  const log = join(root, '.cache/setup/toolchain.log');
  // Not `npm ci`: that insists on metadata of pnpm for every platform, which a mirror of the registry need not have. Versions and
  // checksums come from the lockfile all the same.
  await logged(log, 'npm', ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: join(root, 'toolchain'),
    env: withoutNpmVariables(),
  });
  if (!existsSync(nodeOf(root))) throw new SetupError(`npm installed no Node.js for ${process.arch}; see ${log}`);
  setStamp(root, 'toolchain', toolchainHash(root));
}

/** Whether node_modules holds what pnpm-lock.yaml and the package.json files say. */
export function dependenciesReady(root) {
  return existsSync(join(root, 'node_modules/.modules.yaml')) && stamp(root, 'dependencies') === dependenciesHash(root);
}

/** Installs the workspace's dependencies, exactly as locked. */
export async function installDependencies(root) {
  const hash = dependenciesHash(root);
  const pnpm = join(root, 'toolchain/node_modules/.bin/pnpm');
  await logged(join(root, '.cache/setup/dependencies.log'), pnpm, ['install', '--frozen-lockfile'], {
    cwd: root,
    env: {
      ...withoutNpmVariables(),
      CI: 'true',
      PATH: `${join(nodeOf(root), '..')}:${join(root, 'toolchain/node_modules/.bin')}:${process.env.PATH}`,
    },
  });
  setStamp(root, 'dependencies', hash);
}

function toolchainHash(root) {
  return hashOf([join(root, 'toolchain/package-lock.json')], process.arch);
}

function dependenciesHash(root) {
  const packages = readdirSync(join(root, 'packages'))
    .sort()
    .map((it) => join('packages', it));
  const files = [
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    ...['.', 'e2e', 'bench', ...packages].map((it) => join(it, 'package.json')),
  ];
  return hashOf(files.map((it) => join(root, it)).filter(existsSync), process.arch);
}

function hashOf(files, salt) {
  const hash = createHash('sha256').update(salt);
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

function stamp(root, name) {
  const file = join(root, '.cache/setup', `${name}.stamp`);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function setStamp(root, name, hash) {
  mkdirSync(join(root, '.cache/setup'), { recursive: true });
  writeFileSync(join(root, '.cache/setup', `${name}.stamp`), hash);
}

/** The environment without what `npm start` adds to it, which would steer an npm or pnpm run from within. */
function withoutNpmVariables() {
  const { npm_config_user_agent, ...env } = process.env;
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !/^npm_(package|lifecycle|command|execpath|node_execpath|config_(local_)?prefix)/.test(name),
    ),
  );
}
