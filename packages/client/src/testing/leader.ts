/**
 * A leader for tests, in a process of its own: `leader.ts NAME CONFIG TIMES` competes for the Lease kube-system/boss and, while it leads, makes
 * ConfigMaps named NAME-<n> as fast as it can, several at a time. CONFIG is a RestConfig and TIMES the election's times, both as JSON.
 * On SIGUSR2 it stops itself as SIGSTOP does, at a moment when nothing it wrote is on its way: what had left its hands before would be
 * acknowledged without being its fault.
 */
import { configMap } from '@coracle/api/core/v1/configmap';
import { connect } from '../client.ts';
import { Fence } from '../fence.ts';
import { leading } from '../leader-election.ts';

const [name = '', config = '', times = ''] = process.argv.slice(2);
const fence = new Fence();
const client = connect({ ...JSON.parse(config), beforeWrite: () => fence.check() });
const writers = 8;
let made = 0;
let stopping = false;
const waiting: (() => void)[] = [];

process.on('SIGUSR2', () => {
  stopping = true;
});

/** Resolves once all writers are here and the process was stopped and goes on. */
function stopTogether(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length < writers) return;
    stopping = false;
    process.kill(process.pid, 'SIGSTOP');
    for (const go of waiting.splice(0)) go();
  });
}

async function write(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (stopping) await stopTogether();
    await client.create(configMap, {
      metadata: { name: `${name}-${made++}`, namespace: 'default' },
      data: { padding: 'x'.repeat(10_000) },
    });
  }
}

const election = { name: 'boss', namespace: 'kube-system', identity: name, fence, ...JSON.parse(times) };
try {
  await leading(connect(JSON.parse(config)), election, new AbortController().signal, async (signal) => {
    await Promise.all(Array.from({ length: writers }, () => write(signal)));
  });
} catch (error) {
  process.stderr.write(`${error}\n`);
  process.exit(1);
}
