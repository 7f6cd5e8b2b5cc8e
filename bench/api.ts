import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from './load/connection.ts';
import type { Figures } from './load/figures.ts';
import { phases, warmUp } from './load/phases.ts';
import type { Collection, Target } from './load/target.ts';
import { ensureWidgets } from './load/widgets.ts';
import { end, freePort, ownServerFlags, startEtcd, startOwnServer } from './own-server.ts';
import { pause, residentMb } from './processes.ts';

/** After the load: what is not needed any more has been given back by then, as far as it will be. */
const settleMs = 30_000;

interface Measured {
  target: Target;
  connection: Connection;
  collection: Collection;
  figures: Record<string, Figures>;
}

/**
 * kube-apiserver under load, and another API server beside it where one is given: the same phases on both, in turn, so that what else the
 * machine does meets both. Each has an etcd of its own; the baseline's is whoever started it to see to.
 */
export async function measureApi(baseline?: Target): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'coracle-bench-'));
  const children: ChildProcess[] = [];
  const connections: Connection[] = [];
  try {
    const etcd = await startEtcd(folder);
    children.push(etcd.process);
    const { flags, token } = await ownServerFlags(folder, etcd.port);
    const port = await freePort();
    const server = await startOwnServer(flags, port);
    children.push(server.process);
    const own: Target = { url: `https://127.0.0.1:${port}`, token, pid: server.process.pid! };
    const all: Measured[] = [];
    for (const target of baseline ? [own, baseline] : [own]) {
      const connection = await Connection.open(target);
      connections.push(connection);
      all.push({ target, connection, collection: await ensureWidgets(connection), figures: {} });
    }
    for (const { connection, collection } of all) await warmUp(connection, collection);
    for (const phase of phases) {
      console.error(`bench: api: ${phase.name} …`);
      for (const it of all) it.figures[phase.name] = await phase.run(it.connection, it.collection);
    }
    await pause(settleMs);
    const [ours, theirs] = all.map(({ target, figures }) => ({
      ...figures,
      ...(target.pid === undefined ? {} : { rssMb: residentMb(target.pid) }),
    }));
    return { coracle: ours, ...(theirs ? { baseline: theirs, ratios: ratiosOf(all[0]!, all[1]!) } : {}) };
  } finally {
    for (const each of connections) each.close();
    for (const child of children.reverse()) await end(child);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** How many times as good ours is, phase by phase; above 1 is better whatever the figure is. */
function ratiosOf(ours: Measured, theirs: Measured): Record<string, number> {
  const ratio = (one: number, other: number, more: boolean): number =>
    Math.round((more ? one / other : other / one) * 100) / 100;
  const ratios = Object.fromEntries(
    phases.map(({ name, compared: { figure, more } }) => [
      name,
      ratio(ours.figures[name]![figure]!, theirs.figures[name]![figure]!, more),
    ]),
  );
  const latency = ratio(ours.figures.watch!.p99Ms!, theirs.figures.watch!.p99Ms!, false);
  const [own, other] = [ours.target.pid, theirs.target.pid];
  if (own && other) ratios.rss = ratio(residentMb(own), residentMb(other), false);
  return { ...ratios, watchP99: latency };
}
