import { randomUUID } from 'node:crypto';
import { connectCri } from '@coracle/kubelet/cri/client';
import { NamespaceMode } from '@coracle/kubelet/cri/generated/runtime.v1';

const image = 'docker.io/library/nginx:1.14.2';

/** Starts the example's two pods straight through CRI, one container each, side by side; returns milliseconds until both run. */
export async function startThroughCri(socket: string): Promise<number> {
  const cri = connectCri(socket, { timeout: 60_000 });
  const sandboxes: string[] = [];
  try {
    const started = performance.now();
    await Promise.all(
      [0, 1].map(async () => {
        const uid = randomUUID();
        const namespaceOptions = { network: NamespaceMode.POD, pid: NamespaceMode.CONTAINER, ipc: NamespaceMode.POD };
        const config = {
          metadata: { name: `floor-${uid.slice(0, 8)}`, namespace: 'bench', uid, attempt: 0 },
          hostname: 'floor',
          logDirectory: `/tmp/floor-${uid}`,
          linux: { securityContext: { namespaceOptions } },
        };
        const { podSandboxId } = await cri.runtime.runPodSandbox({ config });
        sandboxes.push(podSandboxId);
        const { containerId } = await cri.runtime.createContainer({
          podSandboxId,
          sandboxConfig: config,
          config: {
            metadata: { name: 'nginx', attempt: 0 },
            image: { image },
            logPath: 'nginx.log',
            linux: { securityContext: { namespaceOptions } },
          },
        });
        await cri.runtime.startContainer({ containerId });
      }),
    );
    return Math.round(performance.now() - started);
  } finally {
    for (const podSandboxId of sandboxes) {
      await cri.runtime.stopPodSandbox({ podSandboxId });
      await cri.runtime.removePodSandbox({ podSandboxId });
    }
    cri.close();
  }
}
