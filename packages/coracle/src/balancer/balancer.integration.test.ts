import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Balancer, startBalancer } from './balancer.ts';
import { type ReadyServers, readyServers, startBackend, type TestProcess } from './testing/backends.ts';

let servers: ReadyServers;
let folder: string;
let stop: AbortController;
const children: ChildProcess[] = [];
beforeEach(async () => {
  servers = await readyServers();
  folder = mkdtempSync(join(tmpdir(), 'coracle-balancer-'));
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await servers.close();
  rmSync(folder, { recursive: true });
});

const silent = { info: () => undefined, warn: () => undefined };
const checks = { interval: 50, timeout: 3000, fall: 2, rise: 2 };

function balance(processes: TestProcess[], drain = 60_000): Promise<Balancer> {
  const listen = { host: '127.0.0.1', port: 0 };
  const backends = processes.map(({ address }) => address);
  return startBalancer({
    listen,
    backends,
    authority: servers.authority,
    checks,
    drain,
    log: silent,
    signal: stop.signal,
  });
}

/** A request that never ends: which process answers it, and when its connection breaks. */
function hold({ address }: Balancer): Promise<{ pid: number; broken: Promise<void> }> {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ ca: servers.authority });
    request({ agent, ...address, path: '/hold' }, (answer) => {
      const broken = new Promise<void>((settle) => {
        answer.once('error', () => settle());
        answer.once('close', () => settle());
      });
      answer.once('data', (chunk: Buffer) => resolve({ pid: Number(chunk.toString()), broken }));
    })
      .once('error', reject)
      .end();
  });
}

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const limit = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > limit) throw new Error(`it did not happen: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('a load balancer that asks its backends whether they are ready', () => {
  it('breaks off what leads to one that hangs, and leads to it again when it goes on', async () => {
    const [a, b] = [await servers.start(), await servers.start()];
    const balancer = await balance([a, b]);
    const held = [await hold(balancer), await hold(balancer)];
    const toA = held.find(({ pid }) => pid === a.child.pid)!;
    a.child.kill('SIGSTOP');
    await toA.broken;
    expect((await hold(balancer)).pid).toBe(b.child.pid);
    expect(balancer.status().map(({ connections }) => connections)).toEqual([0, 2]);
    a.child.kill('SIGCONT');
    await until(() => balancer.status()[0]!.state === 'ready', 'it is ready again');
    expect((await hold(balancer)).pid).toBe(a.child.pid);
  });

  it('leaves connections alone when no other backend could take them', async () => {
    const a = await servers.start();
    const balancer = await balance([a]);
    await hold(balancer);
    a.child.kill('SIGSTOP');
    await until(() => balancer.status()[0]!.state === 'dead', 'it is known to hang');
    expect(balancer.status()[0]!.connections).toBe(1);
    a.child.kill('SIGCONT');
    await until(() => balancer.status()[0]!.state === 'ready', 'it is ready again');
    expect(balancer.status()[0]!.connections).toBe(1);
  });

  it('gives one that says it is not ready no new connections, and time for those it has', async () => {
    const [a, b] = [await servers.start(), await servers.start()];
    const balancer = await balance([a, b], 500);
    const held = [await hold(balancer), await hold(balancer)];
    a.child.kill('SIGUSR2');
    await until(() => balancer.status()[0]!.state === 'unready', 'it is known not to be ready');
    expect(balancer.status()[0]!.connections).toBe(1);
    expect((await hold(balancer)).pid).toBe(b.child.pid);
    await held.find(({ pid }) => pid === a.child.pid)!.broken;
  });

  it('does not take a server of another authority for ready', async () => {
    const others = await readyServers();
    const [a, stranger] = [await servers.start(), await others.start()];
    const balancer = await balance([stranger, a]);
    await until(() => balancer.status()[0]!.state === 'dead', 'the stranger is found out');
    expect((await hold(balancer)).pid).toBe(a.child.pid);
    await others.close();
  });
});

describe('load-balancer, the program', () => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  function run(...flags: string[]): { child: ChildProcess; log: () => string; exit: Promise<number | null> } {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...flags], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    children.push(child);
    let log = '';
    child.stderr!.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
    return { child, log: () => log, exit: new Promise((resolve) => child.once('exit', resolve)) };
  }

  it('follows its file of backends, and ends with code 0', async () => {
    const [a, b] = [await startBackend('a'), await startBackend('b')];
    const file = join(folder, 'backends.json');
    const write = (text: string) => {
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    };
    write(JSON.stringify([a.address]));
    const program = run('--listen=127.0.0.1:0', `--backends-file=${file}`);
    await until(() => program.log().includes('Balancing'), 'it listens');
    await until(() => a.taken() > 0, 'it looks at the first backend');
    write('{}');
    await until(() => program.log().includes('Cannot use the file of backends'), 'it says what is wrong');
    write(JSON.stringify([b.address]));
    await until(() => b.taken() > 0, 'it looks at the second backend');
    program.child.kill('SIGTERM');
    expect(await program.exit).toBe(0);
    await a.close();
    await b.close();
  }, 180_000);

  it.each([
    [[], 'Error: one of --backends and --backends-file must be given'],
    [
      ['--backends=10.0.0.1'],
      'Error: --backends: "10.0.0.1" is no address: it must be host:port, or [address]:port for IPv6',
    ],
    [
      ['--backends=10.0.0.1:6443', '--listen=here'],
      'Error: --listen: "here" is no address: it must be host:port, or [address]:port for IPv6',
    ],
  ])('refuses %j', async (flags, message) => {
    const program = run(...flags);
    expect(await program.exit).toBe(1);
    await until(() => program.log().includes('\n'), 'it says why');
    expect(program.log().trim()).toBe(message);
  });
});
