import { mkdir } from 'node:fs/promises';
import type { Pod } from '@coracle/api/types/core/v1';
import { CriError, isNotFound } from '../cri/client.ts';
import type { DeepPartial, PodSandboxConfig } from '../cri/generated/runtime.v1.ts';
import { logFolderOf } from '../logs/paths.ts';
import type { PodDependencies } from './dependencies.ts';
import { podDns } from './dns.ts';
import type { RuntimeSandbox } from './runtime-pod.ts';
import { sandboxConfig } from './sandbox-config.ts';

/** Sandboxes take longer than other calls: networks are set up. */
const sandboxTimeout = 4 * 60_000;

/** The sandbox of a pod as it was or will be asked for. */
export function sandboxConfigOf(deps: PodDependencies, pod: Pod, attempt: number): DeepPartial<PodSandboxConfig> {
  const { settings, cgroups, events } = deps;
  return sandboxConfig(pod, {
    attempt,
    dns: podDns(pod, settings.dns, (reason, message) => events.pod(pod, 'Warning', reason, message)),
    cgroupParent: cgroups.pathOf(pod),
    logFolder: logFolderOf(settings.podLogs, pod),
    seccompFolder: settings.seccompFolder,
    seccompDefault: settings.seccompDefault,
  });
}

/** Creates and starts a pod's sandbox; returns its id. */
export async function createSandbox(
  deps: PodDependencies,
  pod: Pod,
  config: DeepPartial<PodSandboxConfig>,
): Promise<string> {
  try {
    await mkdir(config.logDirectory!, { recursive: true, mode: 0o755 });
    const { podSandboxId } = await deps.cri.runtime.runPodSandbox({ config }, { timeout: sandboxTimeout });
    return podSandboxId;
  } catch (error) {
    const text = (error as Error).message;
    deps.events.pod(pod, 'Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${text}`);
    throw error instanceof CriError ? error : new Error(`failed to create pod sandbox: ${text}`, { cause: error });
  }
}

/** Stops sandboxes: what still runs in them is killed, and their networks are taken down. */
export async function stopSandboxes(deps: PodDependencies, sandboxes: readonly RuntimeSandbox[]): Promise<void> {
  for (const { id, ready } of sandboxes) {
    if (!ready) continue;
    await deps.cri.runtime.stopPodSandbox({ podSandboxId: id }, { timeout: sandboxTimeout }).catch(unlessNotFound);
  }
}

/** Stops (again, for networks that were left) and removes sandboxes with all containers in them. */
export async function removeSandboxes(deps: PodDependencies, sandboxes: readonly RuntimeSandbox[]): Promise<void> {
  for (const { id } of sandboxes) {
    await deps.cri.runtime.stopPodSandbox({ podSandboxId: id }, { timeout: sandboxTimeout }).catch(unlessNotFound);
    await deps.cri.runtime.removePodSandbox({ podSandboxId: id }).catch(unlessNotFound);
  }
}

export function unlessNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
