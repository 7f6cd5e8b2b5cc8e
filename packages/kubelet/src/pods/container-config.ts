import type { Container, EphemeralContainer, Pod } from '@coracle/api/types/core/v1';
import type {
  ContainerConfig,
  DeepPartial,
  Image,
  LinuxContainerResources,
  Mount,
} from '../cri/generated/runtime.v1.ts';
import { containerAnnotations, containerLabels } from '../cri/labels.ts';
import { expand } from '../environment/expand.ts';
import { containerLogName } from '../logs/paths.ts';
import { containerSecurity, type SecuritySettings, type SecurityTarget } from './security-context.ts';

export interface ContainerFacts extends SecuritySettings, SecurityTarget {
  restartCount: number;
  image: Image;
  environment: ReadonlyMap<string, string>;
  mounts: DeepPartial<Mount>[];
  resources: Partial<LinuxContainerResources>;
}

/** A container as CRI wants it described. Throws SecurityError when the image may not run as the spec demands. */
export function containerConfig(
  pod: Pod,
  container: Container | EphemeralContainer,
  facts: ContainerFacts,
): DeepPartial<ContainerConfig> {
  const { restartCount, image, environment, mounts, resources } = facts;
  if (container.volumeDevices?.length)
    throw new Error(`volumeDevices of container "${container.name}" are not supported`);
  if (container.restartPolicyRules?.some(({ action }) => action === 'RestartAllContainers'))
    throw new Error(`restartPolicyRules of container "${container.name}": RestartAllContainers is not supported`);
  if (container.lifecycle?.stopSignal)
    throw new Error(`lifecycle.stopSignal of container "${container.name}" is not supported`);
  const filled = (words: string[] | undefined): string[] =>
    (words ?? []).map((each) => expand(each, (name) => environment.get(name)));
  return {
    metadata: { name: container.name, attempt: restartCount },
    image: { image: image.id, userSpecifiedImage: container.image ?? '' },
    command: filled(container.command),
    args: filled(container.args),
    workingDir: container.workingDir ?? '',
    envs: [...environment].map(([key, value]) => ({ key, value })),
    mounts,
    labels: containerLabels(pod, container),
    annotations: containerAnnotations(pod, container, restartCount),
    logPath: containerLogName(container.name, restartCount),
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    linux: { resources, securityContext: containerSecurity(pod, container, image, facts) },
  };
}
