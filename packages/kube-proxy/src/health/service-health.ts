import type { Server } from 'node:http';
import { createServer } from '@coracle/client/plain-http';
import { closed, listen } from './healthz-server.ts';

/** A Service whose load balancer asks each node whether it has endpoints. */
export interface CheckedService {
  namespace: string;
  name: string;
  port: number;
  localEndpoints: number;
}

interface Listening {
  service: CheckedService;
  servers: Promise<Server[]>;
}

/** Answers load balancers on the healthCheckNodePort of each Service with externalTrafficPolicy: Local. */
export class ServiceHealth {
  readonly #healthy: () => boolean;
  readonly #failed: (service: CheckedService, error: unknown) => void;
  readonly #listening = new Map<string, Listening>();

  constructor(healthy: () => boolean, failed: (service: CheckedService, error: unknown) => void) {
    this.#healthy = healthy;
    this.#failed = failed;
  }

  /** Makes exactly these Services answered for, on these addresses of the node. */
  async sync(services: readonly CheckedService[], addresses: readonly string[]): Promise<void> {
    const wanted = new Map(
      services.map((each) => [`${each.namespace}/${each.name}:${each.port}@${addresses.join()}`, each]),
    );
    for (const [key, { servers }] of this.#listening) {
      if (wanted.has(key)) continue;
      this.#listening.delete(key);
      await Promise.all((await servers).map(closed));
    }
    for (const [key, service] of wanted) {
      const known = this.#listening.get(key);
      if (known) known.service = service;
      else await this.#listen(key, service, addresses);
    }
  }

  async close(): Promise<void> {
    await this.sync([], []);
  }

  async #listen(key: string, service: CheckedService, addresses: readonly string[]): Promise<void> {
    const entry: Listening = { service, servers: Promise.resolve([]) };
    this.#listening.set(key, entry);
    const one = async (host: string): Promise<Server[]> => {
      const server = this.#server(entry);
      try {
        await listen(server, { host, port: service.port });
        return [server];
      } catch (error) {
        this.#failed(service, error);
        return [];
      }
    };
    entry.servers = Promise.all(addresses.map(one)).then((each) => each.flat());
    await entry.servers;
  }

  #server(entry: Listening): Server {
    return createServer((_request, response) => {
      const { namespace, name, localEndpoints } = entry.service;
      const serviceProxyHealthy = this.#healthy();
      response.writeHead(localEndpoints > 0 && serviceProxyHealthy ? 200 : 503, {
        'content-type': 'application/json',
        'x-content-type-options': 'nosniff',
        'x-load-balancing-endpoint-weight': String(localEndpoints),
      });
      response.end(JSON.stringify({ service: { namespace, name }, localEndpoints, serviceProxyHealthy }));
    });
  }
}
