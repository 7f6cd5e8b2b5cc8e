import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { issueCertificate, makeAuthority, writePem } from '@coracle/process/pki';

/** A TCP server of a test's own. */
export interface TestBackend {
  address: string;
  /** Connections that are open now. */
  connections: Set<Socket>;
  /** How many were taken so far. */
  taken(): number;
  close(): Promise<void>;
}

/** Listens on a loopback port; `serve` gets each connection. By default it says its name and then sends back what it gets. */
export async function startBackend(
  name: string,
  { serve = echo(name), port = 0 }: { serve?: (socket: Socket) => void; port?: number } = {},
): Promise<TestBackend> {
  const connections = new Set<Socket>();
  let taken = 0;
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    taken++;
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    socket.on('error', () => undefined); // the balancer breaks connections; 'close' follows
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('no port');
  return {
    address: `127.0.0.1:${address.port}`,
    connections,
    taken: () => taken,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of connections) socket.destroy();
      }),
  };
}

function echo(name: string): (socket: Socket) => void {
  return (socket) => {
    socket.write(`${name}\n`);
    socket.pipe(socket);
  };
}

/** A TLS server in a process of its own, so that it can be stopped and killed. */
export interface TestProcess {
  address: string;
  child: ChildProcess;
}

/** Processes that answer /readyz, with one authority. */
export interface ReadyServers {
  authority: string;
  start(): Promise<TestProcess>;
  close(): Promise<void>;
}

/** Prepares an authority and a certificate for servers on the loopback address. */
export async function readyServers(): Promise<ReadyServers> {
  const folder = mkdtempSync(join(tmpdir(), 'coracle-balancer-'));
  const authority = await makeAuthority({ commonName: 'test-ca', days: 1 });
  const wishes = { authority, commonName: 'server', ipAddresses: ['127.0.0.1'], usages: ['server' as const], days: 1 };
  const issued = await issueCertificate(wishes);
  await writePem(join(folder, 'tls.crt'), issued.certificate);
  await writePem(join(folder, 'tls.key'), issued.key);
  const children: ChildProcess[] = [];
  const program = fileURLToPath(new URL('./ready-server.ts', import.meta.url));
  return {
    authority: authority.certificate,
    async start() {
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      children.push(child);
      const port = await new Promise<string>((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
        child.stdout!.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
      });
      return { address: `127.0.0.1:${port}`, child };
    },
    async close() {
      for (const child of children) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        await ended;
      }
      rmSync(folder, { recursive: true });
    },
  };
}
