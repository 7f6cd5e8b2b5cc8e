import type { Container, EphemeralContainer, Pod, SeccompProfile, SecurityContext } from '@coracle/api/types/core/v1';
import type { DeepPartial } from '../cri/generated/runtime.v1.ts';
import {
  type Image,
  type LinuxContainerSecurityContext,
  type LinuxSandboxSecurityContext,
  NamespaceMode,
  type NamespaceOption,
  ProfileType,
  type SecurityProfile,
  SupplementalGroupsPolicy,
} from '../cri/generated/runtime.v1.ts';
import { podText } from './names.ts';

/** The container that an ephemeral one looks into: it shares that one's process namespace. */
export interface SecurityTarget {
  targetId?: string;
}

export interface SecuritySettings {
  /** Where `Localhost` profiles are: `<root-dir>/seccomp`. */
  seccompFolder: string;
  /** Whether containers without a profile get the runtime's own. */
  seccompDefault: boolean;
}

/** A container may not run as its security context demands; the text is upstream's. */
export class SecurityError extends Error {
  override name = 'SecurityError';
}

const maskedPaths = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

export function namespaceOptions(pod: Pod): DeepPartial<NamespaceOption> {
  const { hostNetwork, hostIPC, hostPID, shareProcessNamespace } = pod.spec;
  return {
    network: hostNetwork ? NamespaceMode.NODE : NamespaceMode.POD,
    ipc: hostIPC ? NamespaceMode.NODE : NamespaceMode.POD,
    pid: hostPID ? NamespaceMode.NODE : shareProcessNamespace ? NamespaceMode.POD : NamespaceMode.CONTAINER,
  };
}

/** What of the container's security context and the pod's holds: the container's own where both are set. */
export function effectiveContext(pod: Pod, container: Container | EphemeralContainer): SecurityContext {
  const ofPod = pod.spec.securityContext;
  const own = container.securityContext;
  return {
    ...own,
    runAsUser: own?.runAsUser ?? ofPod?.runAsUser,
    runAsGroup: own?.runAsGroup ?? ofPod?.runAsGroup,
    runAsNonRoot: own?.runAsNonRoot ?? ofPod?.runAsNonRoot,
    seccompProfile: own?.seccompProfile ?? ofPod?.seccompProfile,
    seLinuxOptions: own?.seLinuxOptions ?? ofPod?.seLinuxOptions,
    appArmorProfile: own?.appArmorProfile ?? ofPod?.appArmorProfile,
  };
}

/** The security context of a pod's sandbox: privileged when one of its containers is. */
export function sandboxSecurity(pod: Pod, settings: SecuritySettings): DeepPartial<LinuxSandboxSecurityContext> {
  const { securityContext } = pod.spec;
  const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  return {
    privileged: all.some((each) => each.securityContext?.privileged),
    namespaceOptions: namespaceOptions(pod),
    seccomp: seccompOf(securityContext?.seccompProfile ?? { type: 'RuntimeDefault' }, settings),
    runAsUser: int(securityContext?.runAsUser),
    runAsGroup: int(securityContext?.runAsGroup),
    supplementalGroups: groups(pod),
    supplementalGroupsPolicy: groupsPolicy(pod),
    selinuxOptions: securityContext?.seLinuxOptions,
  };
}

/** The security context of a container. `image` names the user where the spec does not. */
export function containerSecurity(
  pod: Pod,
  container: Container | EphemeralContainer,
  image: Image,
  settings: SecuritySettings & SecurityTarget,
): DeepPartial<LinuxContainerSecurityContext> {
  const own = effectiveContext(pod, container);
  verifyNonRoot(pod, container, own, image);
  const numeric = own.runAsUser ?? (image.uid ? Number(image.uid.value) : undefined);
  const unmasked = own.procMount === 'Unmasked';
  return {
    privileged: own.privileged ?? false,
    readonlyRootfs: own.readOnlyRootFilesystem ?? false,
    noNewPrivs: own.allowPrivilegeEscalation === false,
    capabilities: { addCapabilities: own.capabilities?.add ?? [], dropCapabilities: own.capabilities?.drop ?? [] },
    namespaceOptions: settings.targetId
      ? { ...namespaceOptions(pod), pid: NamespaceMode.TARGET, targetId: settings.targetId }
      : namespaceOptions(pod),
    runAsUser: int(numeric),
    runAsUsername: numeric === undefined ? image.username : '',
    runAsGroup: int(own.runAsGroup),
    supplementalGroups: groups(pod),
    supplementalGroupsPolicy: groupsPolicy(pod),
    seccomp:
      own.privileged && !own.seccompProfile
        ? { profileType: ProfileType.Unconfined }
        : seccompOf(own.seccompProfile, settings),
    apparmor: apparmorOf(own),
    selinuxOptions: own.seLinuxOptions,
    maskedPaths: unmasked ? [] : maskedPaths,
    readonlyPaths: unmasked ? [] : readonlyPaths,
  };
}

function verifyNonRoot(pod: Pod, container: { name: string }, own: SecurityContext, image: Image): void {
  if (!own.runAsNonRoot) return;
  const where = `(pod: "${podText(pod)}", container: ${container.name})`;
  if (own.runAsUser !== undefined) {
    if (own.runAsUser === 0) throw new SecurityError(`container's runAsUser breaks non-root policy ${where}`);
    return;
  }
  if (image.uid) {
    if (image.uid.value === 0n)
      throw new SecurityError(`container has runAsNonRoot and image will run as root ${where}`);
    return;
  }
  if (image.username) {
    throw new SecurityError(
      `container has runAsNonRoot and image has non-numeric user (${image.username}), cannot verify user is non-root ${where}`,
    );
  }
  throw new SecurityError(`container has runAsNonRoot and image will run as root ${where}`);
}

function seccompOf(
  profile: SeccompProfile | undefined,
  { seccompFolder, seccompDefault }: SecuritySettings,
): SecurityProfile {
  const type = profile?.type ?? (seccompDefault ? 'RuntimeDefault' : 'Unconfined');
  if (type === 'Localhost') {
    return { profileType: ProfileType.Localhost, localhostRef: `${seccompFolder}/${profile?.localhostProfile ?? ''}` };
  }
  return {
    profileType: type === 'RuntimeDefault' ? ProfileType.RuntimeDefault : ProfileType.Unconfined,
    localhostRef: '',
  };
}

function apparmorOf(own: SecurityContext): SecurityProfile | undefined {
  const profile = own.appArmorProfile;
  if (!profile) return undefined;
  if (profile.type === 'Localhost')
    return { profileType: ProfileType.Localhost, localhostRef: profile.localhostProfile ?? '' };
  return {
    profileType: profile.type === 'Unconfined' ? ProfileType.Unconfined : ProfileType.RuntimeDefault,
    localhostRef: '',
  };
}

function groups(pod: Pod): bigint[] {
  const { fsGroup, supplementalGroups = [] } = pod.spec.securityContext ?? {};
  return [...(fsGroup === undefined ? [] : [fsGroup]), ...supplementalGroups].map(BigInt);
}

function groupsPolicy(pod: Pod): SupplementalGroupsPolicy {
  return pod.spec.securityContext?.supplementalGroupsPolicy === 'Strict'
    ? SupplementalGroupsPolicy.Strict
    : SupplementalGroupsPolicy.Merge;
}

const int = (value: number | undefined): { value: bigint } | undefined =>
  value === undefined ? undefined : { value: BigInt(value) };
