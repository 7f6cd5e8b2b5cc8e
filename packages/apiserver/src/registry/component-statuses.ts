import { request } from 'node:https';
import type { ComponentCondition, ComponentStatus } from '@coracle/api/types/core/v1';
import type { Store } from '../storage/store.ts';
import type { ResourceHooks } from './strategy.ts';

/** Where the other programs of a control plane tell of their health: on this machine, at the ports they have by default. */
const components = [
  { name: 'controller-manager', port: 10_257 },
  { name: 'scheduler', port: 10_259 },
] as const;
const patienceMs = 20_000;

/** Asks the components of the control plane, side by side, whenever somebody reads their statuses. */
export const componentStatusHooks = (store: () => Store): ResourceHooks<ComponentStatus> => ({
  read: async () => {
    const found = await Promise.all([
      ...components.map(async ({ name, port }) => statusOf(name, await healthAt(port))),
      statusOf('etcd-0', await healthOfStore(store())),
    ]);
    return found.sort((a, b) => (a.metadata.name! < b.metadata.name! ? -1 : 1));
  },
});

type Health = Omit<ComponentCondition, 'type'>;

const statusOf = (name: string, health: Health): ComponentStatus => ({
  metadata: { name },
  conditions: [{ type: 'Healthy', ...health }],
});

/** What `/healthz` answers; the certificate there is made by the component for itself, and nothing is told to it. */
function healthAt(port: number): Promise<Health> {
  const url = `https://127.0.0.1:${port}/healthz`;
  return new Promise((resolve) => {
    request(url, { rejectUnauthorized: false, timeout: patienceMs }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const body = Buffer.concat(parts).toString();
        const isHealthy = response.statusCode === 200;
        resolve(
          isHealthy
            ? { status: 'True', message: body }
            : { status: 'False', message: `HTTP probe failed with statuscode: ${response.statusCode}` },
        );
      });
    })
      .on('timeout', function (this: { destroy(error: Error): void }) {
        this.destroy(new Error('context deadline exceeded'));
      })
      .on('error', (error: NodeJS.ErrnoException) => {
        const why =
          error.code === 'ECONNREFUSED' ? `dial tcp 127.0.0.1:${port}: connect: connection refused` : error.message;
        resolve({ status: 'False', message: `Get ${JSON.stringify(url)}: ${why}` });
      })
      .end();
  });
}

async function healthOfStore(store: Store): Promise<Health> {
  try {
    await store.revision();
    return { status: 'True', message: 'ok' };
  } catch (error) {
    return { status: 'False', message: error instanceof Error ? error.message : String(error) };
  }
}
