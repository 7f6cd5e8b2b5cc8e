/**
 * Forwards ports of this machine to nodes of a cluster: main.ts FILE, a JSON array of Forwarding, followed as it changes. Started by
 * `coracle`, and ended with the cluster.
 */
import { readFileSync, watchFile } from 'node:fs';
import { parseAddress } from '../balancer/address.ts';
import { type Balancer, startBalancer } from '../balancer/balancer.ts';
import type { Forwarding } from './plan.ts';

const [file] = process.argv.slice(2);
if (!file) throw new Error('usage: main.ts FILE');
const stop = new AbortController();
const say = (level: string) => (details: object, message: string) => {
  process.stderr.write(`${JSON.stringify({ level, time: new Date().toISOString(), ...details, msg: message })}\n`);
};
const log = { info: say('info'), warn: say('warn') };
const running = new Map<string, Balancer>();

/** Brings what is listened on to what the file says. */
async function follow(path: string): Promise<void> {
  const wanted = JSON.parse(readFileSync(path, 'utf8')) as Forwarding[];
  for (const [listen, balancer] of running) {
    if (wanted.some((it) => it.listen === listen)) continue;
    running.delete(listen);
    await balancer.close();
  }
  for (const { listen, backends, authority } of wanted) {
    const balancer = running.get(listen);
    if (balancer) balancer.setBackends(backends);
    else {
      const options = { listen: parseAddress(listen), backends, authority, log, signal: stop.signal };
      running.set(listen, await startBalancer(options));
    }
  }
}

process.once('SIGTERM', () => {
  stop.abort();
  process.exit(0);
});
const cannotFollow = (error: unknown) => say('error')({ err: String(error) }, 'Cannot follow what is to be forwarded');
try {
  await follow(file);
} catch (error) {
  cannotFollow(error);
  process.exit(1);
}
process.stdout.write('ready\n');
let following: Promise<void> = Promise.resolve();
watchFile(file, { interval: 200 }, () => {
  following = following.then(() => follow(file)).catch(cannotFollow);
});
