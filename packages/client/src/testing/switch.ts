import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A way to servers that a test can break, freeze and lead elsewhere, as a load balancer between a client and API servers. */
export class Switch {
  readonly #server: Server;
  readonly #pairs = new Set<[Socket, Socket]>();
  #target = 0;
  /** How many connections were made through it. */
  connections = 0;

  private constructor() {
    this.#server = createServer((near) => {
      this.connections++;
      const far = connect(this.#target, '127.0.0.1');
      const pair: [Socket, Socket] = [near, far];
      this.#pairs.add(pair);
      for (const [one, other] of [pair, [far, near] as const]) {
        one.pipe(other);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          other.destroy();
          this.#pairs.delete(pair);
        });
      }
    });
  }

  /** Listens on a loopback port and leads to another one. */
  static async to(port: number): Promise<Switch> {
    const made = new Switch();
    made.#target = port;
    await new Promise<void>((resolve) => made.#server.listen(0, '127.0.0.1', resolve));
    return made;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** New connections lead to this port. */
  turn(port: number): void {
    this.#target = port;
  }

  /** Breaks the connections there are. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy();
  }

  /** The connections there are stay open, and nothing goes through them any more. */
  freeze(): void {
    for (const pair of this.#pairs) {
      for (const socket of pair) {
        socket.unpipe();
        socket.pause();
      }
    }
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
    await closed;
  }
}
