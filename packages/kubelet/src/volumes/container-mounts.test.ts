import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Container, Pod, Volume } from '@coracle/api/types/core/v1';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { containerMounts } from './container-mounts.ts';

let podFolder: string;
beforeEach(() => {
  podFolder = mkdtempSync(join(tmpdir(), 'container-mounts-'));
});
afterEach(() => rmSync(podFolder, { recursive: true }));

/** Whether a volume that a container asks for without `readOnly` is mounted read-only nevertheless. */
async function isReadOnly(volume: Volume): Promise<boolean | undefined> {
  const path = join(podFolder, 'volume');
  mkdirSync(path);
  const container: Container = { name: 'main', volumeMounts: [{ name: 'v', mountPath: '/v' }] };
  const pod: Pod = { metadata: { name: 'web' }, spec: { containers: [container], volumes: [volume] } };
  const facts = { podFolder, volumes: new Map([['v', path]]), environment: new Map(), hosts: '', attempt: 0 };
  const mounts = await containerMounts(pod, container, facts);
  return mounts.find((each) => each.containerPath === '/v')?.readonly;
}

describe('the mount of a volume', () => {
  it.each<[string, Volume]>([
    ['configMap', { name: 'v', configMap: { name: 'c' } }],
    ['secret', { name: 'v', secret: { secretName: 's' } }],
    ['downwardAPI', { name: 'v', downwardAPI: {} }],
    ['projected', { name: 'v', projected: { sources: [] } }],
  ])('is read-only where its content comes from the API: %s', async (_, volume) => {
    expect(await isReadOnly(volume)).toBe(true);
  });

  it('can be written to otherwise', async () => {
    expect(await isReadOnly({ name: 'v', emptyDir: {} })).toBe(false);
  });
});
