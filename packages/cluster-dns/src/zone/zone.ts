import type { Service } from '@coracle/api/types/core/v1';
import { rcodes, types } from '../wire/codes.ts';
import { isEncodable, type ResourceRecord } from '../wire/records.ts';
import { canonicalAddress, recordTypeOf, reverseAddress, undashed } from './address.ts';
import { type ClusterName, clusterName } from './cluster-name.ts';
import { clusterAddresses, type Directory } from './directory.ts';
import { type NameContent, serviceRecords } from './service-records.ts';

/** How pods' names (`10-244-0-7.default.pod.<domain>`) are answered: any address, only those of pods there are, or none. */
export type PodMode = 'insecure' | 'verified' | 'disabled';

export interface ZoneOptions {
  /** The cluster's domain, in lower case and without a dot at its end. */
  domain: string;
  /** How long clients may keep the answers, in seconds. */
  ttl: number;
  pods: PodMode;
}

/** What the zone says about a name and a type. */
export interface ZoneAnswer {
  rcode: typeof rcodes.NOERROR | typeof rcodes.NXDOMAIN;
  answers: ResourceRecord[];
  authorities: ResourceRecord[];
  additionals: ResourceRecord[];
  /** The name that the last answer, a CNAME, leads to: what is asked is to be looked up there. */
  alias?: string;
}

/** What a server of the cluster answers to the name by which others find out that they would forward to themselves. */
export const loopText = 'loop';

/** The version of the specification that the answers follow. */
const specification = '1.1.0';

/**
 * The cluster's names, by the Kubernetes DNS-based service discovery specification: Services, endpoints, ports and pods below the
 * cluster's domain, and their addresses in in-addr.arpa and ip6.arpa.
 */
export class Zone {
  readonly #directory: Directory;
  readonly #options: ZoneOptions;
  readonly #domain: readonly string[];
  /** Tells that the zone changed: secondary servers compare it, people read it. */
  serial = Math.floor(Date.now() / 1000);

  constructor(directory: Directory, options: ZoneOptions) {
    this.#directory = directory;
    this.#options = options;
    this.#domain = options.domain.split('.');
  }

  /** A name that only the servers of this cluster know; undefined as long as this one does not know its cluster. */
  loopName(nonce: string): string | undefined {
    const { identity } = this.#directory;
    return identity && `${nonce}.${identity}.loop.dns.${this.#options.domain}`;
  }

  /** Whether a name, as labels in lower case, lies in the cluster's domain. */
  contains(labels: readonly string[]): boolean {
    const from = labels.length - this.#domain.length;
    return from >= 0 && this.#domain.every((each, i) => labels[from + i] === each);
  }

  /**
   * The answer to a question; undefined where the name is not the cluster's. Labels are in lower case. An address that is nobody's here
   * is no name of the cluster.
   */
  answer(labels: readonly string[], type: number): ZoneAnswer | undefined {
    if (this.contains(labels)) {
      const name = clusterName(labels.slice(0, labels.length - this.#domain.length));
      return this.#answer(name && this.#at(name), type, this.#options.domain);
    }
    const address = reverseAddress(labels);
    const pointers = address === undefined ? [] : this.#pointers(address);
    if (pointers.length === 0) return undefined;
    return this.#answer({ records: pointers }, type, undefined);
  }

  #answer(content: NameContent | undefined, type: number, owner: string | undefined): ZoneAnswer {
    const empty = { answers: [], additionals: [], authorities: [this.#soa(owner)] };
    if (!content) return { rcode: rcodes.NXDOMAIN, ...empty };
    if ('alias' in content) {
      const { alias } = content;
      const answers: ResourceRecord[] = [{ type: 'CNAME', data: alias, ttl: this.#options.ttl }];
      const answer = { rcode: rcodes.NOERROR, answers, additionals: [], authorities: [] };
      return type === types.CNAME ? answer : { ...answer, alias };
    }
    const answers = content.records.filter((each) => types[each.type] === type);
    if (answers.length === 0) return { rcode: rcodes.NOERROR, ...empty };
    const additionals = type === types.SRV ? [...(content.additionals ?? [])] : [];
    return { rcode: rcodes.NOERROR, answers, authorities: [], additionals };
  }

  /** What there is at a name; undefined where the name does not exist. A name with others below it exists, if empty. */
  #at(name: ClusterName): NameContent | undefined {
    const { domain, ttl, pods } = this.#options;
    const nothing: NameContent = { records: [] };
    switch (name.asks) {
      case 'apex':
        return { records: [this.#soa(undefined), { type: 'NS', data: `ns.dns.${domain}`, ttl }] };
      case 'version':
        return { records: [{ type: 'TXT', data: specification, ttl }] };
      case 'server':
        return { records: this.#ownAddresses() };
      case 'loop':
        // Only the servers of this cluster know its identity: one that answers is one of them, and asking it further would go round.
        return name.identity === this.#directory.identity
          ? { records: [{ type: 'TXT', data: loopText, ttl: 0 }] }
          : undefined;
      case 'servers':
      case 'services':
        return nothing;
      case 'pods':
        return pods === 'disabled' ? undefined : nothing;
      case 'namespace':
        if (name.below === 'pod' && pods === 'disabled') return undefined;
        return this.#directory.hasNamespace(name.namespace) ? nothing : undefined;
      case 'pod':
        return this.#pod(name.namespace, name.label);
      default: {
        const service = this.#directory.service(name.namespace, name.service);
        return service && serviceRecords(service, name, this.#directory, { domain, ttl, isAlias });
      }
    }
  }

  #pod(namespace: string, label: string): NameContent | undefined {
    const { pods, ttl } = this.#options;
    const address = undashed(label);
    if (pods === 'disabled' || address === undefined || !this.#directory.hasNamespace(namespace)) return undefined;
    if (pods === 'verified' && !this.#directory.hasPod(namespace, address)) return undefined;
    return { records: [{ type: recordTypeOf(address), data: address, ttl }] };
  }

  #pointers(address: string): ResourceRecord[] {
    const { ttl, domain } = this.#options;
    const nameOf = ({ metadata }: Service): string => `${metadata.name}.${metadata.namespace}.svc.${domain}`;
    const services = this.#directory.servicesAt(address).map(nameOf);
    const names =
      services.length > 0
        ? services
        : this.#directory.hostnamesAt(address).map(({ service, hostname }) => `${hostname}.${nameOf(service)}`);
    return [...new Set(names)].map((data) => ({ type: 'PTR', data, ttl }));
  }

  /** Where clients reach this server: the Service that upstream's manifests and kubeadm put before it. */
  #ownAddresses(): ResourceRecord[] {
    const service = this.#directory.service('kube-system', 'kube-dns');
    const addresses = service ? clusterAddresses(service) : [];
    return addresses.map((data) => ({ type: recordTypeOf(data), data, ttl: this.#options.ttl }));
  }

  #soa(owner: string | undefined): ResourceRecord {
    const { domain, ttl } = this.#options;
    const data = {
      mname: `ns.dns.${domain}`,
      rname: `hostmaster.${domain}`,
      serial: this.serial,
      refresh: 7200,
      retry: 1800,
      expire: 86_400,
      minimum: ttl,
    };
    return { owner, type: 'SOA', data, ttl };
  }
}

/** An address is no name, and what does not fit a message cannot be told. */
const isAlias = (name: string): boolean => canonicalAddress(name) === undefined && isEncodable(name);
