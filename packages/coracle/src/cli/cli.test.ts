import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { checkout } from '../cluster/cluster.ts';
import { describe as describeState } from '../commands/status.ts';
import { Failure, lastLines } from '../failure.ts';
import { run } from '../host/run.ts';
import { differences, type HostSnapshot } from '../leak-check.ts';
import { Progress } from './progress.ts';
import { describeFailure } from './report.ts';
import { table } from './table.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coracle-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const coracle = (...args: string[]) =>
  run([join(checkout, 'bin/coracle'), ...args]).then(
    (stdout) => ({ code: 0, stdout, stderr: '' }),
    (error: { code: number; stderr: string }) => ({ code: error.code, stdout: '', stderr: error.stderr }),
  );

describe('progress', () => {
  const lines: string[] = [];
  const out = { isTTY: false, write: (text: string) => lines.push(text) } as unknown as NodeJS.WriteStream;
  beforeEach(() => {
    lines.length = 0;
  });

  it('is a plain line a step where there is no terminal', async () => {
    const progress = new Progress(out);
    expect(
      await progress.step(
        'counting',
        async () => 3,
        (it) => `counted ${it}`,
      ),
    ).toBe(3);
    await expect(progress.step('failing', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(lines.join('')).toMatch(/^ {2}✓ counted 3 \d+\.\d s\n {2}✗ failing \d+\.\d s\n$/);
    expect(progress.paint('bold', 'text')).toBe('text');
  });
});

describe('a failure', () => {
  it('shows the last lines of the log and what to do', () => {
    const log = join(folder, 'x.log');
    writeFileSync(log, Array.from({ length: 40 }, (_, index) => `line ${index}\n`).join('') + 'x'.repeat(1000));
    const text = describeFailure(new Failure('it broke', { log, next: 'Mend it.' }));
    expect(text).toMatch(new RegExp(`^error: it broke\n  log: ${log}; its last lines:\n`));
    expect(text).toContain('  | line 39\n');
    expect(text).not.toContain('  | line 20\n');
    expect(text).toContain(`  | ${'x'.repeat(300)}…\n  Mend it.\n`);
    expect(describeFailure(new Failure('it broke', { log: join(folder, 'absent') }))).toContain('(empty)');
    const before = new Failure('it broke', { log });
    rmSync(log);
    expect(describeFailure(before)).toContain(`log: ${log} (removed since); its last lines:\n`);
    expect(describeFailure(before)).toContain('  | line 39\n');
  });

  it('reads no more of a large log than its end', () => {
    const log = join(folder, 'x.log');
    writeFileSync(log, 'a long line of some length\n'.repeat(100_000) + 'last\n');
    expect(lastLines(log, 2)).toEqual(['a long line of some length', 'last']);
    writeFileSync(log, '');
    expect(lastLines(log, 2)).toEqual([]);
  });
});

it('tables have aligned columns', () => {
  expect(
    table([
      ['A', 'LONG', 'C'],
      ['aaa', 'x', ''],
    ]),
  ).toBe('A     LONG   C\naaa   x\n');
});

it('status shows nodes and their processes', () => {
  const text = describeState(
    {
      name: 'dev',
      state: 'degraded',
      server: 'https://172.30.0.2:443',
      kubeconfig: '/d/admin.kubeconfig',
      data: '/d',
      serviceCidr: '10.96.0.0/16',
      podCidr: '10.244.0.0/16',
      nodes: [
        {
          name: 'dev-1',
          address: '172.30.0.2',
          state: 'running',
          pid: 7,
          services: [
            { name: 'etcd', state: 'running', pid: 8, memory: 50 * 1024 * 1024, restarts: 0, since: 0 },
            { name: 'kubelet', state: 'failed', restarts: 2, since: 50_000, lastEnd: 'exit code 1' },
          ],
        },
      ],
    },
    60_000,
  );
  expect(text).toContain('cluster dev: degraded\n');
  expect(text).toContain('node dev-1 (172.30.0.2): running, process 7\n');
  expect(text).toMatch(/^etcd +running +8 +0 +50 MB +60s$/m);
  expect(text).toMatch(/^kubelet +failed +- +2 \(exit code 1\) +- +10s$/m);
});

describe('the leak check', () => {
  const nothing: HostSnapshot = {
    processes: [],
    mounts: [],
    cgroups: [],
    links: [],
    addresses: [],
    routes: [],
    rules: [],
    namespaces: [],
    files: [],
  };

  it('names what is left and what is gone, and of a folder only its top', () => {
    const before = { ...nothing, links: ['lo', 'eth0'], processes: ['7 gone meanwhile'] };
    const after = {
      ...nothing,
      links: ['lo', 'cor-x'],
      files: ['/a', '/a/b', '/a/b/c', '/ab'],
      processes: ['9 coracle'],
    };
    expect(differences(before, after)).toEqual([
      'processes: 9 coracle is left',
      'links: cor-x is left',
      'links: eth0 is gone',
      'files: /a is left',
      'files: /ab is left',
    ]);
    expect(differences(after, after)).toEqual([]);
  });
});

describe('coracle', () => {
  it('lists its commands, and explains each', async () => {
    const { stdout } = await coracle('--help');
    for (const verb of ['up', 'down', 'status', 'logs', 'kubeconfig', 'reset', 'image', 'system', 'dev', 'version']) {
      expect(stdout).toMatch(new RegExp(`^  ${verb} `, 'm'));
    }
    const up = (await coracle('up', '--help')).stdout;
    for (const flag of ['--name', '--data-dir', '--detach', '--no-example', '--nodes', '--pull'])
      expect(up).toContain(flag);
    expect((await coracle('version')).stdout).toMatch(/^coracle v\d+\.\d+\.\d+, Kubernetes v1\.36\.\d+, Node\.js v\d+/);
  });

  it.each([
    [['frobnicate'], 'error: unknown command "frobnicate" for "coracle"'],
    [['up', '--frobnicate'], 'error: unknown flag: --frobnicate'],
    [['up', '--nodes', '3', '--control-planes', '5'], 'error: --control-planes 5: that is more than --nodes 3'],
    [['up', '--name', 'Not/Good'], 'error: --name "Not/Good" is no name for a cluster'],
    [['logs'], 'error: usage: coracle logs COMPONENT [flags]'],
    [
      ['system', 'frobnicate'],
      'error: unknown command "frobnicate" for "coracle system"; there is install, uninstall,',
    ],
    [['system', 'update'], 'error: usage: coracle system update NAME [IMAGE] [flags]'],
    [['system', 'list', '--base', 'relative'], 'error: --base relative is not an absolute path'],
    [
      ['image', 'build', 'nonsense'],
      'error: there is no image "nonsense" to build; there is pause, nginx, nginx-1.16, busybox, etcd, kube-apiserver',
    ],
  ])('refuses %j with what is wrong', async (args, message) => {
    const { code, stderr } = await coracle(...args);
    expect(stderr).toContain(message);
    expect(code).toBe(1);
  });

  it('knows when there is no cluster, or other files in its place', async () => {
    for (const verb of ['status', 'down', 'kubeconfig']) {
      const { code, stderr } = await coracle(verb, '--name', 'none', '--data-dir', folder);
      expect(stderr).toContain('error: there is no cluster named none');
      expect(code).toBe(1);
    }
    writeFileSync(join(folder, 'precious'), 'x');
    const { stderr } = await coracle('up', '--name', 'none', '--data-dir', folder);
    expect(stderr).toContain('holds other files, and no cluster');
  });
});
