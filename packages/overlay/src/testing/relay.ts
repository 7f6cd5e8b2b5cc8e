import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import type { Namespace } from '@coracle/process/testing/namespace';

/** Lets programs in a namespace reach a port of this machine's loopback device: an etcd or API server that a test started. */
export class Relay {
  readonly #server: Server;
  readonly #child: ChildProcess;

  private constructor(server: Server, child: ChildProcess) {
    this.#server = server;
    this.#child = child;
  }

  /** Listens at `address`:`port` inside; files of the file system cross namespaces, so a socket at `path` is the way out. */
  static async open(inside: Namespace, address: string, port: number, target: number, path: string): Promise<Relay> {
    const server = createServer((from) => {
      const to = connect(target, '127.0.0.1');
      // Either end may go at any time: the other learns of it by its own end.
      from.on('error', () => to.destroy()).on('close', () => to.destroy());
      to.on('error', () => from.destroy()).on('close', () => from.destroy());
      from.pipe(to).pipe(from);
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const program = `const net = require('node:net');
      net.createServer((from) => {
        const to = net.connect(${JSON.stringify(path)});
        from.on('error', () => to.destroy()).on('close', () => to.destroy());
        to.on('error', () => from.destroy()).on('close', () => from.destroy());
        from.pipe(to).pipe(from);
      }).listen(${port}, ${JSON.stringify(address)}, () => console.log('ready'))`;
    const [command, ...args] = inside.enter(process.execPath, '-e', program);
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout!, 'data');
    return new Relay(server, child);
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
