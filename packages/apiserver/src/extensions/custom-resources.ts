import { hasGoodAuthorities } from '@coracle/api/apiextensions/v1/conversion-validation';
import { customResourceDefinition } from '@coracle/api/apiextensions/v1/customresourcedefinition';
import { isConditionTrue } from '@coracle/api/apiextensions/v1/definition-conditions';
import { encodeJson } from '@coracle/api/codec/json';
import type { CustomKinds, CustomSurroundings } from '@coracle/api/custom-resource/custom-kinds';
import { isNotFound } from '@coracle/api/meta/status';
import type { CustomResourceDefinition } from '@coracle/api/types/apiextensions/v1';
import { KeyedWork, type Told } from '../keyed-work.ts';
import type { Follower, Registry } from '../registry/registry.ts';
import type { ServiceResolver } from '../webhooks/service-resolver.ts';
import { acceptNames, establish, type NamedDefinition } from './accepted-names.ts';
import { noteApproval } from './approval-condition.ts';
import type { ConversionMetrics } from './conversion-metrics.ts';
import { cleanupFinalizer } from './definition-hooks.ts';
import { rulesOf } from './rules.ts';

/** What is served of a definition. */
interface Installed extends CustomKinds {
  /** What of the definition decides about them: when it changes, they are made anew. */
  readonly form: string;
  /** Aborts when other kinds take their place, which have a cache of their own. */
  readonly replaced: AbortController;
}

/**
 * Serves what CustomResourceDefinitions declare. Level-triggered, one definition at a time: names are accepted, kinds installed in the
 * registry (from then on they are kinds like all others), and the definition marked Established; a definition that changes has its kinds made
 * anew, one that is deleted has its objects deleted first.
 */
export class CustomResources implements Follower {
  readonly #registry: Registry;
  readonly #resolve: ServiceResolver;
  readonly #metrics: ConversionMetrics;
  readonly #told: Told;
  readonly #installed = new Map<string, Installed>();
  readonly #terminating = new Set<string>();
  /** Definitions that declare what is built in, and so are not in effect. */
  readonly #builtIn = new Set<string>();
  /** As they were last seen, of those that are to be looked at for that; others are looked up. */
  readonly #latest = new Map<string, CustomResourceDefinition>();
  /** The definitions there are, and the names they have. */
  readonly #named = new Map<string, NamedDefinition>();
  /** One at a time: who has which name decides about the names of others. */
  readonly #definitions: KeyedWork;
  readonly #cleaning: KeyedWork;
  #unsubscribe = () => {};

  /** `resolve` finds the Services of conversion webhooks. */
  constructor(registry: Registry, resolve: ServiceResolver, metrics: ConversionMetrics, told: Told) {
    this.#metrics = metrics;
    this.#registry = registry;
    this.#resolve = resolve;
    this.#told = told;
    this.#definitions = new KeyedWork({
      name: 'crd_naming_condition_controller',
      workers: 1,
      work: (name) => this.#reconcile(name),
      failed: 'A custom resource definition could not be brought into effect; trying again',
      told,
    });
    this.#cleaning = new KeyedWork({
      name: 'crd_finalizer',
      workers: 5,
      work: (name, signal) => this.#cleanUp(name, signal),
      failed: 'The objects of a custom resource definition could not be deleted; trying again',
      told,
    });
  }

  /** Resolves when what the definitions there are declare is served. */
  async start(): Promise<void> {
    this.#unsubscribe = this.#registry.onChange(customResourceDefinition, ({ type, object }) => {
      const { metadata, spec, status } = object;
      const name = metadata.name!;
      if (type !== 'deleted') {
        this.#named.set(name, { name, group: spec.group, accepted: status?.acceptedNames });
        this.#latest.set(name, object);
        this.#definitions.add(name);
        return;
      }
      this.#named.delete(name);
      this.#latest.delete(name);
      this.#definitions.add(name);
      // A name may have become free.
      for (const other of this.#named.values()) if (other.group === spec.group) this.#definitions.add(other.name);
    });
    // Not before all is seen that there is: who has which name decides about the names of others.
    this.#definitions.start();
    this.#cleaning.start();
    await this.#definitions.idle();
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    await Promise.all([this.#definitions.stop(), this.#cleaning.stop()]);
  }

  async #reconcile(name: string): Promise<void> {
    let crd = this.#latest.get(name) ?? this.#registry.cached(customResourceDefinition, name);
    this.#latest.delete(name);
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
    if (isToBeCleaned(crd)) this.#cleaning.add(name);
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
        this.#told.log.warn(
          { name },
          'A custom resource definition declares what is built in; its objects are not served',
        );
      }
      this.#builtIn.add(name);
      return;
    }
    await this.#registry.install(kinds.served, kinds.storage, before ? [...before.served, before.storage] : []);
    this.#installed.set(name, { ...kinds, form, replaced: new AbortController() });
    before?.replaced.abort();
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

  async #cleanUp(name: string, stopped: AbortSignal): Promise<void> {
    const crd = this.#registry.cached(customResourceDefinition, name);
    if (!crd || !isToBeCleaned(crd)) return;
    const installed = this.#installed.get(name);
    const storage = this.#builtIn.has(name) ? 'built-in' : installed?.storage;
    const replaced = installed?.replaced.signal;
    const { cleanUp } = await import('./clean-up.ts');
    try {
      await cleanUp(this.#registry, name, storage, replaced ? AbortSignal.any([stopped, replaced]) : stopped);
    } catch (error) {
      // Who put other kinds in their place has asked for this again.
      if (!replaced?.aborted) throw error;
    }
  }
}

const isToBeCleaned = ({ metadata }: CustomResourceDefinition): boolean =>
  metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(cleanupFinalizer) === true;
