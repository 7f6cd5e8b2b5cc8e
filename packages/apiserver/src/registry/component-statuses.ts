import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { messageOf } from '@coracle/api/meta/message-of';
import type { ComponentCondition, ComponentStatus } from '@coracle/api/types/core/v1';
import { dialMessage } from '@coracle/client/http1';
import type { Store } from '../storage/store.ts';
import { limitedBody } from '../webhooks/limited-body.ts';
import type { ResourceHooks } from './strategy.ts';

/** Where the other programs of a control plane tell of their health: on this machine, at the ports they have by default. */
const controllerManager = 10_257;
const scheduler = 10_259;
const patienceMs = 20_000;
/** In bytes: a health check answers `ok`, or says what is wrong. */
const answerLimit = 1 << 20;

/** Asks the components of the control plane, side by side, whenever somebody reads their statuses. */
export const componentStatusHooks = (store: () => Store): ResourceHooks<ComponentStatus> => ({
  read: () =>
    Promise.all([
      statusOf('controller-manager', healthAt(controllerManager)),
      statusOf('etcd-0', healthOfStore(store())),
      statusOf('scheduler', healthAt(scheduler)),
    ]),
});

type Health = Omit<ComponentCondition, 'type'>;

const statusOf = async (name: string, health: Promise<Health>): Promise<ComponentStatus> => ({
  metadata: { name },
  conditions: [{ type: 'Healthy', ...(await health) }],
});

/** What `/healthz` answers; the certificate there is made by the component for itself, and nothing is told to it. */
async function healthAt(port: number): Promise<Health> {
  const url = new URL(`https://127.0.0.1:${port}/healthz`);
  const signal = AbortSignal.timeout(patienceMs);
  try {
    const [answer] = (await once(get(url, { rejectUnauthorized: false, signal }), 'response')) as [IncomingMessage];
    const message = (await limitedBody(answer, answerLimit)).toString();
    if (answer.statusCode === 200) return { status: 'True', message };
    return { status: 'False', message: `HTTP probe failed with statuscode: ${answer.statusCode}` };
  } catch (error) {
    const why = signal.aborted ? 'context deadline exceeded' : dialMessage(url, error as NodeJS.ErrnoException);
    return { status: 'False', message: `Get ${JSON.stringify(url.href)}: ${why}` };
  }
}

async function healthOfStore(store: Store): Promise<Health> {
  try {
    await store.revision();
    return { status: 'True', message: 'ok' };
  } catch (error) {
    return { status: 'False', message: messageOf(error) };
  }
}
