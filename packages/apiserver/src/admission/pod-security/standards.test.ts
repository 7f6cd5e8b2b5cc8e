import type { Container, PodSpec } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import { detailsOf, evaluate } from './evaluate.ts';
import { parseLevel, parseVersion, policyOf, privileged, type Standard, standardText } from './standard.ts';

function standard(text: string): Standard {
  const [level, version] = text.split(':') as [string, string];
  return { level: parseLevel(level) as Standard['level'], minor: parseVersion(version) as number };
}

/** A container that meets every standard, changed. */
function container(change: Container['securityContext'] = {}, more: Partial<Container> = {}): Container {
  return {
    name: 'a',
    image: 'x',
    securityContext: {
      allowPrivilegeEscalation: false,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
      ...change,
    },
    ...more,
  };
}

function violations(text: string, spec: Partial<PodSpec>, annotations: Record<string, string> = {}): string {
  return detailsOf(
    evaluate(standard(text), { metadata: { annotations }, spec: { containers: [container()], ...spec } }),
  );
}

const plain: Partial<PodSpec> = { containers: [{ name: 'a', image: 'x' }] };
const capabilities = 'container "a" must set securityContext.capabilities.drop=["ALL"]';
const escalation =
  'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false)';
const nonRoot = 'runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true)';
const seccomp =
  'seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")';

