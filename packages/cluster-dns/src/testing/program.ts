import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterQuestions } from '../wire/walk.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

/** cluster-dns as a process of its own, on loopback ports. */
export interface DnsProgram {
  port: number;
  child: ChildProcess;
  /** What it logged so far. */
  log(): string;
  /** Resolves as programs do: by UDP, and TCP for what does not fit. */
  resolver: Resolver;
  /** GET of a status page: its status and text. */
  get(page: 'health' | 'ready' | 'metrics'): Promise<{ status: number; text: string }>;
  /** Sends a datagram and gives the reply; undefined after `patience` milliseconds without one. */
  send(message: Buffer, patience?: number): Promise<Buffer | undefined>;
  /** How it ended. */
  ended: Promise<number | null>;
  close(): Promise<void>;
}

/** Starts the program; settles when it listens. */
export async function startDnsProgram(flags: readonly string[]): Promise<DnsProgram> {
  const [port, health, ready, metrics] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      main,
      '--bind-address=127.0.0.1',
      `--port=${port}`,
      `--health-port=${health}`,
      `--ready-port=${ready}`,
      `--metrics-port=${metrics}`,
      ...flags,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  await eventually('the program listens', async () => {
    if (child.exitCode !== null) throw new Error(`cluster-dns ended:\n${log}`);
    return log.includes('Listening');
  });
  const resolver = new Resolver({ timeout: 8_000, tries: 2 });
  resolver.setServers([`127.0.0.1:${port}`]);
  const ports = { health, ready, metrics };
  return {
    port,
    child,
    log: () => log,
    resolver,
    ended,
    async get(page) {
      const response = await fetch(`http://127.0.0.1:${ports[page]}/${page}`);
      return { status: response.status, text: await response.text() };
    },
    send: (message, patience = 10_000) =>
      new Promise((resolve, reject) => {
        const socket = createSocket('udp4');
        const end = (reply?: Buffer): void => {
          clearTimeout(timer);
          socket.close(() => resolve(reply));
        };
        const timer = setTimeout(end, patience);
        socket.once('error', reject);
        socket.on('message', (reply) => end(reply));
        socket.send(message, port, '127.0.0.1');
      }),
    async close() {
      resolver.cancel();
      if (child.exitCode === null) child.kill('SIGKILL');
      await ended;
    },
  };
}

/** A port that the given program's clients keep while what is behind it goes and comes. */
export interface Relay {
  url: string;
  /** Leads to another port from now on; undefined refuses all connections. */
  to(port: number | undefined): void;
  close(): Promise<void>;
}

export async function relay(): Promise<Relay> {
  let target: number | undefined;
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    if (target === undefined) return socket.destroy();
    const onward = connect(target, '127.0.0.1');
    for (const each of [socket, onward]) {
      sockets.add(each);
      each.on('error', () => each.destroy());
      each.on('close', () => {
        sockets.delete(each);
        (each === socket ? onward : socket).destroy();
      });
    }
    socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const each of sockets) each.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    to(port) {
      target = port;
      cut();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}

/** Waits until a condition holds. */
export async function eventually(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  const until = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > until) throw new Error(`it never came true that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Asks over TCP: several questions on one connection, and the answers in the order they come. */
export function askTcp(port: number, questions: readonly Buffer[]): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const answers: Buffer[] = [];
    let received = Buffer.alloc(0) as Buffer;
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const end = 2 + received.readUInt16BE(0);
        afterQuestions(received.subarray(2, end));
        answers.push(received.subarray(2, end));
        received = received.subarray(end);
      }
      if (answers.length < questions.length) return;
      socket.end();
      resolve(answers);
    });
    // Byte by byte, as a slow network might bring them.
    for (const each of questions) {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(each.length);
      for (const byte of Buffer.concat([length, each])) socket.write(Buffer.from([byte]));
    }
  });
}
