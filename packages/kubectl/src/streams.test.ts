import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { WebSocket } from 'ws';
import { type FakeOptions, type FakePods, startFakePods } from './testing/fake-pods.ts';
import { type Outcome, type RunOptions, runKubectl } from './testing/run.ts';

const podNamed = (name: string, phase = 'Running', ...containers: string[]): object => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name, namespace: 'default' },
  spec: {
    nodeName: 'n',
    containers: (containers.length > 0 ? containers : ['main']).map((each) => ({
      name: each,
      ports: [{ name: 'http', containerPort: 8080 }],
    })),
  },
  status: { phase },
});

const send = (socket: WebSocket, channel: number, text: string): void =>
  socket.send(Buffer.concat([Buffer.from([channel]), Buffer.from(text)]));
const end = (socket: WebSocket, status: object): void => {
  send(socket, 3, JSON.stringify(status));
  socket.close(1000);
};

let server: FakePods | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function run(options: FakeOptions, words: string[], more: RunOptions = {}): Promise<Outcome> {
  server = await startFakePods(options);
  return runKubectl(['--server', server.url, ...words], more);
}

describe('exec', () => {
  it('shows both streams and ends with the exit code of the command', async () => {
    const outcome = await run(
      {
        pods: [podNamed('web', 'Running', 'main', 'side')],
        remote: (socket) => {
          send(socket, 1, 'out\n');
          send(socket, 2, 'err\n');
          end(socket, {
            status: 'Failure',
            reason: 'NonZeroExitCode',
            details: { causes: [{ reason: 'ExitCode', message: '7' }] },
          });
        },
      },
      ['exec', 'web', '-c', 'side', '--', 'sh', '-c', 'exit 7'],
    );
    expect(outcome).toEqual({ stdout: 'out\n', stderr: 'err\ncommand terminated with exit code 7\n', exitCode: 7 });
    expect(server!.asked[0]!.getAll('command')).toEqual(['sh', '-c', 'exit 7']);
    expect(Object.fromEntries(server!.asked[0]!)).toMatchObject({ container: 'side', stdout: 'true', stderr: 'true' });
  });

  it('passes stdin on and tells when it ended', async () => {
    const outcome = await run(
      {
        pods: [podNamed('web')],
        remote: (socket) => {
          let input = '';
          socket.on('message', (data: Buffer) => {
            if (data[0] === 0) input += data.subarray(1).toString();
            if (data[0] === 255) {
              send(socket, 1, input.toUpperCase());
              end(socket, { status: 'Success' });
            }
          });
        },
      },
      ['exec', '-i', 'web', '--', 'cat'],
      { input: 'hello' },
    );
    expect(outcome).toEqual({ stdout: 'HELLO', stderr: '', exitCode: 0 });
  });

  it('says which container it took, that there is no terminal, and what failed', async () => {
    const outcome = await run(
      {
        pods: [podNamed('web', 'Running', 'a', 'b')],
        remote: (socket) => end(socket, { status: 'Failure', message: 'no such command' }),
      },
      ['exec', '-it', 'web', '--', 'nope'],
    );
    expect(outcome).toEqual({
      stdout: '',
      stderr:
        'Defaulted container "a" out of: a, b\nUnable to use a TTY - input is not a terminal or the right kind of file\nerror: no such command\n',
      exitCode: 1,
    });
  });

  it.each([
    [
      ['exec', 'done', '--', 'ls'],
      'error: cannot exec into a container in a completed pod; current phase is Succeeded\n',
    ],
    [['attach', 'web', '-c', 'nope'], 'error: cannot attach to the container: container nope not found in pod web\n'],
    [['exec', 'nope', '--', 'ls'], 'Error from server (NotFound): pods "nope" not found\n'],
  ])('%j is refused', async (words, stderr) => {
    expect(await run({ pods: [podNamed('web'), podNamed('done', 'Succeeded')] }, words)).toEqual({
      stdout: '',
      stderr,
      exitCode: 1,
    });
  });
});

