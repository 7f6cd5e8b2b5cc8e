import { chmod, lstat, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, EphemeralContainer, Pod } from '@coracle/api/types/core/v1';
import type { DeepPartial } from '../cri/generated/runtime.v1.ts';
import { type Mount, MountPropagation } from '../cri/generated/runtime.v1.ts';
import { EnvironmentError } from '../environment/environment.ts';
import { expand } from '../environment/expand.ts';
import { bindSubPath } from './sub-path.ts';

const propagations = {
  None: MountPropagation.PROPAGATION_PRIVATE,
  HostToContainer: MountPropagation.PROPAGATION_HOST_TO_CONTAINER,
  Bidirectional: MountPropagation.PROPAGATION_BIDIRECTIONAL,
} as const;

/** Volumes whose content comes from the API: what a container wrote there would be gone with the next change. */
const fromApi = ['configMap', 'secret', 'downwardAPI', 'projected'] as const;

export interface MountFacts {
  podFolder: string;
  /** Volume paths by name. */
  volumes: ReadonlyMap<string, string>;
  environment: ReadonlyMap<string, string>;
  /** The text of /etc/hosts, unless the container mounts its own. */
  hosts: string;
  /** Tells the folders of one start of a container from those of another. */
  attempt: number;
}

/** The mounts of a container: its volumes, /etc/hosts, and the file for its termination message. */
export async function containerMounts(
  pod: Pod,
  container: Container | EphemeralContainer,
  facts: MountFacts,
): Promise<DeepPartial<Mount>[]> {
  const mounts: DeepPartial<Mount>[] = [];
  const readOnly = new Set(
    (pod.spec.volumes ?? []).filter((each) => fromApi.some((type) => each[type])).map((each) => each.name),
  );
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const volume = facts.volumes.get(mount.name);
    if (volume === undefined)
      throw new EnvironmentError(`cannot find volume "${mount.name}" to mount into container "${container.name}"`);
    const subPath = mount.subPathExpr ? expandAll(mount.subPathExpr, facts.environment) : mount.subPath;
    const target = join(facts.podFolder, 'volume-subpaths', mount.name, container.name, String(index));
    mounts.push({
      containerPath: mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`,
      hostPath: subPath ? await subPathOf(volume, subPath, target) : await existing(volume),
      readonly: (mount.readOnly ?? false) || readOnly.has(mount.name),
      recursiveReadOnly: mount.recursiveReadOnly === 'Enabled',
      propagation: propagations[(mount.mountPropagation ?? 'None') as keyof typeof propagations],
    });
  }
  if (!mounts.some((each) => each.containerPath === '/etc/hosts')) mounts.push(await hostsMount(pod, facts));
  const message = container.terminationMessagePath;
  if (message) {
    const folder = join(facts.podFolder, 'containers', container.name);
    const file = join(folder, `${facts.attempt}-${Date.now().toString(36)}`);
    await mkdir(folder, { recursive: true, mode: 0o750 });
    await writeFile(file, '');
    await chmod(file, 0o666);
    mounts.push({ containerPath: message, hostPath: file });
  }
  return mounts;
}

async function hostsMount(pod: Pod, { podFolder, hosts }: MountFacts): Promise<DeepPartial<Mount>> {
  const file = join(podFolder, 'etc-hosts');
  await writeFile(file, hosts);
  await chmod(file, 0o644);
  const context = pod.spec.securityContext;
  return {
    containerPath: '/etc/hosts',
    hostPath: file,
    readonly: false,
    selinuxRelabel: context?.seLinuxOptions !== undefined,
  };
}

/** As Docker did, a hostPath without a type that does not exist becomes a folder. */
async function existing(path: string): Promise<string> {
  if (
    !(await stat(path).then(
      () => true,
      () => false,
    ))
  )
    await mkdir(path, { recursive: true });
  return path;
}

async function subPathOf(volume: string, subPath: string, target: string): Promise<string> {
  try {
    await lstat(await existing(volume));
    return await bindSubPath(volume, subPath, target);
  } catch (error) {
    throw new EnvironmentError(`failed to prepare subPath for volumeMount: ${(error as Error).message}`);
  }
}

function expandAll(text: string, environment: ReadonlyMap<string, string>): string {
  return expand(text, (name) => {
    const value = environment.get(name);
    if (value === undefined) throw new EnvironmentError(`missing value for "${name}"`);
    return value;
  });
}
