import { mkdir, readdir, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { formatDuration } from '@coracle/api/meta/time';
import type { Container, EphemeralContainer, Pod, Secret } from '@coracle/api/types/core/v1';
import { CriError } from '../cri/client.ts';
import type { DeepPartial, PodSandboxConfig } from '../cri/generated/runtime.v1.ts';
import { containerHash } from '../cri/labels.ts';
import { containerEnvironment, EnvironmentError } from '../environment/environment.ts';
import type { PodFacts } from '../environment/field-ref.ts';
import { logFolderOf, logLinkName } from '../logs/paths.ts';
import { containerResources } from '../resources/linux.ts';
import { containerMounts } from '../volumes/container-mounts.ts';
import { containerConfig } from './container-config.ts';
import type { PodDependencies } from './dependencies.ts';
import { runHook } from './hooks.ts';
import { hostsFile } from './hosts-file.ts';
import { killContainer } from './kill.ts';
import { podText } from './names.ts';
import type { RuntimeContainer, RuntimePod } from './runtime-pod.ts';
import { SecurityError } from './security-context.ts';
import { ContainerWaiting } from './waiting.ts';

/** Everything a container of a pod is started with. */
export interface StartContext {
  sandboxId: string;
  sandboxConfig: DeepPartial<PodSandboxConfig>;
  /** The pod's addresses, newest sandbox. */
  ips: readonly string[];
  volumes: ReadonlyMap<string, string>;
  pullSecrets: readonly Secret[];
  actual: RuntimePod;
  hostFile: string;
  /** Aborted when the pod is to end. */
  signal: AbortSignal;
}

/** The key of a container's restart delay: a changed container starts afresh. */
export const restartKey = (pod: Pod, container: Container | EphemeralContainer): string =>
  `${pod.metadata.uid}_${container.name}_${containerHash(container)}`;

/** Holds a container back that failed lately; throws ContainerWaiting CrashLoopBackOff while the delay lasts. */
export function checkBackOff(
  deps: PodDependencies,
  pod: Pod,
  container: Container | EphemeralContainer,
  last: RuntimeContainer | undefined,
): void {
  if (last?.state !== 'exited') return;
  const key = restartKey(pod, container);
  const remaining = deps.restarts.remaining(key, last.finishedAt);
  if (remaining > 0) {
    deps.events.container(
      pod,
      container,
      'Warning',
      'BackOff',
      `Back-off restarting failed container ${container.name} in pod ${podText(pod)}`,
    );
    throw new ContainerWaiting(
      'CrashLoopBackOff',
      `back-off ${formatDuration(deps.restarts.delay(key))} restarting failed container=${container.name} pod=${podText(pod)}`,
      remaining,
    );
  }
  deps.restarts.next(key, last.finishedAt);
}

/** Pulls, creates and starts a container and runs its postStart hook. Throws ContainerWaiting with upstream's reasons. */
export async function startContainer(
  deps: PodDependencies,
  pod: Pod,
  container: Container | EphemeralContainer,
  context: StartContext,
): Promise<void> {
  const { cri, events } = deps;
  const image = await deps.images.ensure(pod, container, context.pullSecrets, context.sandboxConfig, context.signal);
  const restartCount = await nextRestartCount(deps, pod, container, context.actual);
  const failed = (reason: string, error: unknown): ContainerWaiting => {
    const message = error instanceof CriError ? error.description : (error as Error).message;
    events.container(pod, container, 'Warning', 'Failed', `Error: ${message}`);
    return new ContainerWaiting(reason, message);
  };

  let config: Awaited<ReturnType<typeof describe>>;
  try {
    config = await describe(deps, pod, container, image, restartCount, context);
  } catch (error) {
    const known = error instanceof EnvironmentError || error instanceof SecurityError;
    throw failed(known ? 'CreateContainerConfigError' : 'CreateContainerError', error);
  }
  let containerId: string;
  try {
    await mkdir(join(logFolderOf(deps.settings.podLogs, pod), container.name), { recursive: true, mode: 0o755 });
    ({ containerId } = await cri.runtime.createContainer({
      podSandboxId: context.sandboxId,
      sandboxConfig: context.sandboxConfig,
      config,
    }));
  } catch (error) {
    throw failed('CreateContainerError', error);
  }
  events.container(pod, container, 'Normal', 'Created', 'Container created');
  try {
    await cri.runtime.startContainer({ containerId });
  } catch (error) {
    throw failed('RunContainerError', error);
  }
  events.container(pod, container, 'Normal', 'Started', 'Container started');
  await linkLog(deps, pod, container, containerId, restartCount);
  await postStart(deps, pod, container, containerId, context);
}

async function describe(
  deps: PodDependencies,
  pod: Pod,
  container: Container | EphemeralContainer,
  image: Awaited<ReturnType<PodDependencies['images']['ensure']>>,
  restartCount: number,
  context: StartContext,
) {
  const { node, settings } = deps;
  const podIPs = pod.spec.hostNetwork ? node.ips : context.ips;
  const facts: PodFacts = { nodeName: node.name, hostIPs: node.ips, podIPs, allocatable: node.allocatable };
  const environment = await containerEnvironment(pod, container as Container, deps.objects, facts);
  const mounts = await containerMounts(pod, container, {
    podFolder: deps.volumes.podFolder(pod.metadata.uid ?? ''),
    volumes: context.volumes,
    environment,
    hosts: hostsFile(pod, context.ips, settings.dns.clusterDomain, context.hostFile),
    attempt: restartCount,
  });
  const resources = containerResources(pod, container, {
    memory: node.memory,
    cpuQuota: settings.cpuQuota,
    cpuQuotaPeriod: settings.cpuQuotaPeriod,
    unified: settings.unifiedCgroups,
    podHugepages: node.hugepages,
  });
  const { seccompFolder, seccompDefault } = settings;
  return containerConfig(pod, container, {
    restartCount,
    image,
    environment,
    mounts,
    resources,
    seccompFolder,
    seccompDefault,
    targetId: targetOf(container, context.actual),
  });
}

/** The running container that an ephemeral container names as its target. */
function targetOf(container: Container | EphemeralContainer, { containers }: RuntimePod): string | undefined {
  const name = 'targetContainerName' in container ? container.targetContainerName : undefined;
  if (!name) return undefined;
  const target = containers.find((each) => each.name === name && each.state === 'running');
  if (!target) throw new EnvironmentError(`unable to find target container ${name}`);
  return target.id;
}

/** One more than the last start's; where the runtime has lost the containers, the logs still tell. */
async function nextRestartCount(
  deps: PodDependencies,
  pod: Pod,
  { name }: { name: string },
  actual: RuntimePod,
): Promise<number> {
  const last = actual.containers.find((each) => each.name === name);
  if (last) return last.restartCount + 1;
  try {
    const files = await readdir(join(logFolderOf(deps.settings.podLogs, pod), name));
    const counts = files.map((file) => /^(\d+)\.log/.exec(file)?.[1]).filter((count) => count !== undefined);
    return Math.max(-1, ...counts.map(Number)) + 1;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

/** Makes the link that log collectors follow: its name tells pod and container. */
async function linkLog(
  deps: PodDependencies,
  pod: Pod,
  { name }: { name: string },
  containerId: string,
  restartCount: number,
): Promise<void> {
  const { containerLogLinks, podLogs } = deps.settings;
  const link = join(containerLogLinks, logLinkName(pod, name, containerId));
  try {
    await mkdir(containerLogLinks, { recursive: true });
    await unlink(link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await symlink(join(logFolderOf(podLogs, pod), name, `${restartCount}.log`), link);
  } catch (error) {
    deps.log.error({ err: error, link }, 'Failed to create the link to a container log');
  }
}

async function postStart(
  deps: PodDependencies,
  pod: Pod,
  container: Container | EphemeralContainer,
  containerId: string,
  context: StartContext,
): Promise<void> {
  const handler = container.lifecycle?.postStart;
  if (!handler) return;
  const target = {
    containerId,
    container,
    podName: pod.metadata.name ?? '',
    podIp: (pod.spec.hostNetwork ? deps.node.ips : context.ips)[0] ?? '',
  };
  try {
    await runHook(deps.cri, handler, target, 0, context.signal);
  } catch (error) {
    if (context.signal.aborted) return;
    deps.log.error({ err: error, pod: podText(pod), container: container.name }, 'Failed to execute PostStartHook');
    deps.events.container(pod, container, 'Warning', 'FailedPostStartHook', 'PostStartHook failed');
    const running = await deps.runtimePods.get(pod.metadata.uid ?? '', '', '');
    const started = running.containers.find((each) => each.id === containerId);
    if (started)
      await killContainer(
        deps,
        pod,
        { container: started, spec: container, message: 'FailedPostStartHook', reason: 'stop' },
        undefined,
      );
    throw new ContainerWaiting('PostStartHookError', (error as Error).message);
  }
}
