import { configMap as configMapKind } from '@coracle/api/core/v1/configmap';
import { secret as secretKind } from '@coracle/api/core/v1/secret';
import { service as serviceKind } from '@coracle/api/core/v1/service';
import type { Kind, KubeObject } from '@coracle/api/kind';
import { isNotFound } from '@coracle/api/meta/status';
import type { ConfigMap, Secret, Service } from '@coracle/api/types/core/v1';
import type { Client, Informer, Informers } from '@coracle/client';
import type { EnvironmentSources } from '../environment/environment.ts';

/**
 * The objects that pods of this node name, each followed by a watch of its own: a node may read no others. `changed` is told of every
 * new state of one, by its reference (see `referencesOf`).
 */
export class WatchedObjects implements EnvironmentSources {
  readonly #client: Client;
  readonly #informers: Informers;
  readonly #changed: (reference: string) => void;
  readonly #watched = new Map<string, Informer<KubeObject>>();
  readonly #services: Informer<Service>;

  constructor(client: Client, informers: Informers, changed: (reference: string) => void) {
    this.#client = client;
    this.#informers = informers;
    this.#changed = changed;
    this.#services = informers.of(serviceKind);
  }

  configMap(namespace: string, name: string): Promise<ConfigMap | undefined> {
    return this.#get(configMapKind, namespace, name);
  }

  secret(namespace: string, name: string): Promise<Secret | undefined> {
    return this.#get(secretKind, namespace, name);
  }

  /** Throws until the Services have been listed: a container started before would miss variables for good. */
  services(): readonly Service[] {
    if (!this.#services.hasSynced)
      throw new Error('services have not yet been read at least once, cannot construct envvars');
    return this.#services.lister.list();
  }

  /** Ends the watches of objects that no pod names any more. */
  retain(references: ReadonlySet<string>): void {
    for (const [reference, informer] of this.#watched) {
      if (references.has(reference)) continue;
      this.#informers.stop(informer);
      this.#watched.delete(reference);
    }
  }

  async #get<T extends KubeObject>(kind: Kind<T>, namespace: string, name: string): Promise<T | undefined> {
    const informer = this.#follow(kind, namespace, name);
    if (informer.hasSynced) return informer.lister.get(`${namespace}/${name}`);
    try {
      return await this.#client.get(kind, name, namespace);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  #follow<T extends KubeObject>(kind: Kind<T>, namespace: string, name: string): Informer<T> {
    const reference = `${kind.plural}/${namespace}/${name}`;
    const known = this.#watched.get(reference);
    if (known) return known as unknown as Informer<T>;
    const informer = this.#informers.of(kind, { namespace, fieldSelector: `metadata.name=${name}` });
    const changed = (): void => this.#changed(reference);
    informer.on({ added: changed, updated: changed, deleted: changed });
    this.#watched.set(reference, informer as unknown as Informer<KubeObject>);
    // Rejects only when the kubelet ends.
    this.#informers.start().catch(() => undefined);
    return informer;
  }
}

/** Where there is no API, no object can be read. */
export const noObjects: EnvironmentSources = {
  configMap: () => Promise.reject(new Error('there are no ConfigMaps in standalone mode')),
  secret: () => Promise.reject(new Error('there are no Secrets in standalone mode')),
  services: () => [],
};
