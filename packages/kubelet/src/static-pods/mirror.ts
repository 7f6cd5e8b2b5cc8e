import { node as nodeKind } from '@coracle/api/core/v1/node';
import { pod as podKind } from '@coracle/api/core/v1/pod';
import { mirrorAnnotation } from '@coracle/api/core/v1/static-pods';
import { clone } from '@coracle/api/meta/object';
import { isAlreadyExists, isNotFound } from '@coracle/api/meta/status';
import type { Pod } from '@coracle/api/types/core/v1';
import type { Client } from '@coracle/client';
import type { Log } from '@coracle/process';
import type { MirrorPods } from '../pods/dependencies.ts';
import { configHash } from '../pods/names.ts';

export interface MirrorOptions {
  client: Client;
  nodeName: string;
  /** The node's uid: mirrors belong to it. */
  nodeUid(): Promise<string | undefined>;
  /** The API's pod of that name on this node. */
  current(pod: Pod): Pod | undefined;
  log: Log;
}

/** Shows static pods in the API: for each a pod that says the same and has no effect. */
export class Mirrors implements MirrorPods {
  readonly #options: MirrorOptions;
  readonly #making = new Set<string>();

  constructor(options: MirrorOptions) {
    this.#options = options;
  }

  /** Makes the mirror of a static pod, or makes it anew when it shows another version. Failures are logged; the pod runs without. */
  async ensure(pod: Pod): Promise<void> {
    const { current, log } = this.#options;
    const mirror = current(pod);
    const key = `${pod.metadata.namespace}/${pod.metadata.name}`;
    if (this.#making.has(key)) return;
    this.#making.add(key);
    try {
      if (mirror) {
        const same = mirror.metadata.annotations?.[mirrorAnnotation] === hashOf(pod);
        if (same && !mirror.metadata.deletionTimestamp) return;
        log.info({ pod: key }, 'Trying to delete mirror pod: it is outdated');
        await this.delete(mirror);
      }
      await this.#create(pod);
    } catch (error) {
      log.warn({ err: error, pod: key }, 'Failed creating a mirror pod');
    } finally {
      this.#making.delete(key);
    }
  }

  /** Takes a mirror away whose static pod has changed or is gone. */
  async delete(mirror: Pod): Promise<void> {
    const { name = '', namespace, uid } = mirror.metadata;
    try {
      await this.#options.client.delete(podKind, name, namespace, { gracePeriodSeconds: 0, preconditions: { uid } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async #create(pod: Pod): Promise<void> {
    const { client, nodeName, nodeUid } = this.#options;
    const uid = await nodeUid();
    if (!uid) return;
    const mirror = clone(pod);
    mirror.metadata = {
      name: pod.metadata.name,
      namespace: pod.metadata.namespace,
      labels: mirror.metadata.labels,
      annotations: { ...mirror.metadata.annotations, [mirrorAnnotation]: hashOf(pod) },
      ownerReferences: [
        { apiVersion: nodeKind.apiVersion, kind: nodeKind.kind, name: nodeName, uid, controller: true },
      ],
    };
    mirror.apiVersion = podKind.apiVersion;
    mirror.kind = podKind.kind;
    mirror.status = undefined;
    try {
      await client.create(podKind, mirror);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }
}

const hashOf = (pod: Pod): string => pod.metadata.annotations?.[configHash] ?? '';
