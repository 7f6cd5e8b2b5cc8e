import { setTimeout as delay } from 'node:timers/promises';
import type { AnyKind } from '@coracle/api/kind';
import type { Client } from '@coracle/client';
import type { Informer, Informers } from '@coracle/client/informer';
import type { ControllerLog } from '../../controller-log.ts';
import { discover, nameOf, versionedNameOf } from '../../discovery.ts';
import type { OwnerGraph } from './graph.ts';

/** As upstream: new kinds are noticed within this time. */
export const discoveryPeriod = 30_000;

/** How long (ms) new watches may take to sync before collecting goes on without them. */
const syncPatience = 30_000;

const ignored = new Set(['events', 'events.events.k8s.io']);
const groupKind = (apiVersion: string, kind: string): string =>
  `${apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''}/${kind}`;

/** Watches every kind that can be listed, watched and deleted, and feeds what it sees to the graph. */
export class WatchedResources {
  readonly #client: Client;
  readonly #graph: OwnerGraph;
  readonly #full: Informers;
  readonly #metadata: Informers;
  readonly #log: ControllerLog;
  readonly #watched = new Map<string, { informers: Informers; informer: Informer<never>; off: () => void }>();
  #kinds = new Map<string, AnyKind>();

  /** `full` has the informers other controllers run, which are used again; for other kinds metadata alone is watched. */
  constructor(client: Client, graph: OwnerGraph, full: Informers, metadata: Informers, log: ControllerLog) {
    this.#client = client;
    this.#graph = graph;
    this.#full = full;
    this.#metadata = metadata;
    this.#log = log;
  }

  /** The served kind an owner reference or identity names, in whichever version the server prefers. */
  kindOf({ apiVersion, kind }: { apiVersion: string; kind: string }): AnyKind | undefined {
    return this.#kinds.get(groupKind(apiVersion, kind));
  }

  /**
   * Brings the watches in line with what the server serves; settles when the new ones have synced, or have had time to: a custom resource that cannot be
   * read (its webhook is down) must not keep others from being collected.
   */
  async refresh(): Promise<void> {
    const { resources, failed } = await discover(this.#client);
    for (const { groupVersion, error } of failed) {
      this.#log.warn(
        { groupVersion, err: error },
        'Discovery failed for a group, its objects are not collected until it answers',
      );
    }
    const wanted = resources.filter(({ kind, verbs }) => {
      const usable = ['list', 'watch', 'delete'].every((verb) => verbs.has(verb));
      return usable && !ignored.has(nameOf(kind));
    });
    this.#kinds = new Map(resources.map(({ kind }) => [groupKind(kind.apiVersion, kind.kind), kind]));
    // Another version may be the preferred one now, and the one that is watched no longer served.
    const names = new Set(wanted.map(({ kind }) => versionedNameOf(kind)));
    for (const { kind } of wanted) if (!this.#watched.has(versionedNameOf(kind))) this.#watch(kind);
    // A group that did not answer may still be served: its watches stay.
    if (failed.length === 0) for (const name of [...this.#watched.keys()]) if (!names.has(name)) this.#unwatch(name);
    const synced = Promise.all([this.#metadata.start(), this.#full.start()]);
    await Promise.race([synced, delay(syncPatience, undefined, { ref: false })]);
  }

  #watch(kind: AnyKind): void {
    const informers = this.#full.has(kind) ? this.#full : this.#metadata;
    const informer = informers.of(kind);
    const off = informer.on({
      added: (it) => this.#graph.observe(it, kind),
      updated: (old, it) => {
        if (old.metadata.uid !== it.metadata.uid) this.#graph.forget(old.metadata.uid!);
        this.#graph.observe(it, kind);
      },
      deleted: (it) => this.#graph.forget(it.metadata.uid!),
    });
    this.#watched.set(versionedNameOf(kind), { informers, informer: informer as unknown as Informer<never>, off });
  }

  #unwatch(name: string): void {
    const { informers, informer, off } = this.#watched.get(name)!;
    off();
    if (informers === this.#metadata) informers.stop(informer);
    this.#watched.delete(name);
  }
}
