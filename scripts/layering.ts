/**
 * Dependencies point one way: api <- client <- process <- a component <- coracle. A package can import only what its package.json
 * names (pnpm and the linter see to that), so it is enough to check what each package.json names. Tests may start an API server.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './steps.ts';

const allowed: Record<string, readonly string[]> = {
  api: [],
  cel: ['api'],
  client: ['api'],
  etcd: [],
  process: ['api', 'client'],
  apiserver: ['api', 'cel', 'client', 'process', 'etcd'],
  scheduler: ['api', 'client', 'process'],
  'controller-manager': ['api', 'client', 'process'],
  kubelet: ['api', 'client', 'process'],
  'kube-proxy': ['api', 'client', 'process'],
  overlay: ['api', 'client', 'process', 'etcd'],
  'cluster-dns': ['api', 'client', 'process'],
  kubectl: ['api', 'client', 'process'],
  // `coracle dev` runs these two in its own process.
  coracle: ['api', 'client', 'process', 'apiserver', 'controller-manager'],
};
const allowedInTests = ['apiserver'];

const problems: string[] = [];
for (const name of readdirSync(join(root, 'packages'))) {
  const rule = allowed[name];
  if (!rule) {
    problems.push(`packages/${name} has no place in scripts/layering.ts`);
    continue;
  }
  const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
    devDependencies?: Record<string, string>;
  };
  problems.push(...outside(name, manifest.dependencies, rule));
  problems.push(...outside(name, manifest.devDependencies, [...rule, ...allowedInTests]));
}
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);

function outside(name: string, dependencies: Record<string, string> | undefined, rule: readonly string[]): string[] {
  return Object.keys(dependencies ?? {})
    .filter((each) => each.startsWith('@coracle/') && !rule.includes(each.slice('@coracle/'.length)))
    .map((each) => `packages/${name} may not depend on ${each}: see docs/architecture.md, "The map"`);
}
