import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { users } from '../components/component.ts';
import { placeOf } from './cluster.ts';
import { compilePrograms, missingPrograms, placeCompiled } from './compiled.ts';
import { planCluster } from './plan.ts';

const folder = mkdtempSync(join(tmpdir(), 'coracle-compiled-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('a new node gets the compile caches of its programs, each for the user that runs it', async () => {
  const cluster = { ...planCluster('dev', 1, [], []), ...placeOf('dev', folder) };
  const missing = missingPrograms(cluster);
  if (missing) await compilePrograms(missing);
  expect(missingPrograms(cluster)).toBeUndefined();
  placeCompiled(cluster);

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
  placeCompiled(cluster);
  expect(existsSync(join(caches, 'kubelet'))).toBe(true);
});
