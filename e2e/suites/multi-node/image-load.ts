import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { plainLayer } from '@coracle/coracle/images/layer';
import { type Architecture, pauseProgram } from '@coracle/coracle/images/pause';
import { dockerArchive } from '@coracle/coracle/testing/docker-archive';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { type Cluster, launcher, run } from '../../cluster.ts';
import { podManifest } from '../../manifests.ts';

/** Images that the user brings. */
export function imageLoad(cluster: Cluster): void {
  const here = process.arch as Architecture;
  const archive = join(cluster.scratch, 'app.tar.gz');
  const name = (number: number) => `${cluster.name}-${number}`;

  describe('image load', () => {
    beforeAll(async () => {
      const layer = await plainLayer(new Map([['app', { type: 'file', mode: 0o755, content: pauseProgram(here) }]]));
      writeFileSync(archive, gzipSync(await dockerArchive(['e2e-app:1'], here, [layer])));
    });

    it('brings what docker save wrote into every node, where pods find it by its short name', async () => {
      const outcome = await cluster.coracle('image load', archive);
      expect(outcome).toMatchObject({ code: 0, stdout: 'docker.io/library/e2e-app:1\n' });
      for (const it of [1, 2, 3].map(name)) expect(outcome.stderr).toContain(`✓ ${archive} loaded into ${it} `);
      const pod = (node: string) =>
        podManifest(
          `app-${node}`,
          `
nodeSelector: {kubernetes.io/hostname: ${node}}
terminationGracePeriodSeconds: 1
containers: [{name: main, image: "e2e-app:1", command: [/app]}]`,
        );
      await cluster.apply([2, 3].map((it) => pod(name(it))).join('\n---\n'));
      await cluster.must([
        'wait',
        '--for=condition=Ready',
        `pod/app-${name(2)}`,
        `pod/app-${name(3)}`,
        '--timeout=60s',
      ]);
      await cluster.must(['delete', 'pod', `app-${name(2)}`, `app-${name(3)}`, '--now']);
    });

    it('takes standard input, and nodes by name', async () => {
      const command = `gunzip < ${archive} | ${launcher('coracle')} image load - --name ${cluster.name} --data-dir ${cluster.dataDir} --nodes ${name(3)}`;
      const outcome = await run('sh', ['-c', command]);
      expect(outcome.stdout).toBe('docker.io/library/e2e-app:1\n');
      expect(outcome.stderr.match(/standard input loaded into \S+/g)).toEqual([
        `standard input loaded into ${name(3)}`,
      ]);
    });

    it('refuses what is no image before a node is touched', async () => {
      const text = join(cluster.scratch, 'text.tar');
      writeFileSync(text, 'no archive\n'.repeat(100));
      const outcome = await cluster.coracle('image load', archive, text);
      expect(outcome).toMatchObject({
        code: 1,
        stdout: '',
        stderr: `error: ${text} is no image: it is no tar archive\n`,
      });
      expect((await cluster.coracle('image load', archive, '--nodes', name(9))).stderr).toContain(
        `has no node ${name(9)}`,
      );
    });
  });
}
