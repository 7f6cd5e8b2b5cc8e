/**
 * Measures Coracle on this machine and prints JSON. `pnpm bench` runs everything; `pnpm bench start`, `dns`, `cluster` or `nodes` one part.
 * What a figure is compared with is measured in the same run. Needs what `npm start` needs; leaves nothing behind.
 */
import { cpus, totalmem } from 'node:os';
import { measureCluster } from './cluster.ts';
import { measureDns } from './dns.ts';
import { measureNodes } from './nodes.ts';
import { measureStart } from './start.ts';

const parts: Record<string, () => Promise<Record<string, unknown>>> = {
  start: measureStart,
  dns: measureDns,
  cluster: measureCluster,
  nodes: measureNodes,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) {
  console.error(`bench: no part is called ${unknown.join(', ')}; there are: ${Object.keys(parts).join(', ')}`);
  process.exit(1);
}

const results: Record<string, unknown> = {
  machine: { cpus: cpus().length, memoryMb: Math.round(totalmem() / 1024 / 1024), node: process.version },
};
for (const [name, measure] of Object.entries(parts)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.error(`bench: ${name} …`);
  results[name] = await measure();
}
console.log(JSON.stringify(results, undefined, 2));
