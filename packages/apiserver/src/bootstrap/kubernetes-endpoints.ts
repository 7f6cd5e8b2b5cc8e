import { endpoints } from '@coracle/api/core/v1/endpoints';
import { endpointSlice } from '@coracle/api/discovery/v1/endpointslice';
import { isNotFound } from '@coracle/api/meta/status';
import type { Endpoints } from '@coracle/api/types/core/v1';
import type { EndpointSlice } from '@coracle/api/types/discovery/v1';
import type { ObjectAccess } from '../registry/access.ts';
import { ensure } from './ensure.ts';
import { kubernetesName as name, kubernetesNamespace as namespace } from './kubernetes-service.ts';
import type { ServerLeases } from './server-leases.ts';

/** Where this API server is reached. */
export interface ServerAddress {
  /** What other machines reach it by (`--advertise-address`). */
  address: string;
  /** `--secure-port`. */
  port: number;
}

/**
 * Keeps the Endpoints and the EndpointSlice of the Service `kubernetes` at the set of API servers that are alive: upstream's lease
 * reconciler (`--endpoint-reconciler-type=lease`). They are never emptied: an empty list of leases is an error of storage, not the truth.
 */
export class KubernetesEndpoints {
  readonly #objects: ObjectAccess;
  readonly #leases: ServerLeases;
  readonly #own: ServerAddress;
  #withdrawn = false;
  /** Ends when what was begun so far has: a withdrawal must not be undone by a reconciliation that is under way. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(objects: ObjectAccess, leases: ServerLeases, own: ServerAddress) {
    this.#objects = objects;
    this.#leases = leases;
    this.#own = own;
  }

  /** Renews this server's lease and brings the endpoints to those that are alive. `ports`: also corrects ports that are well-formed. */
  reconcile({ ports }: { ports: boolean }): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#withdrawn) return;
      await this.#leases.renew(this.#own.address);
      await this.#follow(ports);
    });
  }

  /** Takes this server out, for good; the last one stays in the endpoints, as they are never emptied. */
  withdraw(): Promise<void> {
    this.#withdrawn = true;
    return this.#inTurn(async () => {
      await this.#leases.remove(this.#own.address);
      if ((await this.#leases.live()).length > 0) await this.#follow(false);
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined); // whoever asked for it is told
    return turn;
  }

  async #follow(ports: boolean): Promise<void> {
    await ensure(
      this.#objects,
      endpoints,
      async (current) => this.#endpoints(await this.#alive(), ports ? undefined : current),
      (it) => it.subsets,
    );
    await this.#replaceOtherFamily();
    await ensure(
      this.#objects,
      endpointSlice,
      async (current) => this.#slice(await this.#alive(), ports ? undefined : current),
      (it) => [it.endpoints, it.ports],
    );
  }

  /** Read for each write anew: what a conflicting write of another server knew may be newer than what this one read before. */
  async #alive(): Promise<string[]> {
    const alive = await this.#leases.live();
    if (alive.length > 0) return alive;
    throw new Error(
      'no API server IP addresses were listed in storage, refusing to erase all endpoints for the kubernetes Service',
    );
  }

  /** An EndpointSlice cannot change its address type. */
  async #replaceOtherFamily(): Promise<void> {
    const current = this.#objects.cached(endpointSlice, name, namespace);
    if (!current || current.addressType === familyOf(this.#own.address)) return;
    try {
      await this.#objects.delete(endpointSlice, name, namespace);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  #endpoints(addresses: readonly string[], keep: Endpoints | undefined): Endpoints {
    const [subset, ...more] = keep?.subsets ?? [];
    const kept = more.length === 0 && subset?.ports?.length === 1 ? subset.ports : undefined;
    return {
      metadata: { name, namespace, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
      subsets: [{ addresses: addresses.map((ip) => ({ ip })), ports: kept ?? [this.#port()] }],
    };
  }

  #slice(addresses: readonly string[], keep: EndpointSlice | undefined): EndpointSlice {
    return {
      metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
      addressType: familyOf(this.#own.address),
      endpoints: addresses
        .filter((each) => familyOf(each) === familyOf(this.#own.address))
        .map((each) => ({ addresses: [each], conditions: { ready: true } })),
      ports: keep?.ports?.length === 1 ? keep.ports : [this.#port()],
    };
  }

  #port() {
    return { name: 'https', port: this.#own.port, protocol: 'TCP' };
  }
}

function familyOf(address: string): 'IPv4' | 'IPv6' {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}

/** A loopback address leads nowhere from a pod: a server that has no other is in no endpoints. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}
