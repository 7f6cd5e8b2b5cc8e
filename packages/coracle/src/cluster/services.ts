import { join } from 'node:path';
import { seconds } from '../cli/progress.ts';
import { fail } from '../failure.ts';
import type { NodeStatus } from '../node/settings.ts';
import type { NodeSpec } from '../nodes/driver.ts';
import type { Cluster } from './cluster.ts';
import { logOf } from './log-reading.ts';
import { controlSocket } from './node-spec.ts';
import { askNode } from './node-status.ts';
import { waitFor } from './wait.ts';

/** How long a service may take until it answers, in milliseconds. */
const patience = 60_000;
/** A service that has failed this often while it is waited for will not come. */
const tooManyRestarts = 4;

/** Waits until services of a node answer. Throws Failure, with the log to read, when one does not or fails again and again. */
export async function servicesAnswer(
  cluster: Cluster,
  spec: NodeSpec,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  let last: NodeStatus | undefined;
  const done = await waitFor(
    async () => {
      last = await askNode(controlSocket(spec));
      const failing = last?.services.find((it) => names.includes(it.name) && it.restarts >= tooManyRestarts);
      if (failing) {
        fail(
          `${failing.name} on node ${spec.name} ends again and again (${failing.lastEnd ?? 'it runs for a moment'})`,
          logOf(cluster, spec.name, failing.name),
        );
      }
      return (
        names.every((name) => last?.services.some((it) => it.name === name && it.state === 'running')) || undefined
      );
    },
    patience,
    signal,
  );
  if (done) return;
  if (!last) {
    fail(`the supervisor of node ${spec.name} does not answer within ${seconds(patience)}`, {
      log: join(spec.folder, 'console.log'),
    });
  }
  const missing = last.services.find((it) => names.includes(it.name) && it.state !== 'running')!;
  fail(`${missing.name} on node ${spec.name} does not answer within ${seconds(patience)}; it is ${missing.state}`, {
    ...logOf(cluster, spec.name, missing.name),
  });
}
