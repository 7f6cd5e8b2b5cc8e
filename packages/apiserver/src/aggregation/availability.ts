import { apiService, localCondition } from '@coracle/api/apiregistration/v1/apiservice';
import { service } from '@coracle/api/core/v1/service';
import { endpointSlice } from '@coracle/api/discovery/v1/endpointslice';
import { findCondition, isConditionTrue, setCondition } from '@coracle/api/meta/conditions';
import { isNotFound } from '@coracle/api/meta/status';
import type { APIService, APIServiceCondition } from '@coracle/api/types/apiregistration/v1';
import { KeyedWork, type Told } from '../keyed-work.ts';
import type { Follower, Registry } from '../registry/registry.ts';
import { authorityOf } from '../streaming/ask-upgrade.ts';
import { readyAddresses, type ServiceResolver, serviceLabel, slicesOf } from '../webhooks/service-resolver.ts';
import { ask } from './ask.ts';
import type { CertificateAndKey } from './client-certificate.ts';
import type { AvailabilityMetrics } from './metrics.ts';
import { type RemoteServer, remoteServer } from './remote-server.ts';

/** How often (ms) all are looked at again: what is between here and there may break without an object that changes. */
const resync = 30_000;
/** How long (ms) one attempt may take, and how many there are at once: one that succeeds is enough. */
const timeout = 5_000;
const attempts = 5;

/** What the checks of extension servers need. */
export interface AvailabilityOptions {
  readonly resolve: ServiceResolver;
  readonly shown: () => CertificateAndKey;
  readonly metrics: AvailabilityMetrics;
  readonly told: Told;
}

type Finding = Required<Pick<APIServiceCondition, 'status' | 'reason' | 'message'>>;

const failure = (reason: string, message: string): Finding => ({ status: 'False', reason, message });

