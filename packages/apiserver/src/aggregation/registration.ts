import { customResourceDefinition } from '@coracle/api/apiextensions/v1/customresourcedefinition';
import { apiService, apiServiceName } from '@coracle/api/apiregistration/v1/apiservice';
import { isConditionTrue } from '@coracle/api/meta/conditions';
import { deepEqual } from '@coracle/api/meta/object';
import { isAlreadyExists, isNotFound } from '@coracle/api/meta/status';
import type { CustomResourceDefinition } from '@coracle/api/types/apiextensions/v1';
import type { APIService } from '@coracle/api/types/apiregistration/v1';
import { builtinPriority, customPriority, type Priority } from '../discovery/priorities.ts';
import { isServed } from '../discovery/resources.ts';
import { KeyedWork, type Told } from '../keyed-work.ts';
import type { Follower, Registry } from '../registry/registry.ts';

/** Marks APIServices that servers make and remove themselves: those built in are looked at once (`onstart`), others always (`true`). */
const automanaged = 'kube-aggregator.kubernetes.io/automanaged';
type Managed = 'onstart' | 'true';

/** This server's own group is not among its APIServices, as upstream's. */
const unlisted = apiService.group;

/**
 * Keeps a local APIService for each group-version that is built in and for each that CustomResourceDefinitions declare. One that lost the label is its
 * owner's, and one that is built in may be deleted until the next start.
 */
export class LocalRegistration implements Follower {
  readonly #registry: Registry;
  readonly #work: KeyedWork;
  readonly #builtIn: ReadonlyMap<string, APIService>;
  /** Of definitions, by APIService: the definitions that declare the group-version. */
  readonly #custom = new Map<string, { wanted: APIService; definitions: Set<string> }>();
  /** Made on the start of some server, and there when this one started. */
  readonly #foundAtStart = new Set<string>();
  readonly #settled = new Set<string>();
  /** Of what is built in: those that have not been seen available yet. */
  readonly #pending: Set<string>;
  readonly #unsubscribe: (() => void)[] = [];

  constructor(registry: Registry, told: Told) {
    this.#registry = registry;
    this.#builtIn = builtIn(registry);
    this.#pending = new Set([...this.#builtIn.keys()].sort());
    this.#work = new KeyedWork({
      name: 'autoregister',
      workers: 5,
      work: (name) => this.#reconcile(name),
      failed: 'An APIService could not be registered; trying again',
      told,
    });
  }

  async start(): Promise<void> {
    for (const { metadata } of this.#registry.cachedList(apiService)) {
      if (metadata.labels?.[automanaged] === 'onstart') this.#foundAtStart.add(metadata.name!);
    }
    this.#unsubscribe.push(
      // First the definitions: what they still declare must not look as if nobody did.
      this.#registry.onChange(customResourceDefinition, ({ type, object }) =>
        this.#declared(object, type === 'deleted'),
      ),
      this.#registry.onChange(apiService, ({ object: { metadata, status } }) => {
        if (isConditionTrue(status?.conditions, 'Available')) this.#pending.delete(metadata.name!);
        this.#work.add(metadata.name!);
      }),
    );
    for (const name of this.#builtIn.keys()) this.#work.add(name);
    this.#work.start();
  }

  /** The health check `autoregister-completion`: throws as long as a group-version that is built in has not had an available APIService. */
  check(): void {
    if (this.#pending.size > 0) throw new Error(`missing APIService: [${[...this.#pending].join(' ')}]`);
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await this.#work.stop();
  }

  #declared({ metadata, spec }: CustomResourceDefinition, gone: boolean): void {
    const definition = metadata.name!;
    const names = new Set<string>();
    for (const { name: version, served } of gone ? [] : spec.versions) {
      if (!served) continue;
      const wanted = local(spec.group, version, customPriority, 'true');
      const name = wanted.metadata.name!;
      names.add(name);
      const known = this.#custom.get(name) ?? { wanted, definitions: new Set<string>() };
      known.definitions.add(definition);
      this.#custom.set(name, known);
      this.#work.add(name);
    }
    for (const [name, { definitions }] of this.#custom) {
      if (names.has(name) || !definitions.delete(definition) || definitions.size > 0) continue;
      this.#custom.delete(name);
      this.#work.add(name);
    }
  }

  async #reconcile(name: string): Promise<void> {
    await this.#settle(name);
    this.#settled.add(name);
  }

  async #settle(name: string): Promise<void> {
    const wanted = this.#builtIn.get(name) ?? this.#custom.get(name)?.wanted;
    const current = this.#registry.cached(apiService, name);
    if (!current) {
      const isMadeOnce = wanted && managedOf(wanted) === 'onstart' && this.#settled.has(name);
      if (wanted && !isMadeOnce) await this.#make(wanted);
      return;
    }
    const managed = managedOf(current);
    if (managed === undefined) return;
    if (managed === 'onstart' && (!this.#foundAtStart.has(name) || this.#settled.has(name))) return;
    if (!wanted) await this.#remove(current);
    else if (!this.#settled.has(name) && !isSame(current, wanted)) await this.#correct(wanted);
  }

  async #make(wanted: APIService): Promise<void> {
    try {
      await this.#registry.create(apiService, wanted);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error; // another server was quicker
    }
  }

  async #remove({ metadata: { name, uid } }: APIService): Promise<void> {
    try {
      await this.#registry.delete(apiService, name!, undefined, uid ? { preconditions: { uid } } : {});
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async #correct({ metadata, spec }: APIService): Promise<void> {
    await this.#registry.update(apiService, metadata.name!, undefined, (it) => ({
      ...it,
      metadata: { ...it.metadata, labels: { ...it.metadata.labels, ...metadata.labels } },
      spec,
    }));
  }
}

function builtIn(registry: Registry): Map<string, APIService> {
  const wanted = new Map<string, APIService>();
  for (const kind of registry.scheme) {
    const { group, version } = kind;
    if (kind.dynamic || !isServed(kind) || group === unlisted) continue;
    wanted.set(apiServiceName(group, version), local(group, version, builtinPriority(group, version), 'onstart'));
  }
  return wanted;
}

function local(group: string, version: string, priority: Priority, managed: Managed): APIService {
  return {
    metadata: { name: apiServiceName(group, version), labels: { [automanaged]: managed } },
    spec: {
      ...(group === '' ? {} : { group }),
      version,
      groupPriorityMinimum: priority.group,
      versionPriority: priority.version,
    },
  };
}

const managedOf = ({ metadata }: APIService): Managed | undefined =>
  metadata.labels?.[automanaged] as Managed | undefined;

const isSame = (current: APIService, wanted: APIService): boolean =>
  deepEqual(current.spec, wanted.spec) && managedOf(current) === managedOf(wanted);
