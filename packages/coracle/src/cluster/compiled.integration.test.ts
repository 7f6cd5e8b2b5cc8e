import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { users } from '../components/component.ts';
import { placeOf } from './cluster.ts';
import { compiledPrograms, compilePrograms, placeCompiled, wantsCompiled } from './compiled.ts';
import { plainWishes, planCluster } from './plan.ts';

const folder = mkdtempSync(join(tmpdir(), 'coracle-compiled-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('a new node gets the compile caches of its programs, each for the user that runs it', async () => {
  const cluster = { ...planCluster('dev', plainWishes(1, 1), [], []), ...placeOf('dev', folder) };
  expect(wantsCompiled(cluster)).toBe(true);
  const compiled = compiledPrograms();
  if (!compiled.ready) await compilePrograms(compiled.folder);
  placeCompiled(cluster, compiled.folder);
  expect(wantsCompiled(cluster)).toBe(false);

  const caches = join(folder, 'nodes/dev-1/var/cache/coracle');
  expect(statSync(caches).mode & 0o005).toBe(0o005); // or ordinary users would not reach theirs
  for (const [program, uid] of [
    ['kube-apiserver', users['kube-apiserver'].uid],
    ['kube-scheduler', users['kube-scheduler'].uid],
    ['kubelet', 0],
    ['supervisor', 0],
  ] as const) {
    const [cache] = readdirSync(join(caches, program));
    expect(cache).toMatch(new RegExp(`-${uid}$`));
    expect(statSync(join(caches, program)).uid).toBe(uid);
    const files = readdirSync(join(caches, program, cache!));
    expect(files.length).toBeGreaterThan(5);
    expect(statSync(join(caches, program, cache!, files[0]!)).mode & 0o004).toBe(0o004);
  }

  rmSync(join(caches, 'kubelet'), { recursive: true });
  placeCompiled(cluster, compiled.folder);
  expect(existsSync(join(caches, 'kubelet'))).toBe(true);
});
