import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { pod as podKind } from '@coracle/api/core/v1/pod';
import type { Pod } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import { containerConfig } from './container-config.ts';
import { sandboxConfig } from './sandbox-config.ts';
import { SecurityError } from './security-context.ts';

/** Compares with a golden file; UPDATE_GOLDEN=1 writes it. */
function golden(name: string, value: unknown): void {
  const file = new URL(`testdata/${name}.json`, import.meta.url);
  const text = `${JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each), 2)}\n`;
  if (process.env['UPDATE_GOLDEN']) writeFileSync(file, text);
  expect(existsSync(file)).toBe(true);
  expect(text).toBe(readFileSync(file, 'utf8'));
}

const settings = { seccompFolder: '/var/lib/kubelet/seccomp', seccompDefault: false };
const sandboxFacts = {
  ...settings,
  attempt: 1,
  dns: { servers: ['10.96.0.10'], searches: ['shop.svc.cluster.local'], options: ['ndots:5'] },
  cgroupParent: '/kubepods/burstable/podu-1',
  logFolder: '/var/log/pods/shop_web_u-1',
};
const image = {
  id: 'sha256:1',
  repoTags: [],
  repoDigests: [],
  size: 1n,
  username: '',
  pinned: false,
  spec: undefined,
  uid: undefined,
};
const containerFacts = {
  ...settings,
  restartCount: 2,
  image,
  environment: new Map([['NAME', 'world']]),
  mounts: [{ containerPath: '/data', hostPath: '/var/lib/kubelet/pods/u-1/volumes/x' }],
  resources: { cpuShares: 102n },
};

function podOf(spec: Partial<Pod['spec']>): Pod {
  const pod: Pod = {
    metadata: { name: 'web', namespace: 'shop', uid: 'u-1', labels: { app: 'web' }, annotations: { note: 'x' } },
    spec: { containers: [{ name: 'c', image: 'nginx:1' }], ...spec },
  };
  podKind.defaults?.(pod);
  return pod;
}

describe('a sandbox for CRI', () => {
  it('of a pod with all that a sandbox can be told', () => {
    const pod = podOf({
      hostname: 'shopfront',
      hostIPC: true,
      shareProcessNamespace: true,
      securityContext: {
        runAsUser: 1000,
        runAsGroup: 2000,
        fsGroup: 3000,
        supplementalGroups: [4000],
        sysctls: [{ name: 'net/ipv4/tcp_syncookies', value: '1' }],
        seccompProfile: { type: 'Localhost', localhostProfile: 'tight.json' },
      },
      containers: [
        {
          name: 'c',
          image: 'nginx:1',
          ports: [{ containerPort: 80, hostPort: 8080, hostIP: '192.0.2.1' }, { containerPort: 81 }],
          resources: { requests: { cpu: '100m', memory: '64Mi' } },
        },
      ],
    });
    golden('sandbox', sandboxConfig(pod, sandboxFacts));
  });

  it("of a pod in the host's network has no hostname and maps no port", () => {
    const pod = podOf({
      hostNetwork: true,
      hostPID: true,
      containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort: 80 }] }],
    });
    const config = sandboxConfig(pod, sandboxFacts);
    expect(config).toMatchObject({ hostname: '', portMappings: [] });
    expect(config.linux?.securityContext?.namespaceOptions).toEqual({ network: 2, ipc: 0, pid: 2 });
  });

  it.each([
    [{ hostUsers: false }, 'spec.hostUsers: false'],
    [{ runtimeClassName: 'vm' }, 'RuntimeClass "vm" is not supported'],
    [{ setHostnameAsFQDN: true }, 'spec.setHostnameAsFQDN is not supported'],
  ])('is refused by name for %j', (spec, message) => {
    expect(() => sandboxConfig(podOf(spec), sandboxFacts)).toThrow(message);
  });
});

describe('a container for CRI', () => {
  it('with all that a container can be told', () => {
    const pod = podOf({
      securityContext: { fsGroup: 3000, runAsNonRoot: true },
      terminationGracePeriodSeconds: 5,
      containers: [
        {
          name: 'c',
          image: 'nginx:1',
          command: ['echo', 'hello $(NAME)'],
          args: ['$$(NAME)', '$(NOBODY)'],
          workingDir: '/srv',
          stdin: true,
          tty: true,
          ports: [{ containerPort: 80 }],
          securityContext: {
            runAsUser: 1000,
            readOnlyRootFilesystem: true,
            allowPrivilegeEscalation: false,
            capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
            seccompProfile: { type: 'RuntimeDefault' },
          },
          lifecycle: { preStop: { exec: { command: ['sync'] } } },
        },
      ],
    });
    golden('container', containerConfig(pod, pod.spec.containers[0]!, containerFacts));
  });

  it("takes the image's user where the spec names none", () => {
    const pod = podOf({});
    const user = (facts: object) => {
      const made = containerConfig(pod, pod.spec.containers[0]!, { ...containerFacts, image: { ...image, ...facts } });
      return [made.linux?.securityContext?.runAsUser?.value, made.linux?.securityContext?.runAsUsername];
    };
    expect(user({ uid: { value: 101n } })).toEqual([101n, '']);
    expect(user({ username: 'nginx' })).toEqual([undefined, 'nginx']);
  });

  it.each([
    [{ runAsUser: 0 }, {}, `container's runAsUser breaks non-root policy (pod: "web_shop(u-1)", container: c)`],
    [
      {},
      { uid: { value: 0n } },
      'container has runAsNonRoot and image will run as root (pod: "web_shop(u-1)", container: c)',
    ],
    [{}, {}, 'container has runAsNonRoot and image will run as root (pod: "web_shop(u-1)", container: c)'],
    [
      {},
      { username: 'nginx' },
      'container has runAsNonRoot and image has non-numeric user (nginx), cannot verify user is non-root (pod: "web_shop(u-1)", container: c)',
    ],
  ])('may not run as root where that is forbidden: %j, image %j', (context, facts, message) => {
    const pod = podOf({ containers: [{ name: 'c', image: 'i', securityContext: { runAsNonRoot: true, ...context } }] });
    const make = () =>
      containerConfig(pod, pod.spec.containers[0]!, { ...containerFacts, image: { ...image, ...facts } });
    expect(make).toThrow(SecurityError);
    expect(make).toThrow(message);
  });

  it('is not made of a container whose end is to restart all others', () => {
    const rule = { action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [42] } };
    const pod = podOf({
      containers: [{ name: 'c', image: 'nginx:1', restartPolicy: 'Never', restartPolicyRules: [rule] }],
    });
    expect(() => containerConfig(pod, pod.spec.containers[0]!, containerFacts)).toThrow(
      'restartPolicyRules of container "c": RestartAllContainers is not supported',
    );
  });
});
