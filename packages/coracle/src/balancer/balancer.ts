import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type Address, formatAddress, parseAddress } from './address.ts';
import { Backend, type CheckSettings, defaultChecks } from './backend.ts';
import { dial, join } from './passage.ts';

/** How long (ms) a backend may take to accept a connection before the next one is tried. */
const connectTimeout = 2_000;

/** How long (ms) connections stay with a backend that answers that it is not ready, or that was taken out: it may be finishing its work. */
const drainTime = 20_000;

export interface BalancerOptions {
  /** Port 0 takes any free one. */
  listen: Address;
  /** `host:port` each. */
  backends: readonly string[];
  /** PEM; with it a backend must say on /readyz, over TLS, that it is ready. Without it a TCP connection is enough. */
  authority?: string;
  checks?: Partial<CheckSettings>;
  /** See `drainTime`. */
  drain?: number;
  log: BalancerLog;
  /** Ends the balancer. */
  signal: AbortSignal;
}

export interface BalancerLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

export interface BackendStatus {
  address: string;
  state: Backend['state'];
  connections: number;
}

/** A running load balancer of TCP connections. */
export interface Balancer {
  /** Where it listens. */
  readonly address: Address;
  /** Replaces the backends. Connections to those that are no longer there may go on for the drain time. Throws on what are no addresses. */
  setBackends(backends: readonly string[]): void;
  status(): BackendStatus[];
  /** Stops listening and breaks all connections. */
  close(): Promise<void>;
}

/**
 * Listens, and passes each connection on to the ready backend with the fewest. A backend that does not take the connection is skipped
 * before the client notices. Connections to a backend that hangs or died are broken as soon as another is ready, so that clients turn
 * there. When no backend is ready all are tried: what they answer tells clients more than no answer. Throws when it cannot listen.
 */
export async function startBalancer(options: BalancerOptions): Promise<Balancer> {
  const pool = new Pool(options);
  pool.set(options.backends);
  const clients = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    clients.add(client);
    client.once('close', () => clients.delete(client));
    client.on('error', () => undefined); // until it is joined to a backend; 'close' follows
    void pool.serve(client);
  });
  try {
    await listening(server, options.listen);
  } catch (error) {
    pool.close();
    throw error;
  }
  const address = { host: options.listen.host, port: (server.address() as AddressInfo).port };
  options.log.info({ address: formatAddress(address) }, 'Balancing');
  const close = async () => {
    pool.close();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const client of clients) client.destroy();
    await closed;
  };
  options.signal.addEventListener('abort', () => void close(), { once: true });
  return { address, setBackends: (backends) => pool.set(backends), status: () => pool.status(), close };
}

/** The backends, and the choice among them. */
class Pool {
  readonly #options: BalancerOptions;
  #backends: Backend[] = [];
  /** Taken out; their connections may still go on. */
  readonly #retired = new Map<Backend, NodeJS.Timeout>();
  readonly #known = new WeakMap<Backend, Backend['state']>();
  #turn = 0;

  constructor(options: BalancerOptions) {
    this.#options = options;
  }

  set(addresses: readonly string[]): void {
    const wanted = new Set(addresses.map((each) => formatAddress(parseAddress(each))));
    if (wanted.size === 0) throw new Error('a load balancer needs at least one backend');
    const gone = this.#backends.filter(({ address }) => !wanted.has(address));
    this.#backends = this.#backends.filter(({ address }) => wanted.has(address));
    for (const address of wanted) {
      if (this.#backends.some((each) => each.address === address)) continue;
      const backend = new Backend(address, {
        authority: this.#options.authority,
        checks: { ...defaultChecks, ...this.#options.checks },
        changed: (it) => this.#settle(it),
      });
      this.#backends.push(backend);
      void backend.watch();
    }
    for (const backend of gone) this.#retire(backend);
  }

  status(): BackendStatus[] {
    return this.#backends.map(({ address, state, passages }) => ({ address, state, connections: passages.size }));
  }

  /** Joins a client to a backend. */
  async serve(client: Socket): Promise<void> {
    for (const backend of this.#inOrder()) {
      let server: Socket;
      try {
        server = await dial(backend, connectTimeout);
      } catch (error) {
        backend.take({ state: 'dead', reason: (error as Error).message });
        continue;
      }
      if (client.destroyed) {
        server.destroy();
        return;
      }
      const passage = join(client, server, () => backend.passages.delete(passage));
      backend.passages.add(passage);
      return;
    }
    client.resetAndDestroy();
  }

  close(): void {
    for (const backend of this.#backends) {
      backend.stop();
      backend.cut();
    }
    for (const [backend, timer] of this.#retired) {
      clearTimeout(timer);
      backend.cut();
    }
  }

  /** The ready ones with the fewest connections first, equals by turns; the rest are for when nothing else is left. */
  #inOrder(): Backend[] {
    const start = this.#turn++ % this.#backends.length;
    const turned = [...this.#backends.slice(start), ...this.#backends.slice(0, start)];
    const rank = { ready: 0, unready: 1, dead: 2 };
    return turned.sort((a, b) => rank[a.state] - rank[b.state] || a.passages.size - b.passages.size);
  }

  /** Breaks what leads to backends that do not serve, where there is one that does. */
  #settle(changed: Backend): void {
    this.#tell(changed);
    if (!this.#backends.some(({ state }) => state === 'ready')) return;
    for (const backend of this.#backends) {
      if (backend.state === 'ready' || backend.passages.size === 0) continue;
      if (backend.state === 'unready' && backend.age < (this.#options.drain ?? drainTime)) continue;
      this.#cut(backend);
    }
  }

  #retire(backend: Backend): void {
    backend.stop();
    const timer = setTimeout(() => {
      this.#retired.delete(backend);
      this.#cut(backend);
    }, this.#options.drain ?? drainTime);
    this.#retired.set(backend, timer);
  }

  #cut(backend: Backend): void {
    const connections = backend.cut();
    if (connections === 0) return;
    this.#options.log.warn({ backend: backend.address, connections }, 'Connections to a backend are broken off');
  }

  #tell(backend: Backend): void {
    const { address, state, reason } = backend;
    if ((this.#known.get(backend) ?? 'ready') === state) return;
    this.#known.set(backend, state);
    if (state === 'ready') this.#options.log.info({ backend: address }, 'Backend is ready');
    else this.#options.log.warn({ backend: address, state, reason }, 'Backend is not ready');
  }
}

function listening(server: Server, { host, port }: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
