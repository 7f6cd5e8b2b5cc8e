import { setTimeout as delay } from 'node:timers/promises';
import { hasGoodAuthorities } from '@coracle/api/apiextensions/v1/conversion-validation';
import { customResourceDefinition } from '@coracle/api/apiextensions/v1/customresourcedefinition';
import { isConditionTrue } from '@coracle/api/apiextensions/v1/definition-conditions';
import { encodeJson } from '@coracle/api/codec/json';
import type { CustomKinds, CustomSurroundings } from '@coracle/api/custom-resource/custom-kinds';
import { isNotFound } from '@coracle/api/meta/status';
import type { CustomResourceDefinition } from '@coracle/api/types/apiextensions/v1';
import type { Follower, Registry } from '../registry/registry.ts';
import type { ServiceResolver } from '../webhooks/service-resolver.ts';
import { acceptNames, establish, type NamedDefinition } from './accepted-names.ts';
import { noteApproval } from './approval-condition.ts';
import type { ConversionMetrics } from './conversion-metrics.ts';
import { cleanupFinalizer } from './definition-hooks.ts';
import { rulesOf } from './rules.ts';

interface ExtensionsLog {
  warn(details: object, message: string): void;
}

/** What is served of a definition. */
interface Installed extends CustomKinds {
  /** What of the definition decides about them: when it changes, they are made anew. */
  readonly form: string;
}

const retryAfter = 1_000;

/**
 * Serves what CustomResourceDefinitions declare. Level-triggered, one definition at a time: names are accepted, kinds installed in the
 * registry (from then on they are kinds like all others), and the definition marked Established; a definition that changes has its kinds made
 * anew, one that is deleted has its objects deleted first.
 */
export class CustomResources implements Follower {
  readonly #registry: Registry;
  readonly #resolve: ServiceResolver;
  readonly #metrics: ConversionMetrics;
  readonly #log: ExtensionsLog;
  readonly #installed = new Map<string, Installed>();
  readonly #terminating = new Set<string>();
  /** Definitions that declare what is built in, and so are not in effect. */
  readonly #builtIn = new Set<string>();
  readonly #cleaning = new Map<string, Promise<void>>();
  readonly #waiting = new Map<string, CustomResourceDefinition | undefined>();
  /** The definitions there are, and the names they have. */
  readonly #named = new Map<string, NamedDefinition>();
  readonly #stop = new AbortController();
  #worker: Promise<void> | undefined;
  #unsubscribe = () => {};

  /** `resolve` finds the Services of conversion webhooks. */
  constructor(registry: Registry, resolve: ServiceResolver, metrics: ConversionMetrics, log: ExtensionsLog) {
    this.#metrics = metrics;
    this.#registry = registry;
    this.#resolve = resolve;
    this.#log = log;
  }

  /** Resolves when what the definitions there are declare is served. */
  async start(): Promise<void> {
    this.#unsubscribe = this.#registry.onChange(customResourceDefinition, ({ type, object }) => {
      const { metadata, spec, status } = object;
      const name = metadata.name!;
      if (type !== 'deleted') {
        this.#named.set(name, { name, group: spec.group, accepted: status?.acceptedNames });
        this.#queue(name, object);
        return;
      }
      this.#named.delete(name);
      this.#queue(name);
      // A name may have become free.
      for (const other of this.#named.values()) if (other.group === spec.group) this.#queue(other.name);
    });
    await this.#worker;
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#stop.abort();
    await this.#worker;
    await Promise.all(this.#cleaning.values());
  }

  /** `latest`: as it was last seen; it is looked up otherwise. */
  #queue(name: string, latest?: CustomResourceDefinition): void {
    if (this.#stop.signal.aborted) return;
    this.#waiting.set(name, latest);
    // Not before all is seen that there is to be seen now: who has which name decides about the names of others.
    this.#worker ??= Promise.resolve().then(() => this.#work());
  }

  async #work(): Promise<void> {
    for (const [name, latest] of this.#waiting) {
      this.#waiting.delete(name);
      if (this.#stop.signal.aborted) break;
      try {
        await this.#reconcile(name, latest);
      } catch (error) {
        if (this.#stop.signal.aborted) break;
        this.#log.warn(
          { err: error, name },
          'A custom resource definition could not be brought into effect; trying again',
        );
        this.#later(name);
      }
    }
    this.#worker = undefined;
  }

