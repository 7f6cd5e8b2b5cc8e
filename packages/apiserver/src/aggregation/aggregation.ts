import { apiService } from '@coracle/api/apiregistration/v1/apiservice';
import type { APIService } from '@coracle/api/types/apiregistration/v1';
import type { Registry as MetricsRegistry } from 'prom-client';
import type { RequestContext } from '../chain/link.ts';
import { apiVersionOf, type Registration, type Registrations } from '../discovery/groups.ts';
import type { Told } from '../keyed-work.ts';
import type { Prepared } from '../openapi/service.ts';
import type { Follower, Registry } from '../registry/registry.ts';
import type { ServiceResolver } from '../webhooks/service-resolver.ts';
import { Availability } from './availability.ts';
import type { ProxyClientCertificate } from './client-certificate.ts';
import { availabilityMetrics } from './metrics.ts';
import { passOn } from './proxy-request.ts';
import { RemoteDocuments, type RemoteV2 } from './remote-documents.ts';
import { type RemoteServer, remoteServer } from './remote-server.ts';

/** What aggregation needs of the server. */
export interface AggregationOptions {
  readonly resolve: ServiceResolver;
  readonly certificate: ProxyClientCertificate;
  /** What --aggregator-reject-forwarding-redirect says. */
  readonly refuseRedirects: boolean;
  readonly metrics: MetricsRegistry;
  readonly told: Told;
}

/**
 * Lets extension servers serve parts of the API (https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/apiserver-aggregation): APIServices
 * say which group-version is whose; requests are passed on, and what the servers say of themselves is shown with what this one serves.
 */
export class Aggregation implements Follower {
  readonly #registry: Registry;
  readonly #options: AggregationOptions;
  readonly #availability: Availability;
  readonly #documents: RemoteDocuments;
  /** By group-version; those alone that other servers serve. */
  readonly #remotes = new Map<string, RemoteServer>();
  readonly #registrations = new Map<string, Registration>();
  #unsubscribe = () => {};

  constructor(registry: Registry, options: AggregationOptions) {
    const { resolve, certificate, told } = options;
    const shown = () => certificate.now;
    this.#registry = registry;
    this.#options = options;
    this.#availability = new Availability(registry, {
      resolve,
      shown,
      told,
      metrics: availabilityMetrics(options.metrics),
    });
    this.#documents = new RemoteDocuments({
      resolve,
      shown,
      told,
      remote: (name) => [...this.#remotes.values()].find((each) => each.name === name),
    });
  }

  async start(): Promise<void> {
    this.#unsubscribe = this.#registry.onChange(apiService, ({ type, object }) =>
      this.#seen(object, type === 'deleted'),
    );
    this.#documents.start(() => [...this.#remotes.values()].map(({ name }) => name));
    await this.#availability.start();
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#options.certificate.close();
    await Promise.all([this.#availability.stop(), this.#documents.stop()]);
  }

  #seen(object: APIService, gone: boolean): void {
    const { group = '', version = '', groupPriorityMinimum, versionPriority } = object.spec;
    const apiVersion = apiVersionOf(group, version);
    const remote = gone ? undefined : remoteServer(object);
    const before = this.#remotes.get(apiVersion);
    if (remote) this.#remotes.set(apiVersion, remote);
    else this.#remotes.delete(apiVersion);
    if (gone) this.#registrations.delete(apiVersion);
    else {
      this.#registrations.set(apiVersion, {
        apiVersion,
        group: groupPriorityMinimum,
        version: versionPriority,
        remote: remote && (() => this.#documents.discovery(remote)),
      });
    }
    if (remote || before) this.#documents.changed(object.metadata.name!);
  }

  /** Whose the path is, where it is not this server's: `/apis/GROUP/VERSION` of a group-version that another one serves, and all below it. */
  remoteOf(path: string): RemoteServer | undefined {
    if (this.#remotes.size === 0 || !path.startsWith('/apis/')) return undefined;
    const [, , group = '', version = ''] = path.split('/', 4);
    return this.#remotes.get(apiVersionOf(decoded(group), decoded(version)));
  }

  /** Lets the server that has the path answer the request. */
  passOn(context: RequestContext, remote: RemoteServer): Promise<void> {
    const { resolve, certificate, refuseRedirects, told } = this.#options;
    return passOn(context, remote, { resolve, shown: certificate.now, refuseRedirects, log: told.log });
  }

  /** What APIServices say, for discovery. */
  get registrations(): Registrations {
    return this.#registrations;
  }

  /** Where the OpenAPI v3 documents of other servers are, by their place in the index (`apis/example.com/v1`); undefined: there is none. */
  get openApi(): ReadonlyMap<string, string | undefined> {
    return new Map(
      [...this.#remotes.values()].map((each) => [`apis/${each.apiVersion}`, this.#documents.openApi(each)?.place]),
    );
  }

  /** The OpenAPI v3 document of a server that has none itself, made of what it says in v2; undefined: it is asked. */
  openApiOf(remote: RemoteServer): Prepared | undefined {
    return this.#documents.openApi(remote)?.made;
  }

  /** The OpenAPI v2 documents of other servers. */
  openApiV2(): Promise<readonly RemoteV2[]> {
    return this.#documents.openApiV2([...this.#remotes.values()]);
  }
}

function decoded(part: string): string {
  if (!part.includes('%')) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // an invalid escape names nothing
  }
}
