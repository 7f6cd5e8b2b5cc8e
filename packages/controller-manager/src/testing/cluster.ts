import { pod } from '@coracle/api/core/v1/pod';
import type { AnyKind, Kind, KubeObject } from '@coracle/api/kind';
import { isConflict, isNotFound } from '@coracle/api/meta/status';
import { now } from '@coracle/api/meta/time';
import type { Deployment, DeploymentSpec, ReplicaSet, ReplicaSetSpec } from '@coracle/api/types/apps/v1';
import type { Pod, PodTemplateSpec } from '@coracle/api/types/core/v1';
import { startApiServer } from '@coracle/apiserver/testing';
import type { Client } from '@coracle/client';
import { Informers } from '@coracle/client/informer';
import type { Controller } from '../controller.ts';
import type { ControllerLog } from '../controller-log.ts';
import { startControllers } from '../manager.ts';
import { defaultSettings, type Settings } from '../settings.ts';

/** A real API server in this process with some controllers running: what controllers' tests work on. */
export interface TestCluster {
  client: Client;
  /** Calls `probe` until its value satisfies `accept`; fails with the last value after a generous time. */
  eventually<T>(probe: () => Promise<T>, accept: (value: T) => boolean): Promise<T>;
  get<T extends KubeObject>(kind: Kind<T>, name: string, namespace?: string): Promise<T>;
  list<T extends KubeObject>(kind: Kind<T>, namespace?: string, labelSelector?: string): Promise<T[]>;
  /** Whether the object is gone. */
  gone(kind: AnyKind, name: string, namespace?: string): Promise<boolean>;
  /** Changes an object, again when another change came between. */
  change<T extends KubeObject>(
    kind: Kind<T>,
    name: string,
    change: (it: T) => void,
    options?: { namespace?: string; status?: boolean },
  ): Promise<T>;
  /** Plays the kubelet: every pod that shows up, or will, becomes Running and Ready unless `ready` says otherwise. */
  runPods(ready?: (pod: Pod) => boolean): void;
  /** Plays the kubelet for one pod. */
  setReady(name: string, ready: boolean, namespace?: string): Promise<void>;
  close(): Promise<void>;
}

const limitMs = 30_000;

/** Starts it; `prepare` makes what is there before the controllers are; `plugins` are the API server's, by default none. */
export async function testCluster(
  controllers: readonly Controller[],
  settings: Partial<Settings> = {},
  prepare?: (client: Client) => Promise<void>,
  plugins: 'default' | readonly [] = [],
): Promise<TestCluster> {
  const server = await startApiServer({ plugins });
  await prepare?.(server.client);
  const stop = new AbortController();
  const { client } = server;
  const informers = new Informers(client, { signal: stop.signal, log: quiet });
  const running = await startControllers(controllers, {
    clientFor: () => client,
    informers,
    settings: { ...defaultSettings, ...settings },
    signal: stop.signal,
    log: quiet,
  });
  const cluster: TestCluster = {
    client,
    async eventually(probe, accept) {
      const end = performance.now() + limitMs;
      for (;;) {
        const value = await probe();
        if (accept(value)) return value;
        if (performance.now() > end)
          throw new Error(`not within ${limitMs} ms; last seen: ${JSON.stringify(value, null, 1)}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    get: (kind, name, namespace = 'default') => client.get(kind, name, kind.namespaced ? namespace : undefined),
    async list(kind, namespace, labelSelector) {
      return (
        await client.list(kind, { namespace: kind.namespaced ? (namespace ?? 'default') : undefined, labelSelector })
      ).items;
    },
    async gone(kind, name, namespace = 'default') {
      try {
        await client.get(kind, name, kind.namespaced ? namespace : undefined);
        return false;
      } catch (error) {
        if (isNotFound(error)) return true;
        throw error;
      }
    },
    async change(kind, name, change, options = {}) {
      for (;;) {
        const it = await cluster.get(kind, name, options.namespace);
        change(it);
        try {
          return await (options.status ? client.updateStatus(kind, it) : client.update(kind, it));
        } catch (error) {
          if (!isConflict(error)) throw error;
        }
      }
    },
    runPods(ready = () => true) {
      const play = (it: Pod): void => {
        const is = it.status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True') ?? false;
        if (it.metadata.deletionTimestamp || is === ready(it)) return;
        cluster.setReady(it.metadata.name!, ready(it), it.metadata.namespace).catch((error) => {
          if (!isNotFound(error) && !stop.signal.aborted) throw error;
        });
      };
      informers.of(pod).on({ added: play, updated: (_old, it) => play(it) });
      informers.start().catch((error) => {
        if (!stop.signal.aborted) throw error;
      });
    },
    async setReady(name, ready, namespace) {
      const set = (it: Pod): void => {
        const status = ready ? 'True' : 'False';
        const podIP = it.status?.podIP ?? address();
        const others = (it.status?.conditions ?? []).filter((each) => each.type !== 'Ready');
        it.status = {
          ...it.status,
          phase: 'Running',
          podIP,
          podIPs: [{ ip: podIP }],
          conditions: [...others, { type: 'Ready', status, lastTransitionTime: now() }],
        };
      };
      await cluster.change(pod, name, set, { namespace, status: true });
    },
    async close() {
      stop.abort(new Error('test ended'));
      await running.stopped;
      await server.close();
    },
  };
  return cluster;
}

let addresses = 0;
const address = (): string => `10.0.${Math.floor(++addresses / 250)}.${(addresses % 250) + 1}`;

const quiet: ControllerLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A template of pods labelled `app`, with one container. */
export const templateOf = (app: string, image = 'nginx:1.14.2'): PodTemplateSpec => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: 'main', image }] },
});

/** A Deployment that selects `app: name`. */
export const deploymentOf = (name: string, replicas: number, spec: Partial<DeploymentSpec> = {}): Deployment => ({
  metadata: { name, namespace: 'default' },
  spec: { replicas, selector: { matchLabels: { app: name } }, template: templateOf(name), ...spec },
});

/** A ReplicaSet that selects `app: name`. */
export const replicaSetOf = (name: string, replicas: number, spec: Partial<ReplicaSetSpec> = {}): ReplicaSet => ({
  metadata: { name, namespace: 'default' },
  spec: { replicas, selector: { matchLabels: { app: name } }, template: templateOf(name), ...spec },
});
