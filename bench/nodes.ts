import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { node } from '@coracle/api/core/v1/node';
import { connect, loadKubeconfig } from '@coracle/client';
import { coracleAt } from './coracle.ts';
import { pause, residentMb } from './processes.ts';

/** What runs on a worker besides pods. */
const ofWorker = ['containerd', 'kubelet', 'kube-proxy', 'overlay'];
const settledMs = 20_000;

interface Status {
  nodes: { name: string; services: { name: string; pid?: number }[] }[];
}

/** Clusters of several nodes: the first `up`, images built before, until every node is Ready; and what a worker costs. */
export async function measureNodes(): Promise<Record<string, unknown>> {
  return {
    two: { ...(await measure(2, 1)), targets: { upToReadyMs: 12_000, workerRssMb: 350 } },
    six: { ...(await measure(6, 3)), targets: { upToReadyMs: 60_000, workerRssMb: 350 } },
  };
}

async function measure(nodes: number, planes: number): Promise<Record<string, unknown>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'coracle-bench-'));
  const coracle = coracleAt(`bench${process.pid}`, dataDir);
  try {
    const started = performance.now();
    const since = (): number => Math.round(performance.now() - started);
    const brought = coracle('up', '--detach', '--no-example', '--nodes', `${nodes}`, '--control-planes', `${planes}`);
    const [upMs, upToReadyMs] = await Promise.all([
      brought.then(since),
      allReady(join(dataDir, 'admin.kubeconfig'), nodes).then(since),
    ]);
    await pause(settledMs);
    const status = JSON.parse((await coracle('status', '-o', 'json')).stdout) as Status;
    const workers = status.nodes
      .filter((it) => it.services.every((each) => each.name !== 'kube-apiserver'))
      .map(workerMemory);
    return { upToReadyMs, upMs, workers };
  } finally {
    await coracle('reset');
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function allReady(kubeconfig: string, nodes: number): Promise<void> {
  for (;;) {
    const items = existsSync(kubeconfig)
      ? await connect(loadKubeconfig(kubeconfig))
          .list(node)
          .then((it) => it.items)
          .catch(() => [])
      : [];
    const ready = items.filter((it) =>
      it.status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True'),
    );
    if (ready.length === nodes) return;
    await pause(50);
  }
}

function workerMemory({ name, services }: Status['nodes'][number]): Record<string, unknown> {
  const memory = ofWorker.map((program): [string, number] => {
    const pid = services.find((it) => it.name === program)?.pid;
    if (!pid) throw new Error(`${program} of ${name} does not run`);
    return [program, residentMb(pid)];
  });
  return { name, rssMb: memory.reduce((sum, [, each]) => sum + each, 0), ...Object.fromEntries(memory) };
}
