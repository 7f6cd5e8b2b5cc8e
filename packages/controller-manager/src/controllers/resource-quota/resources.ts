import { setTimeout as delay } from 'node:timers/promises';
import type { KubeObject } from '@coracle/api/kind';
import type { Evaluator } from '@coracle/api/quota/evaluator';
import { evaluatorOf, isUncounted } from '@coracle/api/quota/evaluators';
import type { Client } from '@coracle/client';
import type { Informer, Informers } from '@coracle/client/informer';
import type { ControllerLog } from '../../controller-log.ts';
import { discover, nameOf, type Resource, versionedNameOf } from '../../discovery.ts';

/** How long (ms) new watches may take to sync before counting goes on without them. */
const syncPatience = 10_000;

/** A resource whose objects quotas may count. */
export interface Counted {
  readonly resource: Resource;
  readonly evaluator: Evaluator;
}

/** What becomes of a counted object: it is gone (`now` undefined), or another. */
export type Changed = (counted: Counted, before: KubeObject, now: KubeObject | undefined) => void;

interface Watched {
  readonly informers: Informers;
  readonly informer: Informer<never>;
  readonly off: () => void;
}

const idOf = ({ kind }: Resource): string => versionedNameOf(kind);

/** The resources there are to be counted. Of those that quotas bound, changes are told; all others cost nothing. */
export class CountedResources {
  readonly #client: Client;
  readonly #full: Informers;
  readonly #metadata: Informers;
  readonly #log: ControllerLog;
  readonly #changed: Changed;
  readonly #watched = new Map<string, Watched>();
  #known = new Map<string, Counted>();
  #refreshing: Promise<Counted[]> | undefined;
  /** Whether all groups have answered: then what is not known is not there. */
  complete = false;

  /** `full` has the informers other controllers run, which are used again; where metadata tells all, no more than that is watched. */
  constructor(client: Client, full: Informers, metadata: Informers, log: ControllerLog, changed: Changed) {
    this.#client = client;
    this.#full = full;
    this.#metadata = metadata;
    this.#log = log;
    this.#changed = changed;
  }

  /** Asks the server what it serves; those that ask at once share the answer. Gives the resources that have come or gone. */
  refresh(): Promise<Counted[]> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<Counted[]> {
    const { resources, failed } = await discover(this.#client);
    for (const { groupVersion, error } of failed) {
      this.#log.warn(
        { groupVersion, err: error },
        'Discovery failed for a group, its objects are not counted until it answers',
      );
    }
    const usable = resources.filter(
      (resource) =>
        resource.kind.namespaced &&
        ['create', 'list', 'watch', 'delete'].every((verb) => resource.verbs.has(verb)) &&
        !isUncounted(nameOf(resource.kind)),
    );
    const before = this.#known;
    this.#known = new Map(
      usable.map((resource) => [
        idOf(resource),
        before.get(idOf(resource)) ?? { resource, evaluator: evaluatorOf(nameOf(resource.kind)) },
      ]),
    );
    this.complete = failed.length === 0;
    const come = [...this.#known].filter(([id]) => !before.has(id)).map(([, counted]) => counted);
    const gone = [...before].filter(([id]) => !this.#known.has(id));
    // A group that did not answer may still be served.
    if (!this.complete) for (const [id, counted] of gone.splice(0)) this.#known.set(id, counted);
    for (const [id] of gone) this.#unwatch(id);
    return [...come, ...gone.map(([, counted]) => counted)];
  }

  /** The resources whose objects use something under one of the names. */
  counting(names: readonly string[]): Counted[] {
    return [...this.#known.values()].filter(({ evaluator }) => names.some((name) => evaluator.bounds(name)));
  }

  /** Has changes of these resources told from now on; settles when that is so, or has had time to be. */
  async watch(all: readonly Counted[]): Promise<void> {
    const missing = all.filter(({ resource }) => !this.#watched.has(idOf(resource)));
    for (const each of missing) this.#watch(each);
    const informers = all.map(({ resource }) => this.#watched.get(idOf(resource))!.informer);
    if (missing.length === 0 && informers.every(({ hasSynced }) => hasSynced)) return;
    const synced = Promise.all([this.#metadata.start(), this.#full.start()]);
    await Promise.race([synced, delay(syncPatience, undefined, { ref: false })]);
  }

  /** All objects of a resource in a namespace, as they are in the store now. */
  async list({ resource, evaluator }: Counted, namespace: string): Promise<KubeObject[]> {
    const client = evaluator.byMetadata ? this.#client.with({ metadataOnly: true }) : this.#client;
    return (await client.list(resource.kind, { namespace })).items as KubeObject[];
  }

  #watch(counted: Counted): void {
    const { resource, evaluator } = counted;
    const informers = evaluator.byMetadata && !this.#full.has(resource.kind) ? this.#metadata : this.#full;
    const informer = informers.of(resource.kind);
    const off = informer.on({
      updated: (old, it) => {
        if (!evaluator.byMetadata) this.#changed(counted, old, it);
      },
      deleted: (it) => this.#changed(counted, it, undefined),
    });
    this.#watched.set(idOf(resource), { informers, informer: informer as unknown as Informer<never>, off });
  }

  #unwatch(id: string): void {
    const watched = this.#watched.get(id);
    if (!watched) return;
    watched.off();
    if (watched.informers === this.#metadata) watched.informers.stop(watched.informer);
    this.#watched.delete(id);
  }
}
