import { type Check, exceptInUserNamespace, exceptOnWindows } from './check.ts';
import { hostNamespaces, hostPorts, hostProbesAndLifecycle, windowsHostProcess } from './host.ts';
import { procMount, sysctls } from './kernel.ts';
import {
  allowPrivilegeEscalation,
  baselineCapabilities,
  privilegedContainers,
  restrictedCapabilities,
  runAsNonRoot,
  runAsUser,
} from './privileges.ts';
import { appArmorProfile, baselineSeccomp, restrictedSeccomp, seccompAnnotations, seLinuxOptions } from './profiles.ts';
import { hostPathVolumes, restrictedVolumes } from './volumes.ts';

const containerTypes = ['container_t', 'container_init_t', 'container_kvm_t'];
const sysctls0 = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
];
const sysctls27 = [...sysctls0, 'net.ipv4.ip_local_reserved_ports'];
const sysctls29 = [
  ...sysctls27,
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
];
const sysctls32 = [...sysctls29, 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'];

const since0 = (check: Check['versions'][number]['check']) => [{ since: 0, check }];

/**
 * The Pod Security Standards (https://kubernetes.io/docs/concepts/security/pod-security-standards/), in the order in which violations are listed: by
 * name, the baseline's first.
 */
export const allChecks: readonly Check[] = [
  { id: 'appArmorProfile', level: 'baseline', versions: since0(appArmorProfile) },
  { id: 'capabilities_baseline', level: 'baseline', versions: since0(baselineCapabilities) },
  { id: 'hostNamespaces', level: 'baseline', versions: since0(hostNamespaces) },
  { id: 'hostPathVolumes', level: 'baseline', versions: since0(hostPathVolumes) },
  { id: 'hostPorts', level: 'baseline', versions: since0(hostPorts) },
  {
    id: 'hostProbesAndHostLifecycle',
    level: 'baseline',
    versions: [{ since: 34, check: hostProbesAndLifecycle }],
  },
  { id: 'privileged', level: 'baseline', versions: since0(privilegedContainers) },
  {
    id: 'procMount',
    level: 'baseline',
    versions: [...since0(procMount), { since: 35, check: exceptInUserNamespace(procMount) }],
  },
  {
    id: 'seLinuxOptions',
    level: 'baseline',
    versions: [
      ...since0(seLinuxOptions(containerTypes)),
      { since: 31, check: seLinuxOptions([...containerTypes, 'container_engine_t']) },
    ],
  },
  {
    id: 'seccompProfile_baseline',
    level: 'baseline',
    versions: [...since0(seccompAnnotations), { since: 19, check: baselineSeccomp }],
  },
  {
    id: 'sysctls',
    level: 'baseline',
    versions: [
      ...since0(sysctls(sysctls0)),
      { since: 27, check: sysctls(sysctls27) },
      { since: 29, check: sysctls(sysctls29) },
      { since: 32, check: sysctls(sysctls32) },
    ],
  },
  { id: 'windowsHostProcess', level: 'baseline', versions: since0(windowsHostProcess) },
  {
    id: 'allowPrivilegeEscalation',
    level: 'restricted',
    versions: [
      { since: 8, check: allowPrivilegeEscalation },
      { since: 25, check: exceptOnWindows(allowPrivilegeEscalation) },
    ],
  },
  {
    id: 'capabilities_restricted',
    level: 'restricted',
    versions: [
      { since: 22, check: restrictedCapabilities, overrides: 'capabilities_baseline' },
      { since: 25, check: exceptOnWindows(restrictedCapabilities), overrides: 'capabilities_baseline' },
    ],
  },
  {
    id: 'procMount_restricted',
    level: 'restricted',
    versions: [{ since: 35, check: procMount, overrides: 'procMount' }],
  },
  {
    id: 'restrictedVolumes',
    level: 'restricted',
    versions: [{ since: 0, check: restrictedVolumes, overrides: 'hostPathVolumes' }],
  },
  {
    id: 'runAsNonRoot',
    level: 'restricted',
    versions: [...since0(runAsNonRoot), { since: 35, check: exceptInUserNamespace(runAsNonRoot) }],
  },
  {
    id: 'runAsUser',
    level: 'restricted',
    versions: [
      { since: 23, check: runAsUser },
      { since: 35, check: exceptInUserNamespace(runAsUser) },
    ],
  },
  {
    id: 'seccompProfile_restricted',
    level: 'restricted',
    versions: [
      { since: 19, check: restrictedSeccomp, overrides: 'seccompProfile_baseline' },
      { since: 25, check: exceptOnWindows(restrictedSeccomp), overrides: 'seccompProfile_baseline' },
    ],
  },
];
