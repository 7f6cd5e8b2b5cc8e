import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApiServer, type TestServer } from '@coracle/apiserver/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { configMap, pod } from './testing/manifests.ts';
import { type Outcome, runKubectl } from './testing/run.ts';

describe('kubectl', () => {
  let server: TestServer;
  let folder: string;
  const kubectl = (words: string[], input?: string, interrupt?: AbortSignal): Promise<Outcome> =>
    runKubectl(['--server', server.url, ...words], {
      cwd: folder,
      ...(input === undefined ? {} : { input }),
      ...(interrupt ? { interrupt } : {}),
    });
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return name;
  };

  beforeAll(async () => {
    server = await startApiServer();
    folder = mkdtempSync(join(tmpdir(), 'kubectl-test-'));
  });

  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await server.close();
  });

  describe('given a v1beta3 manifest', () => {
    const old = 'apiVersion: v1beta3\nkind: ConfigMap\nmetadata:\n  name: old\ndata:\n  a: b\n';
    const refusal = (name: string): string =>
      `error: error validating "${name}": error validating data: the server could not find the requested resource; if you choose to ignore these errors, turn validation off with --validate=false\n`;

    it.each(['apply', 'create'])('%s refuses it', async (verb) => {
      const name = file('old.yaml', old);
      expect(await kubectl([verb, '-f', name])).toEqual({ stdout: '', stderr: refusal(name), exitCode: 1 });
    });

    it('creates the v1 object from the fields that v1 shares, with --validate=false', async () => {
      const name = file('old.yaml', old);
      expect(await kubectl(['create', '-f', name, '--validate=false'])).toEqual({
        stdout: 'configmap/old created\n',
        stderr: '',
        exitCode: 0,
      });
      expect((await kubectl(['get', 'cm', 'old', '-o', 'jsonpath={.apiVersion} {.data.a}'])).stdout).toBe('v1 b');
    });

    it('names the fields that v1 does not have', async () => {
      const name = file('older.yaml', old.replace('\ndata:', '\ndesiredState:').replace('name: old', 'name: older'));
      const { stdout, stderr, exitCode } = await kubectl(['create', '-f', name, '--validate=false']);
      expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 });
      expect(stderr).toContain('unknown field "desiredState"');
    });
  });

  describe('given a file with bad manifests among good ones', () => {
    it('names each and applies the others', async () => {
      const text = [
        configMap,
        'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: BAD\n',
        'apiVersion: nope/v1\nkind: Nope\nmetadata:\n  name: x\n',
        'metadata:\n  name: nokind\n',
        'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: [a\n',
        'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: last\n',
      ].join('---\n');
      const { stdout, stderr, exitCode } = await kubectl(['apply', '-f', file('mixed.yaml', text)]);
      expect(exitCode).toBe(1);
      expect(stdout).toBe('configmap/settings created\nconfigmap/last created\n');
      expect(stderr).toContain('ConfigMap "BAD" is invalid');
      expect(stderr).toContain('no matches for kind "Nope" in version "nope/v1"');
      expect(stderr).toContain('[apiVersion not set, kind not set]');
      expect(stderr).toMatch(/error parsing mixed\.yaml: error converting YAML to JSON: yaml: line \d+, column \d+: /);
    });

    it('takes the items of a List one by one', async () => {
      const items = ['p', 'q']
        .map((name) => `- apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: ${name}\n`)
        .join('');
      const list = `apiVersion: v1\nkind: List\nitems:\n${items}`;
      expect((await kubectl(['create', '-f', '-'], list)).stdout).toBe('configmap/p created\nconfigmap/q created\n');
    });
  });

  it('keeps odd but valid data', async () => {
    const text =
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"odd"},"data":{"__proto__":"x","constructor":"y"}}';
    expect((await kubectl(['apply', '-f', '-'], text)).stderr).toBe('');
    expect((await kubectl(['get', 'cm', 'odd', '-o', 'json'])).stdout).toContain('"__proto__": "x"');
  });

  it('shows the list and then each change, until it is interrupted', async () => {
    await kubectl(['create', 'ns', 'watched']);
    const stop = new AbortController();
    let shown = '';
    const watching = runKubectl(['--server', server.url, '-n', 'watched', 'get', 'cm', '-w', '-o', 'name'], {
      cwd: folder,
      interrupt: stop.signal,
      onStdout: (text) => {
        shown += text;
        if (shown.includes('configmap/second')) stop.abort();
      },
    });
    await kubectl(['-n', 'watched', 'create', 'cm', 'first']);
    await kubectl(['-n', 'watched', 'create', 'cm', 'second']);
    const { exitCode } = await watching;
    expect(exitCode).toBe(1);
    expect(shown).toBe('configmap/first\nconfigmap/second\n');
  });

  it('edits an object with the editor the user has chosen', async () => {
    await kubectl(['create', 'cm', 'edited', '--from-literal=a=b']);
    const run = (editor: string): Promise<Outcome> =>
      runKubectl(['--server', server.url, 'edit', 'cm', 'edited'], {
        cwd: folder,
        env: { PATH: process.env['PATH']!, KUBE_EDITOR: editor },
      });
    expect(await run("sed -i 's/a: b/a: c/'")).toEqual({
      stdout: 'configmap/edited edited\n',
      stderr: '',
      exitCode: 0,
    });
    expect((await kubectl(['get', 'cm', 'edited', '-o', 'jsonpath={.data.a}'])).stdout).toBe('c');
    expect((await run('true')).stderr).toBe('Edit cancelled, no changes made.\n');
  });

  it.each([
    [['apply', '-k', 'x'], '-k (--kustomize) is not supported'],
    [['apply', '--prune', '-f', 'x.yaml'], '--prune is not supported'],
    [['top', 'pods'], 'the command "top" is not supported by this kubectl'],
    [['get', 'pods', '--server-print=false'], '--server-print=false is not supported'],
  ])('refuses %j by name', async (words, message) => {
    file('x.yaml', pod);
    const { stderr, exitCode } = await kubectl(words);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(message);
  });

  it('asks as somebody else and says how long it waits', async () => {
    const { stderr, exitCode } = await kubectl(['get', 'pods', '--as-group', 'g']);
    expect({ stderr, exitCode }).toEqual({
      stderr: 'error: requesting uid, groups or user-extra without impersonating a user\n',
      exitCode: 1,
    });
  });

  it('has a help for every command', async () => {
    const { groups } = await import('./commands/index.ts');
    for (const { name } of groups.flatMap((group) => group.entries)) {
      const { stdout, stderr, exitCode } = await kubectl([name, '--help']);
      expect({ name, stderr, exitCode }).toEqual({ name, stderr: '', exitCode: 0 });
      expect(stdout).toContain(`  kubectl ${name}`);
    }
  });
});