/** Keeps the condition Available of APIServices: whether the Service is there, has endpoints, and answers for the group-version. */
export class Availability implements Follower {
  readonly #registry: Registry;
  readonly #options: AvailabilityOptions;
  readonly #work: KeyedWork;
  readonly #unsubscribe: (() => void)[] = [];
  /** APIServices by the Service they name, `namespace/name`. */
  readonly #users = new Map<string, Set<string>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(registry: Registry, options: AvailabilityOptions) {
    this.#registry = registry;
    this.#options = options;
    this.#work = new KeyedWork({
      name: 'RemoteAvailabilityController',
      workers: 5,
      work: (name, signal) => this.#check(name, signal),
      failed: 'The check of an APIService failed; trying again',
      told: options.told,
    });
  }

  async start(): Promise<void> {
    const touched = (namespace = '', name = '') => {
      for (const user of this.#users.get(`${namespace}/${name}`) ?? []) this.#work.add(user);
    };
    this.#unsubscribe.push(
      this.#registry.onChange(apiService, ({ type, object }) => this.#seen(object, type === 'deleted')),
      this.#registry.onChange(service, ({ object: { metadata } }) => touched(metadata.namespace, metadata.name)),
      this.#registry.onChange(endpointSlice, ({ object: { metadata } }) =>
        touched(metadata.namespace, metadata.labels?.[serviceLabel]),
      ),
    );
    this.#timer = setInterval(() => {
      for (const name of [...this.#users.values()].flatMap((names) => [...names])) this.#work.add(name);
    }, resync).unref();
    this.#work.start();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await this.#work.stop();
  }

  #seen(object: APIService, gone: boolean): void {
    const name = object.metadata.name!;
    for (const [key, names] of this.#users) if (names.delete(name) && names.size === 0) this.#users.delete(key);
    const { service: used } = object.spec;
    if (used && !gone) {
      const key = `${used.namespace}/${used.name}`;
      this.#users.set(key, (this.#users.get(key) ?? new Set()).add(name));
    }
    this.#work.add(name);
  }

  async #check(name: string, signal: AbortSignal): Promise<void> {
    const it = this.#registry.cached(apiService, name);
    if (!it) return this.#options.metrics.forget(name);
    if (!it.spec.service) return this.#note(it, localCondition as Finding);
    const remote = remoteServer(it);
    // The core group is served here whatever its APIService says.
    if (!remote) return;
    const found = this.#look(remote) ?? (await this.#reach(remote, signal));
    signal.throwIfAborted();
    await this.#note(it, found ?? { status: 'True', reason: 'Passed', message: 'all checks passed' });
    // What no object tells of is looked at again after a while.
    if (found?.reason === 'FailedDiscoveryCheck') throw new Error(found.message);
  }

  /** What the objects of the cluster say against it; undefined: nothing. */
  #look({ service: { namespace, name, port } }: RemoteServer): Finding | undefined {
    const at = `service/${name} in ${JSON.stringify(namespace)}`;
    const found = this.#registry.cached(service, name, namespace);
    if (!found) return failure('ServiceNotFound', `${at} is not present`);
    if ((found.spec?.type ?? 'ClusterIP') !== 'ClusterIP') return undefined;
    const listening = found.spec?.ports?.find((each) => each.port === port);
    if (!listening) return failure('ServicePortError', `${at} is not listening on port ${port}`);
    const slices = slicesOf(this.#registry, namespace, name);
    if (slices.length === 0) return failure('EndpointsNotFound', `cannot find endpointslices for ${at}`);
    const portName = listening.name ?? '';
    if (slices.some((each) => readyAddresses(each, portName).length > 0)) return undefined;
    const message = `endpointslices for ${at} have no addresses with port name ${JSON.stringify(portName)}`;
    return failure('MissingEndpoints', message);
  }

  /** What it says to a request for the group-version; undefined: it answers. */
  async #reach(remote: RemoteServer, signal: AbortSignal): Promise<Finding | undefined> {
    const done = new AbortController();
    const until = AbortSignal.any([signal, done.signal]);
    try {
      await Promise.any(Array.from({ length: attempts }, () => this.#discover(remote, until)));
      return undefined;
    } catch (error) {
      const reasons = (error as AggregateError).errors as Error[];
      return failure('FailedDiscoveryCheck', reasons.at(-1)!.message);
    } finally {
      done.abort();
    }
  }

  async #discover(remote: RemoteServer, signal: AbortSignal): Promise<void> {
    const { resolve, shown } = this.#options;
    const { namespace, name, port } = remote.service;
    const address = resolve(namespace, name, port);
    const path = `/apis/${remote.group}/${remote.version}`;
    const url = `https://${authorityOf(address)}${path}`;
    const failed = (why: string) => new Error(`failing or missing response from ${url}: ${why}`);
    const { code } = await ask(remote, address, shown(), { path, timeout, signal, presence: true }).catch((error) => {
      throw failed(error.message);
    });
    if (code < 200 || code >= 300) throw failed(`bad status from ${url}: ${code}`);
  }

  async #note(it: APIService, finding: Finding): Promise<void> {
    const name = it.metadata.name!;
    const was = isConditionTrue(it.status?.conditions, 'Available');
    const is = finding.status === 'True';
    const isLocal = !it.spec.service;
    if (!isLocal) this.#options.metrics.checked(name, is);
    if (isSame(findCondition(it.status?.conditions, 'Available'), finding)) return;
    try {
      await this.#registry.update(
        apiService,
        name,
        undefined,
        (now) => {
          // A check of what it was before says nothing about it.
          if (now.metadata.uid !== it.metadata.uid || !now.spec.service !== isLocal) return undefined;
          now.status ??= {};
          now.status.conditions ??= [];
          return setCondition(now.status.conditions, { type: 'Available', ...finding }) ? now : undefined;
        },
        { subresource: 'status' },
      );
    } catch (error) {
      if (isNotFound(error)) return;
      throw error;
    }
    if (was && !is && !isLocal) this.#options.metrics.checked(name, is, finding.reason);
  }
}

const isSame = (condition: APIServiceCondition | undefined, { status, reason, message }: Finding): boolean =>
  condition?.status === status && condition.reason === reason && condition.message === message;
