import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A registry of a test's own: Debian's docker-registry on a port of 127.0.0.1. */
export interface TestRegistry {
  /** `127.0.0.1:40123` */
  host: string;
  /** Ends it and removes what it holds. */
  close(): Promise<void>;
}

/** Starts a registry; with `tls` on https, with `htpasswd` (lines of bcrypt) for those users alone. */
export async function startRegistry(
  options: { tls?: { certificate: string; key: string }; htpasswd?: string } = {},
): Promise<TestRegistry> {
  const folder = mkdtempSync(join(tmpdir(), 'coracle-registry-'));
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const { tls, htpasswd } = options;
  const config = {
    version: '0.1',
    log: { level: 'warn' },
    storage: { filesystem: { rootdirectory: join(folder, 'data') } },
    http: {
      addr: host,
      ...(tls ? { tls: { certificate: file('tls.crt', tls.certificate), key: file('tls.key', tls.key) } } : {}),
    },
    ...(htpasswd ? { auth: { htpasswd: { realm: 'test', path: file('htpasswd', htpasswd) } } } : {}),
  };
  const child = spawn('docker-registry', ['serve', file('config.yml', JSON.stringify(config))], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: Buffer[] = [];
  for (const it of [child.stdout, child.stderr]) it.on('data', (chunk: Buffer) => output.push(chunk));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const close = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (let attempt = 0; !(await accepts(port)); attempt++) {
    if (attempt === 400 || child.exitCode !== null) {
      await close();
      throw new Error(`docker-registry does not answer on ${host}: ${Buffer.concat(output).toString('utf8')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { host, close };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}