  #later(name: string): void {
    const { signal } = this.#stop;
    delay(retryAfter, undefined, { signal, ref: false }).then(
      () => this.#queue(name),
      () => undefined, // stopped
    );
  }

  async #reconcile(name: string, latest: CustomResourceDefinition | undefined): Promise<void> {
    let crd = latest ?? this.#registry.cached(customResourceDefinition, name);
    if (!crd) {
      this.#uninstall(name);
      this.#terminating.delete(name);
      this.#builtIn.delete(name);
      return;
    }
    if (crd.metadata.deletionTimestamp) this.#terminating.add(name);
    else this.#terminating.delete(name);
    crd = await this.#status(crd, (it) => [acceptNames(it, this.#named.values()), noteApproval(it)].includes(true));
    const isAccepted = isConditionTrue(crd, 'NamesAccepted');
    if (isConditionTrue(crd, 'Established') || (isAccepted && hasGoodAuthorities(crd))) await this.#install(name, crd);
    if (isAccepted) crd = await this.#status(crd, establish);
    if (crd.metadata.deletionTimestamp && crd.metadata.finalizers?.includes(cleanupFinalizer)) this.#cleanUp(name);
  }

  /** Writes the definition's status if `change` changes it; the definition may be gone meanwhile. */
  async #status(
    crd: CustomResourceDefinition,
    change: (it: CustomResourceDefinition) => boolean,
  ): Promise<CustomResourceDefinition> {
    if (!change({ ...crd, status: { ...crd.status } })) return crd;
    try {
      const update = (it: CustomResourceDefinition) => (change(it) ? it : undefined);
      const options = { subresource: 'status' };
      return await this.#registry.update(customResourceDefinition, crd.metadata.name!, undefined, update, options);
    } catch (error) {
      if (isNotFound(error)) return crd;
      throw error;
    }
  }

  async #install(name: string, crd: CustomResourceDefinition): Promise<void> {
    const { spec, status } = crd;
    const form = encodeJson([spec.group, spec.scope, spec.versions, spec.conversion, status?.acceptedNames]);
    const before = this.#installed.get(name);
    if (before?.form === form) return;
    const [{ customKinds }, { loadPatterns }] = await Promise.all([
      import('@coracle/api/custom-resource/custom-kinds'),
      import('@coracle/api/structural/patterns'),
    ]);
    await loadPatterns();
    const closed = () =>
      this.#terminating.has(name) ? 'create not allowed while custom resource definition is terminating' : undefined;
    const ask = await this.#conversion(crd);
    const kinds = customKinds(crd, { closed, ask, rules: await rulesOf(crd) });
    // Built-in kinds go first, as upstream's.
    if ([...kinds.served, kinds.storage].some((kind) => this.#registry.isTaken(kind))) {
      if (!this.#builtIn.has(name)) {
        this.#log.warn({ name }, 'A custom resource definition declares what is built in; its objects are not served');
      }
      this.#builtIn.add(name);
      return;
    }
    await this.#registry.install(kinds.served, kinds.storage, before ? [...before.served, before.storage] : []);
    this.#installed.set(name, { ...kinds, form });
  }

  /** How a webhook converts the definition's versions, where one does. */
  async #conversion(crd: CustomResourceDefinition): Promise<CustomSurroundings['ask']> {
    if (crd.spec.conversion?.strategy !== 'Webhook') {
      return () => Promise.reject(new Error('bug: a webhook is asked that the definition does not have'));
    }
    const { conversionWebhook } = await import('./conversion-webhook.ts');
    return conversionWebhook(crd, this.#resolve, this.#metrics);
  }

  #uninstall(name: string): void {
    const installed = this.#installed.get(name);
    if (!installed) return;
    this.#installed.delete(name);
    this.#registry.uninstall(installed.served, installed.storage);
  }

  #cleanUp(name: string): void {
    if (this.#cleaning.has(name)) return;
    const storage = this.#builtIn.has(name) ? 'built-in' : this.#installed.get(name)?.storage;
    const cleaning = import('./clean-up.ts')
      .then(({ cleanUp }) => cleanUp(this.#registry, name, storage, this.#stop.signal))
      .catch((error) => {
        if (this.#stop.signal.aborted) return;
        this.#log.warn(
          { err: error, name },
          'The objects of a custom resource definition could not be deleted; trying again',
        );
        this.#later(name);
      })
      .finally(() => this.#cleaning.delete(name));
    this.#cleaning.set(name, cleaning);
  }
}