describe('logs', () => {
  const pods = [podNamed('one', 'Running', 'a', 'b'), podNamed('two')];
  const log = (query: URLSearchParams): string => `${query.get('container')} 1\n${query.get('container')} 2\n`;

  it('asks for what the flags say', async () => {
    const words = ['logs', 'one', '-c', 'b', '--tail=5', '--since=90s', '--timestamps', '-p', '--limit-bytes=100'];
    expect(await run({ pods, log }, words)).toEqual({ stdout: 'b 1\nb 2\n', stderr: '', exitCode: 0 });
    expect(Object.fromEntries(server!.asked[0]!)).toEqual({
      container: 'b',
      tailLines: '5',
      sinceSeconds: '90',
      timestamps: 'true',
      previous: 'true',
      limitBytes: '100',
    });
  });

  it('shows all containers of all pods that a selector names, each line with its origin', async () => {
    const { stdout } = await run({ pods, log }, ['logs', '-l', 'app=web', '--all-containers', '--prefix']);
    expect(stdout.split('\n')).toEqual([
      '[pod/one/a] a 1',
      '[pod/one/a] a 2',
      '[pod/one/b] b 1',
      '[pod/one/b] b 2',
      '[pod/two/main] main 1',
      '[pod/two/main] main 2',
      '',
    ]);
    expect(server!.asked[0]!.get('tailLines')).toBe('10');
  });

  it.each([
    [['logs', 'one', '-c', 'nope'], 'error: container nope is not valid for pod one\n'],
    [
      ['logs', 'one', 'a', '-c', 'b'],
      "error: only one of -c or an inline [CONTAINER] arg is allowed\nSee 'kubectl logs -h' for help and examples\n",
    ],
    [['logs', 'one', '--tail=-2'], 'error: --tail must be greater than or equal to -1\n'],
    [
      ['logs', '-f', '-l', 'a=b', '--all-containers', '--max-log-requests=2'],
      'error: you are attempting to follow 3 log streams, but maximum allowed concurrency is 2, use --max-log-requests to increase the limit\n',
    ],
  ])('%j is refused', async (words, stderr) => {
    expect(await run({ pods, log }, words)).toEqual({ stdout: '', stderr, exitCode: 1 });
  });
});

describe('port-forward', () => {
  it('carries bytes between a local port and the pod until it is interrupted', async () => {
    const stop = new AbortController();
    let shown = '';
    let answered: Promise<string> | undefined;
    const outcome = await run(
      { pods: [podNamed('web')], port: (bytes) => Buffer.from(bytes.toString().toUpperCase()) },
      ['port-forward', 'web', ':http', '--address=127.0.0.1'],
      {
        interrupt: stop.signal,
        onStdout: (text) => {
          shown += text;
          const port = /127\.0\.0\.1:(\d+) -> 8080\n/.exec(shown)?.[1];
          if (!port || answered) return;
          answered = new Promise((resolve) => {
            const socket = connect(Number(port), '127.0.0.1', () => socket.write('ping'));
            socket.once('data', (data) => {
              resolve(data.toString());
              stop.abort();
            });
          });
        },
      },
    );
    expect(await answered).toBe('PING');
    expect(outcome.exitCode).toBe(0);
    expect(outcome.stdout).toMatch(/^Forwarding from 127\.0\.0\.1:(\d+) -> 8080\nHandling connection for \1\n$/);
  });

  it.each([
    [['port-forward', 'web', '0:nope'], "error: Pod 'web' does not have a named port 'nope'\n"],
    [
      ['port-forward', 'web', 'x:80'],
      `error: error parsing local port 'x': strconv.ParseUint: parsing "x": invalid syntax\n`,
    ],
    [['port-forward', 'web', '80', '--address=nope'], 'error: nope is not a valid IP\n'],
    [
      ['port-forward', 'waiting', '80'],
      'error: unable to forward port because pod is not running. Current status=Pending\n',
    ],
  ])('%j is refused', async (words, stderr) => {
    const pods = [podNamed('web'), podNamed('waiting', 'Pending')];
    expect(await run({ pods }, words)).toEqual({ stdout: '', stderr, exitCode: 1 });
  });
});