describe('the restricted standard', () => {
  it.each<[string, string]>([
    ['v1.0', nonRoot],
    ['v1.7', nonRoot],
    ['v1.8', `${escalation}, ${nonRoot}`],
    ['v1.19', `${escalation}, ${nonRoot}, ${seccomp}`],
    ['v1.22', `${escalation}, unrestricted capabilities (${capabilities}), ${nonRoot}, ${seccomp}`],
    ['latest', `${escalation}, unrestricted capabilities (${capabilities}), ${nonRoot}, ${seccomp}`],
    ['v1.99', `${escalation}, unrestricted capabilities (${capabilities}), ${nonRoot}, ${seccomp}`],
  ])('of %s asks of a pod that says nothing for what it asked then', (version, expected) => {
    expect(violations(`restricted:${version}`, plain)).toBe(expected);
    expect(violations(`baseline:${version}`, plain)).toBe('');
    expect(violations(`privileged:${version}`, plain)).toBe('');
  });

  it('is met by a pod that says it all', () => {
    for (const version of ['v1.0', 'v1.19', 'v1.25', 'v1.36', 'latest']) {
      expect(violations(`restricted:${version}`, {})).toBe('');
    }
  });

  it.each<[string, Partial<PodSpec>, Record<string, string>]>([
    [
      'a user 0',
      { containers: [container({ runAsUser: 0 })] },
      { 'v1.22': '', 'v1.23': 'runAsUser=0 (container "a" must not set runAsUser=0)' },
    ],
    [
      'a user 0 of the pod, too',
      { securityContext: { runAsUser: 0 }, containers: [container({ runAsUser: 0 })] },
      { latest: 'runAsUser=0 (pod and container "a" must not set runAsUser=0)' },
    ],
    [
      'root of its own user namespace',
      { hostUsers: false, containers: [container({ runAsUser: 0, runAsNonRoot: false })] },
      {
        'v1.34':
          'runAsNonRoot != true (container "a" must not set securityContext.runAsNonRoot=false), runAsUser=0 (container "a" must not set runAsUser=0)',
        'v1.35': '',
      },
    ],
    [
      'a pod that may be root',
      { securityContext: { runAsNonRoot: false } },
      { latest: 'runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false)' },
    ],
    [
      'volumes of all sorts',
      {
        volumes: [
          { name: 'e', emptyDir: {} },
          { name: 'i', image: { reference: 'x' } },
          { name: 'h', hostPath: { path: '/' } },
          { name: 'n', nfs: { server: 's', path: '/' } },
        ],
      },
      {
        'v1.0': 'restricted volume types (volumes "h", "n" use restricted volume types "hostPath", "nfs")',
        latest: 'restricted volume types (volumes "h", "n" use restricted volume types "hostPath", "nfs")',
      },
    ],
    [
      'capabilities added',
      { containers: [container({ capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE', 'CHOWN'] } })] },
      {
        'v1.21': '',
        latest:
          'unrestricted capabilities (container "a" must not include "CHOWN" in securityContext.capabilities.add)',
      },
    ],
    [
      'a pod for Windows',
      { os: { name: 'windows' }, containers: [{ name: 'a', securityContext: { runAsNonRoot: true } }] },
      { 'v1.24': `${escalation}, unrestricted capabilities (${capabilities}), ${seccomp}`, 'v1.25': '' },
    ],
    [
      'an unmasked /proc, also in a user namespace',
      { hostUsers: false, containers: [container({ procMount: 'Unmasked' })] },
      {
        'v1.34': 'procMount (container "a" must not set securityContext.procMount to "Unmasked")',
        latest: 'procMount (container "a" must not set securityContext.procMount to "Unmasked")',
      },
    ],
    [
      "a pod's seccomp profile",
      {
        securityContext: { seccompProfile: { type: 'Localhost' } },
        containers: [container({ seccompProfile: undefined })],
      },
      { latest: '' },
    ],
    [
      'seccomp profiles that are no protection',
      {
        securityContext: { seccompProfile: { type: 'Unconfined' } },
        containers: [container({ seccompProfile: { type: 'Unconfined' } })],
      },
      {
        latest:
          'seccompProfile (pod and container "a" must not set securityContext.seccompProfile.type to "Unconfined")',
      },
    ],
    [
      'an ephemeral container like all others',
      { ephemeralContainers: [{ name: 'debug', image: 'x', securityContext: container().securityContext }] },
      { latest: '' },
    ],
  ])('judges %s', (_, spec, byVersion) => {
    for (const [version, expected] of Object.entries(byVersion)) {
      expect([version, violations(`restricted:${version}`, spec)]).toEqual([version, expected]);
    }
  });
});

describe('the baseline', () => {
  const probe = { httpGet: { port: 80, host: '10.0.0.1' } };
  it.each<[string, Partial<PodSpec>, Record<string, string>, Record<string, string>?]>([
    [
      "the host's namespaces",
      { hostNetwork: true, hostPID: true, hostIPC: true },
      { 'v1.0': 'host namespaces (hostNetwork=true, hostPID=true, hostIPC=true)' },
    ],
    [
      "the host's paths",
      { volumes: [{ name: 'h', hostPath: { path: '/' } }] },
      { latest: 'hostPath volumes (volume "h")' },
    ],
    [
      "the host's ports",
      {
        initContainers: [container({}, { name: 'i', ports: [{ containerPort: 1, hostPort: 90 }] })],
        containers: [container({}, { ports: [{ containerPort: 2 }, { containerPort: 3, hostPort: 100 }] })],
      },
      { latest: 'hostPort (containers "i", "a" use hostPorts 100, 90)' },
    ],
    [
      'privileged containers',
      { containers: [container({ privileged: true })] },
      { latest: 'privileged (container "a" must not set securityContext.privileged=true)' },
    ],
    [
      'capabilities',
      { containers: [container({ capabilities: { add: ['SYS_ADMIN', 'NET_RAW', 'CHOWN'] } })] },
      {
        latest:
          'non-default capabilities (container "a" must not include "NET_RAW", "SYS_ADMIN" in securityContext.capabilities.add)',
      },
    ],
    [
      'probes elsewhere',
      {
        containers: [
          container({}, { livenessProbe: probe, lifecycle: { preStop: { tcpSocket: { port: 1, host: 'x' } } } }),
        ],
      },
      {
        'v1.33': '',
        'v1.34': 'probe or lifecycle host (container "a" uses probe or lifecycle hosts "10.0.0.1", "x")',
      },
    ],
    [
      'sysctls',
      {
        securityContext: {
          sysctls: [
            { name: 'kernel.shm_rmid_forced', value: '1' },
            { name: 'net.ipv4.ip_local_reserved_ports', value: '1' },
            { name: 'net.ipv4.tcp_keepalive_time', value: '1' },
            { name: 'net.ipv4.tcp_rmem', value: '1' },
            { name: 'kernel.msgmax', value: '1' },
          ],
        },
      },
      {
        'v1.0':
          'forbidden sysctls (net.ipv4.ip_local_reserved_ports, net.ipv4.tcp_keepalive_time, net.ipv4.tcp_rmem, kernel.msgmax)',
        'v1.27': 'forbidden sysctls (net.ipv4.tcp_keepalive_time, net.ipv4.tcp_rmem, kernel.msgmax)',
        'v1.29': 'forbidden sysctls (net.ipv4.tcp_rmem, kernel.msgmax)',
        'v1.32': 'forbidden sysctls (kernel.msgmax)',
        latest: 'forbidden sysctls (kernel.msgmax)',
      },
    ],
    [
      'SELinux types',
      { containers: [container({ seLinuxOptions: { type: 'container_engine_t' } })] },
      {
        'v1.30':
          'seLinuxOptions (container "a" set forbidden securityContext.seLinuxOptions: type "container_engine_t")',
        'v1.31': '',
      },
    ],
    [
      'SELinux users and roles',
      { securityContext: { seLinuxOptions: { type: 'spc_t', user: 'u', role: 'r' } } },
      {
        latest:
          'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set; role may not be set)',
      },
    ],
    [
      'an unmasked /proc',
      { containers: [container({ procMount: 'Unmasked' })] },
      { latest: 'procMount (container "a" must not set securityContext.procMount to "Unmasked")' },
    ],
    [
      'an unmasked /proc in a user namespace',
      { hostUsers: false, containers: [container({ procMount: 'Unmasked' })] },
      { 'v1.34': 'procMount (container "a" must not set securityContext.procMount to "Unmasked")', 'v1.35': '' },
    ],
    [
      'processes of a Windows host',
      {
        securityContext: { windowsOptions: { hostProcess: true } },
        containers: [container({ windowsOptions: { hostProcess: true } })],
      },
      {
        latest: 'hostProcess (pod and container "a" must not set securityContext.windowsOptions.hostProcess=true)',
      },
    ],
    [
      'AppArmor profiles',
      { containers: [container({ appArmorProfile: { type: 'Unconfined' } })] },
      {
        'v1.0':
          'forbidden AppArmor profiles (container "a" and annotation must not set AppArmor profile type to "Unconfined", "container.apparmor.security.beta.kubernetes.io/a="unconfined"")',
      },
      { 'container.apparmor.security.beta.kubernetes.io/a': 'unconfined' },
    ],
    [
      'seccomp annotations',
      {},
      {
        'v1.18':
          'seccompProfile (forbidden annotations container.seccomp.security.alpha.kubernetes.io/a="unconfined", seccomp.security.alpha.kubernetes.io/pod="x")',
        'v1.19': '',
      },
      {
        'container.seccomp.security.alpha.kubernetes.io/a': 'unconfined',
        'container.seccomp.security.alpha.kubernetes.io/gone': 'unconfined',
        'seccomp.security.alpha.kubernetes.io/pod': 'x',
      },
    ],
  ])('judges %s', (_, spec, byVersion, annotations = {}) => {
    for (const [version, expected] of Object.entries(byVersion)) {
      expect([version, violations(`baseline:${version}`, spec, annotations)]).toEqual([version, expected]);
    }
  });
});

describe('the labels of a namespace', () => {
  const defaults = { enforce: privileged, audit: privileged, warn: privileged };
  const read = (labels: Record<string, string>) => {
    const { policy, errors } = policyOf(
      Object.fromEntries(Object.entries(labels).map(([key, value]) => [`pod-security.kubernetes.io/${key}`, value])),
      defaults,
    );
    return {
      policy: [policy.enforce, policy.audit, policy.warn].map(standardText),
      errors: errors.map(({ field, message }) => `${field}: ${message}`),
    };
  };

  it('name a level and a version each', () => {
    expect(read({})).toEqual({ policy: Array(3).fill('privileged:latest'), errors: [] });
    expect(read({ enforce: 'baseline', 'enforce-version': 'v1.25', warn: 'restricted' }).policy).toEqual([
      'baseline:v1.25',
      'privileged:latest',
      'restricted:latest',
    ]);
  });

  it('that cannot be read enforce all, and warn of nothing', () => {
    expect(read({ enforce: 'strict', audit: 'x', 'warn-version': '1.25' })).toEqual({
      policy: ['restricted:latest', 'privileged:latest', 'privileged:latest'],
      errors: [
        'metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted',
        'metadata.labels[pod-security.kubernetes.io/audit]: Invalid value: "x": must be one of privileged, baseline, restricted',
        'metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "1.25": must be "latest" or "v1.x"',
      ],
    });
  });
});
