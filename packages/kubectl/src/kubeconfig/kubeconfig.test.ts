import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Flags, parseFlags } from '../cli/flags.ts';
import { globalFlags } from '../cli/global-flags.ts';
import type { Terminal } from '../cli/terminal.ts';
import { runKubectl } from '../testing/run.ts';
import { connectionOf } from './connection.ts';
import { loadMerged, locate } from './files.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubeconfig-test-'));
  mkdirSync(join(folder, 'sub'));
  writeFileSync(join(folder, 'ca.pem'), 'ca');
  writeFileSync(join(folder, 'sub', 'client.pem'), 'cert');
  writeFileSync(join(folder, 'sub', 'client.key'), 'key');
  writeFileSync(
    join(folder, 'first'),
    `apiVersion: v1
kind: Config
clusters:
- name: home
  cluster: {server: "https://home:6443", certificate-authority: ca.pem}
contexts:
- name: here
  context: {cluster: home, user: me, namespace: shop}
`,
  );
  writeFileSync(
    join(folder, 'sub', 'second'),
    `apiVersion: v1
kind: Config
current-context: here
clusters:
- name: home
  cluster: {server: "https://other:6443"}
- name: away
  cluster: {server: "https://away:6443", insecure-skip-tls-verify: true, tls-server-name: kube}
users:
- name: me
  user: {client-certificate: client.pem, client-key: client.key}
- name: robot
  user: {token: secret}
- name: plugin
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: sh
      args: ["-c", 'echo "{\\"kind\\":\\"ExecCredential\\",\\"apiVersion\\":\\"client.authentication.k8s.io/v1\\",\\"status\\":{\\"token\\":\\"$WHO\\"}}"']
      env: [{name: WHO, value: plugged}]
      interactiveMode: Never
`,
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function connection(...words: string[]) {
  const flags = new Flags(globalFlags);
  parseFlags(words, flags);
  const env = {
    KUBECONFIG: `${join(folder, 'first')}:${join(folder, 'missing')}:${join(folder, 'sub', 'second')}`,
    PATH: process.env['PATH'],
  };
  const terminal = { cwd: folder, env, stdin: {} } as unknown as Terminal;
  return connectionOf(loadMerged(locate('', terminal), ''), flags, terminal);
}

describe('the files of $KUBECONFIG', () => {
  it('are merged: the first to name something wins, and paths are meant from their own file', () => {
    expect(connection()).toMatchObject({
      server: 'https://home:6443',
      caFile: join(folder, 'ca.pem'),
      certFile: join(folder, 'sub', 'client.pem'),
      keyFile: join(folder, 'sub', 'client.key'),
    });
  });

  it('give way to flags', () => {
    expect(connection('--cluster=away', '--user=robot')).toMatchObject({
      server: 'https://away:6443',
      token: 'secret',
      insecureSkipTlsVerify: true,
      tlsServerName: 'kube',
    });
    expect(connection('--server=https://x:1/', '--token=t', '--as=bob', '--as-group=a', '--as-group=b')).toMatchObject({
      server: 'https://x:1',
      token: 't',
      impersonate: { user: 'bob', groups: ['a', 'b'] },
    });
  });

  it('may name a credential plug-in', () => {
    expect(connection('--user=plugin')).toMatchObject({ token: 'plugged' });
  });

  it.each([
    [['--context=nope'], 'context was not found for specified context: nope'],
    [['--cluster=nope'], 'no server found for cluster "nope"'],
    [['--user=nope'], 'auth info "nope" does not exist'],
    [['--client-certificate=nope.pem'], 'no such file or directory'],
  ])('%j is refused', (words, message) => {
    expect(() => connection(...words)).toThrow(message);
  });

  it('stand for localhost:8080 when there are none', async () => {
    const { stderr, exitCode } = await runKubectl(['get', 'pods', '--server=http://127.0.0.1:1']);
    expect({ stderr, exitCode }).toEqual({
      stderr: 'The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?\n',
      exitCode: 1,
    });
  });
});

describe('kubectl config', () => {
  it('writes changes to the file an entry came from, readable by its owner only', async () => {
    const files = [join(folder, 'a'), join(folder, 'b')];
    const env = { KUBECONFIG: files.join(':') };
    await runKubectl(['config', 'set-cluster', 'c', '--server=https://c', '--kubeconfig', files[1]!]);
    await runKubectl(['config', 'set-context', 'x', '--cluster=c', '--kubeconfig', files[0]!]);
    expect((await runKubectl(['config', 'set-cluster', 'c', '--server=https://changed'], { env })).stdout).toBe(
      'Cluster "c" set.\n',
    );
    await runKubectl(['config', 'use-context', 'x'], { env });
    expect(readFileSync(files[1]!, 'utf8')).toContain('server: https://changed');
    expect(readFileSync(files[0]!, 'utf8')).toContain('current-context: x');
    expect(readFileSync(files[0]!, 'utf8')).not.toContain('https://');
    expect(statSync(files[0]!).mode & 0o777).toBe(0o600);
  });
});
