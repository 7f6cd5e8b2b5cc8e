import { event as eventKind } from '@coracle/api/core/v1/event';
import { pod as podKind } from '@coracle/api/core/v1/pod';
import { isNotFound } from '@coracle/api/meta/status';
import type { Container, ContainerStatus, Event, Pod, PodSpec } from '@coracle/api/types/core/v1';
import type { Client } from '@coracle/client';
import { testImage } from './containerd.ts';
import { eventually } from './eventually.ts';

/** What tests do with pods in the namespace `default` of an API server. */
export interface TestPods {
  create(name: string, spec: Partial<PodSpec>, metadata?: Partial<Pod['metadata']>): Promise<Pod>;
  get(name: string): Promise<Pod | undefined>;
  /** Waits until the pod is as wished. */
  until(name: string, what: string, is: (pod: Pod) => unknown): Promise<Pod>;
  ready(name: string): Promise<Pod>;
  /** Waits for an event about a pod. */
  event(name: string, reason: string, message?: string): Promise<Event>;
  delete(name: string, gracePeriodSeconds?: number): Promise<void>;
}

/** A container that runs a shell script; it ends at once when it is told to. */
export function shell(name: string, script: string, more: Partial<Container> = {}): Container {
  return { name, image: testImage, command: ['sh', '-c', script], ...more };
}

/** A script's end: stays until it is told to stop. */
export const staying = 'trap "exit 0" TERM; sleep 100000 & wait';

export function testPods(client: Client, nodeName: string): TestPods {
  const get: TestPods['get'] = async (name) => {
    try {
      return await client.get(podKind, name, 'default');
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };
  const until: TestPods['until'] = (name, what, is) =>
    eventually(`pod ${name}: ${what}`, async () => {
      const pod = await get(name);
      if (pod && is(pod)) return pod;
      throw new Error(JSON.stringify(pod?.status, null, 1));
    });
  return {
    create: (name, spec, metadata = {}) =>
      client.create(podKind, {
        metadata: { name, namespace: 'default', ...metadata },
        spec: { nodeName, terminationGracePeriodSeconds: 1, containers: [shell('main', staying)], ...spec },
      }),
    get,
    until,
    ready: (name) =>
      until(name, 'ready', (pod) =>
        pod.status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True'),
      ),
    event: (name, reason, message) =>
      eventually(`event ${reason} about pod ${name}`, async () => {
        const { items } = await client.list(eventKind, { namespace: 'default' });
        const about = items.filter((each) => each.involvedObject.name === name);
        const found = about.find((each) => each.reason === reason && (!message || each.message?.includes(message)));
        if (!found) throw new Error(about.map((each) => `${each.reason}: ${each.message}`).join('\n'));
        return found;
      }),
    async delete(name, gracePeriodSeconds) {
      await client.delete(podKind, name, 'default', { gracePeriodSeconds });
      await eventually(`pod ${name} gone`, async () => (await get(name)) === undefined);
    },
  };
}

/** The status of a container of a pod. */
export function statusOf({ status }: Pod, name = 'main'): ContainerStatus {
  const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  const found = all.find((each) => each.name === name);
  if (!found) throw new Error(`no status of container ${name}: ${JSON.stringify(status)}`);
  return found;
}
