import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deployment } from '@coracle/api/apps/v1/deployment';
import { node } from '@coracle/api/core/v1/node';
import { connect, loadKubeconfig } from '@coracle/client';
import { type Coracle, coracleAt, kubectl, root } from './coracle.ts';
import { startThroughCri } from './cri-floor.ts';
import { cpuSeconds, median, nodeProcesses, pause, residentMb } from './processes.ts';

const example = join(root, 'examples/nginx.yaml');
const rounds = 5;
const idleSeconds = 60;

/** A whole cluster: second `up`, memory and processor time when idle, and the example from apply to Available. */
export async function measureCluster(): Promise<Record<string, unknown>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'coracle-bench-'));
  const kubeconfig = join(dataDir, 'admin.kubeconfig');
  const coracle = coracleAt(`bench${process.pid}`, dataDir);
  try {
    await coracle('up', '--detach');
    await kubectl(kubeconfig, 'delete', '-f', example);
    const up = await secondUp(coracle, kubeconfig);
    const client = connect(loadKubeconfig(kubeconfig));
    const status = JSON.parse((await coracle('status', '-o', 'json')).stdout) as { nodes: { pid: number }[] };
    const init = status.nodes[0]!.pid;
    const idle = await measureIdle(init);
    const floors: number[] = [];
    const applies: number[] = [];
    for (let round = 0; round < rounds; round++) {
      floors.push(await startThroughCri(`/proc/${init}/root/run/containerd/containerd.sock`));
      applies.push(await applyToAvailable(client, kubeconfig));
    }
    const [floor, apply] = [median(floors), median(applies)];
    return {
      secondUpToReadyMs: { value: up, target: 5000 },
      idle,
      applyToAvailable: {
        criFloorMs: floor,
        applyMs: apply,
        aboveFloorMs: apply - floor,
        targetAboveMs: 1500,
        all: { floors, applies },
      },
    };
  } finally {
    await coracle('reset');
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function secondUp(coracle: Coracle, kubeconfig: string): Promise<number> {
  await coracle('down');
  const started = performance.now();
  const brought = coracle('up', '--detach', '--no-example');
  const client = connect(loadKubeconfig(kubeconfig));
  const begun = Date.now();
  for (;;) {
    const ready = await client
      .list(node)
      .then((list) =>
        list.items.some((each) =>
          // The condition of before the stop is still there until the kubelet has spoken.
          each.status?.conditions?.some(
            (it) =>
              it.type === 'Ready' && it.status === 'True' && Date.parse(it.lastHeartbeatTime ?? '') >= begun - 1000,
          ),
        ),
      )
      .catch(() => false);
    if (ready) break;
    await pause(20);
  }
  const ms = Math.round(performance.now() - started);
  await brought;
  return ms;
}

async function measureIdle(init: number): Promise<Record<string, unknown>> {
  await pause(20_000);
  const processes = nodeProcesses(init);
  const used = () => processes.map(({ pid }) => cpuSeconds(pid)).reduce((sum, each) => sum + each, 0);
  const before = used();
  await pause(idleSeconds * 1000);
  const cpuPercent = Math.round(((used() - before) / idleSeconds) * 1000) / 10;
  const memory = processes.map(({ pid, name }) => ({ name, rssMb: residentMb(pid) }));
  const rssMb = memory.reduce((sum, each) => sum + each.rssMb, 0);
  return { processes: memory, rssMb, cpuPercentOfOneCore: cpuPercent, targets: { rssMb: 600, cpuPercentOfOneCore: 3 } };
}

async function applyToAvailable(client: ReturnType<typeof connect>, kubeconfig: string): Promise<number> {
  const started = performance.now();
  await kubectl(kubeconfig, 'apply', '-f', example);
  for (;;) {
    const it = await client.get(deployment, 'nginx-deployment', 'default');
    if (it.status?.availableReplicas === it.spec.replicas) break;
    await pause(10);
  }
  const ms = Math.round(performance.now() - started);
  await kubectl(kubeconfig, 'delete', '-f', example, '--cascade=foreground');
  return ms;
}
