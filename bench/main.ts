/**
 * Measures Coracle on this machine and prints JSON. `npm run bench` runs everything; `npm run bench -- start` (`dns`, `api`, `pods`, `cluster`, `nodes`) one part.
 * What a figure is compared with is measured in the same run: `--baseline URL` names another API server for the part `api`, whose token is in the file
 * `--baseline-token-file` and whose memory is read where `--baseline-pid` says its process. Needs what `npm start` needs; leaves nothing behind, but for the
 * definition of Widgets in the baseline.
 */
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { measureApi } from './api.ts';
import { measureCluster } from './cluster.ts';
import { measureDns } from './dns.ts';
import type { Target } from './load/target.ts';
import { measureNodes } from './nodes.ts';
import { measurePods } from './pods.ts';
import { measureStart } from './start.ts';

const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    baseline: { type: 'string' },
    'baseline-token-file': { type: 'string' },
    'baseline-pid': { type: 'string' },
  },
});

const parts: Record<string, () => Promise<Record<string, unknown>>> = {
  start: measureStart,
  api: () => measureApi(baselineOf()),
  pods: measurePods,
  dns: measureDns,
  cluster: measureCluster,
  nodes: measureNodes,
};

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

function baselineOf(): Target | undefined {
  if (values.baseline === undefined) return undefined;
  const [file, pid] = [values['baseline-token-file'], values['baseline-pid']];
  return {
    url: values.baseline,
    token: file ? readFileSync(file, 'utf8').trim() : '',
    ...(pid ? { pid: Number(pid) } : {}),
  };
}
