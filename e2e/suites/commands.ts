import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type Cluster, eventually, launcher } from '../cluster.ts';
import { podManifest, shell } from '../manifests.ts';

/** Everyday kubectl against running pods, and what it says of bad input. */
export function commands(cluster: Cluster): void {
  describe('kubectl', () => {
    it('runs commands in containers, with input and exit codes', async () => {
      await cluster.apply(podManifest('toolbox', shell('echo up; sleep infinity')));
      await cluster.must(['wait', '--for=condition=Ready', 'pod/toolbox', '--timeout=60s']);
      expect(await cluster.must(['exec', 'toolbox', '--', 'echo', 'hello'])).toBe('hello\n');
      const input = 'x'.repeat(200_000);
      expect(await cluster.must(['exec', '-i', 'toolbox', '--', 'wc', '-c'], input)).toBe('200000\n');
      const failed = await cluster.kubectl(['exec', 'toolbox', '--', 'sh', '-c', 'echo oops >&2; exit 7']);
      expect(failed).toEqual({ code: 7, stdout: '', stderr: 'oops\ncommand terminated with exit code 7\n' });
    });

    it('follows logs until the container ends', async () => {
      await cluster.apply(podManifest('talker', shell('for i in 1 2 3 4 5; do echo line $i; sleep 0.2; done')));
      await eventually(
        'the first line',
        () => cluster.must(['logs', 'talker']),
        (log) => log.startsWith('line 1'),
      );
      expect(await cluster.must(['logs', '-f', 'talker'])).toBe('line 1\nline 2\nline 3\nline 4\nline 5\n');
      expect(await cluster.must(['logs', 'talker', '--tail=1'])).toBe('line 5\n');
    });

    it('forwards a local port to a pod', async () => {
      const child = spawn(launcher('kubectl'), ['port-forward', 'deployment/nginx-deployment', ':80'], {
        env: { ...process.env, KUBECONFIG: cluster.kubeconfig },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      try {
        const port = await new Promise<string>((resolve, reject) => {
          let printed = '';
          child.stdout.setEncoding('utf8').on('data', (chunk) => {
            printed += chunk;
            const found = /Forwarding from 127\.0\.0\.1:(\d+) -> 80/.exec(printed);
            if (found) resolve(found[1]!);
          });
          child.on('close', () => reject(new Error(`port-forward ended: ${printed}`)));
        });
        const answer = await fetch(`http://127.0.0.1:${port}/`);
        expect(await answer.text()).toContain('Welcome to nginx!');
      } finally {
        child.kill('SIGINT');
      }
    });

    it('applies what is good of a file, names what is bad, and exits 1', async () => {
      const outcome = await cluster.kubectl(
        ['apply', '-f', '-'],
        `apiVersion: v1
kind: ConfigMap
metadata: {name: good-one}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: Bad_Name}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: good-two}
`,
      );
      expect(outcome.code).toBe(1);
      expect(outcome.stdout).toBe('configmap/good-one created\nconfigmap/good-two created\n');
      expect(outcome.stderr).toContain('The ConfigMap "Bad_Name" is invalid: metadata.name: Invalid value: "Bad_Name"');
    });

    it('names line and column of a YAML syntax error', async () => {
      const file = join(cluster.scratch, 'broken.yaml');
      writeFileSync(file, 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: [\n');
      const outcome = await cluster.kubectl(['apply', '-f', file]);
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toMatch(/broken\.yaml.*line \d+.*column \d+/s);
    });

    it('rejects v1beta3, and with validation off creates what v1 shares', async () => {
      const file = join(cluster.scratch, 'old.yaml');
      writeFileSync(file, 'apiVersion: v1beta3\nkind: ConfigMap\nmetadata: {name: old}\ndata: {a: b}\n');
      const refused = await cluster.kubectl(['create', '-f', file]);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toBe(
        `error: error validating "${file}": error validating data: the server could not find the requested resource; if you choose to ignore these errors, turn validation off with --validate=false\n`,
      );
      expect(await cluster.must(['create', '-f', file, '--validate=false'])).toBe('configmap/old created\n');
      expect((await cluster.get<{ apiVersion: string }>('configmap', 'old')).apiVersion).toBe('v1');
      const missing = await cluster.kubectl(['get', '--raw', '/api/v1beta3/pods']);
      expect(missing.stderr).toContain('the server could not find the requested resource');
    });

    it('keeps odd but valid data unharmed', async () => {
      await cluster.apply(
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: odd}\ndata: {__proto__: kept, constructor: too}\n',
      );
      const raw = await cluster.must(['get', 'configmap', 'odd', '-o', 'json']);
      expect(raw).toContain('"__proto__": "kept"');
    });
  });
}
