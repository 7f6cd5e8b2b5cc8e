/**
 * A leader for tests, in a process of its own: `leader.ts NAME CONFIG TIMES` competes for the Lease kube-system/boss and, while it leads, makes
 * ConfigMaps named NAME-<n> as fast as it can, several at a time. CONFIG is a RestConfig and TIMES the election's times, both as JSON.
 */
import { configMap } from '@coracle/api/core/v1/configmap';
import { connect } from '../client.ts';
import { Fence } from '../fence.ts';
import { leading } from '../leader-election.ts';

const [name = '', config = '', times = ''] = process.argv.slice(2);
const fence = new Fence();
const client = connect({ ...JSON.parse(config), beforeWrite: () => fence.check() });
let made = 0;

async function write(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await client.create(configMap, {
      metadata: { name: `${name}-${made++}`, namespace: 'default' },
      data: { padding: 'x'.repeat(10_000) },
    });
  }
}

const election = { name: 'boss', namespace: 'kube-system', identity: name, fence, ...JSON.parse(times) };
try {
  await leading(connect(JSON.parse(config)), election, new AbortController().signal, async (signal) => {
    await Promise.all(Array.from({ length: 8 }, () => write(signal)));
  });
} catch (error) {
  process.stderr.write(`${error}\n`);
  process.exit(1);
}
