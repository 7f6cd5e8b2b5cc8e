import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { namedUserImage, type TestContainerd } from './testing/containerd.ts';
import { inTheEnd, startNode, type TestNode } from './testing/node.ts';
import { shell, statusOf, staying, type TestPods } from './testing/pods.ts';

let node: TestNode;
let containerd: TestContainerd;
let log: TestNode['log'];
let logOf: TestNode['logOf'];
let pods: TestPods;
beforeAll(async () => {
  node = await startNode();
  ({ containerd, log, logOf, pods } = node);
});
afterAll(() => node?.close());

describe('containers', () => {
  it('run init containers in order, sidecars beside, and share network and hostname', async () => {
    await pods.create('ordered', {
      subdomain: 'sub',
      initContainers: [
        shell('first', 'echo first >> /work/order', { volumeMounts: [{ name: 'work', mountPath: '/work' }] }),
        shell('side', `echo side >> /work/order; ${staying}`, {
          restartPolicy: 'Always',
          volumeMounts: [{ name: 'work', mountPath: '/work' }],
        }),
        shell('last', 'echo last >> /work/order', { volumeMounts: [{ name: 'work', mountPath: '/work' }] }),
      ],
      containers: [
        shell('server', `cp /work/order /www; httpd -f -p 8080 -h /www`, {
          volumeMounts: [
            { name: 'work', mountPath: '/work' },
            { name: 'www', mountPath: '/www' },
          ],
        }),
        shell(
          'main',
          `until wget -qO- http://localhost:8080/order 2>/dev/null; do sleep 0.1; done; hostname; grep ordered /etc/hosts; cat /etc/resolv.conf; echo done; ${staying}`,
        ),
      ],
      volumes: [
        { name: 'work', emptyDir: {} },
        { name: 'www', emptyDir: {} },
      ],
    });
    const pod = await pods.ready('ordered');
    const text = await logOf('ordered');
    expect(text).toBe(
      [
        'first\nside\nlast\nordered',
        `${pod.status?.podIP}\tordered.sub.default.svc.cluster.local\tordered`,
        'search default.svc.cluster.local svc.cluster.local cluster.local example.org',
        'nameserver 10.96.0.10',
        'options ndots:5',
        'done\n',
      ].join('\n'),
    );
    expect(pod.status?.initContainerStatuses?.map((each) => [each.name, each.ready, each.started])).toEqual([
      ['first', true, false],
      ['side', true, true],
      ['last', true, false],
    ]);
    await pods.delete('ordered');
  });

  it('may be DNS servers as ordinary users: port 53 without a capability, and the names of the node', async () => {
    await pods.create('server', {
      dnsPolicy: 'Default',
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65_532,
        sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }],
      },
      containers: [
        shell('main', 'cat /etc/resolv.conf; echo done; exec httpd -f -p 53 -h /etc', {
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          readinessProbe: { httpGet: { path: '/hostname', port: 53 }, periodSeconds: 1 },
        }),
      ],
    });
    await pods.ready('server');
    expect(await logOf('server')).toBe('search example.org\nnameserver 10.88.0.1\ndone\n');
    await pods.delete('server');
  });

  it('that fail are restarted with back-off, and leave message and log', async () => {
    await pods.create('crash', {
      containers: [shell('main', 'echo try; echo sorry > /dev/termination-log; exit 3')],
    });
    const pod = await pods.until(
      'crash',
      'CrashLoopBackOff',
      (each) => statusOf(each).state?.waiting?.reason === 'CrashLoopBackOff',
    );
    const status = statusOf(pod);
    expect(status.restartCount).toBe(1);
    expect(status.state?.waiting?.message).toBe(
      `back-off 10s restarting failed container=main pod=crash_default(${pod.metadata.uid})`,
    );
    expect(status.lastState?.terminated).toMatchObject({ exitCode: 3, reason: 'Error', message: 'sorry\n' });
    expect(pod.status?.phase).toBe('Running');
    await pods.event('crash', 'BackOff', 'Back-off restarting failed container main in pod crash_default');
    expect(await log('crash', 'main', '?previous=true')).toBe('try\n');
    await pods.delete('crash');
  });

  it('that end by their policy end the pod', async () => {
    await pods.create('job', { restartPolicy: 'Never', containers: [shell('main', 'echo bye; exit 0')] });
    await pods.create('failed', {
      restartPolicy: 'Never',
      containers: [shell('main', 'echo last words; exit 1', { terminationMessagePolicy: 'FallbackToLogsOnError' })],
    });
    const job = await pods.until('job', 'Succeeded', (pod) => pod.status?.phase === 'Succeeded');
    expect(job.status?.conditions?.find((each) => each.type === 'Ready')).toMatchObject({
      status: 'False',
      reason: 'PodCompleted',
    });
    expect(statusOf(job).state?.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' });
    const failed = await pods.until('failed', 'Failed', (pod) => pod.status?.phase === 'Failed');
    expect(statusOf(failed).state?.terminated).toMatchObject({ exitCode: 1, reason: 'Error', message: 'last words\n' });
    expect(await log('job')).toBe('bye\n');
    await pods.delete('job');
    await pods.delete('failed');
  });

  it('whose image cannot be had say why', async () => {
    await pods.create('never', {
      containers: [{ name: 'main', image: 'docker.io/library/missing:1', imagePullPolicy: 'Never' }],
    });
    await pods.create('pull', { containers: [{ name: 'main', image: 'registry.invalid/missing:1' }] });
    await pods.create('bad', { containers: [{ name: 'main', image: 'Not/An:image:name' }] });
    const never = await pods.until(
      'never',
      'ErrImageNeverPull',
      (pod) => statusOf(pod).state?.waiting?.reason === 'ErrImageNeverPull',
    );
    expect(statusOf(never).state?.waiting?.message).toBe(
      'Container image "docker.io/library/missing:1" is not present with pull policy of Never',
    );
    const pull = await pods.until(
      'pull',
      'ImagePullBackOff',
      (pod) => statusOf(pod).state?.waiting?.reason === 'ImagePullBackOff',
    );
    expect(statusOf(pull).state?.waiting?.message).toMatch(
      /^Back-off pulling image "registry.invalid\/missing:1": ErrImagePull: /,
    );
    await pods.event('pull', 'Failed', 'Failed to pull image "registry.invalid/missing:1"');
    await pods.until('bad', 'InvalidImageName', (pod) => statusOf(pod).state?.waiting?.reason === 'InvalidImageName');
    for (const name of ['never', 'pull', 'bad']) await pods.delete(name);
  });

  it('run as their security context says', async () => {
    await pods.create('root', {
      containers: [shell('main', 'id', { securityContext: { runAsNonRoot: true, runAsUser: 0 } })],
    });
    await pods.create('named', {
      containers: [{ name: 'main', image: namedUserImage, command: ['id'], securityContext: { runAsNonRoot: true } }],
    });
    await pods.create('narrow', {
      containers: [
        shell(
          'main',
          `id -u; touch /x 2>/dev/null || echo readonly; grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status; echo done; ${staying}`,
          {
            securityContext: {
              runAsUser: 1234,
              readOnlyRootFilesystem: true,
              allowPrivilegeEscalation: false,
              capabilities: { drop: ['ALL'] },
              seccompProfile: { type: 'RuntimeDefault' },
            },
          },
        ),
      ],
    });
    const root = await pods.until(
      'root',
      'CreateContainerConfigError',
      (pod) => statusOf(pod).state?.waiting?.reason === 'CreateContainerConfigError',
    );
    expect(statusOf(root).state?.waiting?.message).toBe(
      `container's runAsUser breaks non-root policy (pod: "root_default(${root.metadata.uid})", container: main)`,
    );
    const named = await pods.until(
      'named',
      'CreateContainerConfigError',
      (pod) => statusOf(pod).state?.waiting?.reason === 'CreateContainerConfigError',
    );
    expect(statusOf(named).state?.waiting?.message).toContain(
      'image has non-numeric user (guest), cannot verify user is non-root',
    );
    const text = await logOf('narrow');
    expect(text).toMatch(/^1234\nreadonly\nCapEff:\s+0000000000000000\nNoNewPrivs:\s+1\nSeccomp:\s+2\ndone\n$/);
    for (const name of ['root', 'named', 'narrow']) await pods.delete(name);
  });

  it('are limited by their resources', async () => {
    await pods.create('limited', {
      containers: [
        shell(
          'main',
          `cat /sys/fs/cgroup/cpu/cpu.shares /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/memory/memory.limit_in_bytes; echo done; ${staying}`,
          {
            resources: { requests: { cpu: '250m', memory: '16Mi' }, limits: { cpu: '500m', memory: '32Mi' } },
          },
        ),
      ],
    });
    expect(await logOf('limited')).toBe('256\n50000\n33554432\ndone\n');
    const pod = await pods.get('limited');
    const cgroup = `/sys/fs/cgroup/memory${containerd.cgroupRoot}/kubepods/burstable/pod${pod?.metadata.uid}`;
    expect(readFileSync(join(cgroup, 'memory.limit_in_bytes'), 'utf8').trim()).toBe('33554432');
    await pods.delete('limited');
    expect(existsSync(cgroup)).toBe(false);
  });
});

describe('probes', () => {
  it('restart what is not alive and hold back what is not ready', async () => {
    await pods.create('probed', {
      containers: [
        shell('main', `touch /tmp/alive /tmp/ready; ${staying}`, {
          startupProbe: { exec: { command: ['cat', '/tmp/alive'] }, periodSeconds: 1, timeoutSeconds: 30 },
          livenessProbe: {
            exec: { command: ['cat', '/tmp/alive'] },
            periodSeconds: 1,
            failureThreshold: 1,
            timeoutSeconds: 30,
          },
          readinessProbe: {
            exec: { command: ['cat', '/tmp/ready'] },
            periodSeconds: 1,
            failureThreshold: 1,
            timeoutSeconds: 30,
          },
        }),
      ],
    });
    const pod = await pods.ready('probed');
    const exec = (script: string) =>
      containerd.cri.runtime.execSync({
        containerId: statusOf(pod).containerID!.replace('containerd://', ''),
        cmd: ['sh', '-c', script],
        timeout: 5n,
      });
    await exec('rm /tmp/ready');
    await pods.until('probed', 'not ready', (each) => !statusOf(each).ready);
    await pods.event('probed', 'Unhealthy', "Readiness probe failed: cat: can't open '/tmp/ready'");
    await exec('rm /tmp/alive');
    await pods.event('probed', 'Killing', 'Container main failed liveness probe, will be restarted');
    const again = await pods.until(
      'probed',
      'restarted',
      (each) => statusOf(each).restartCount === 1 && statusOf(each).ready,
    );
    expect(statusOf(again).lastState?.terminated).toBeDefined();
    await pods.delete('probed');
  });

  it('ask by HTTP and TCP', async () => {
    const httpd = (port: number) => `httpd -p ${port} -h /; ${staying}`;
    await pods.create('web', {
      containers: [
        shell('main', httpd(80), {
          ports: [{ containerPort: 80, name: 'web' }],
          readinessProbe: { httpGet: { path: '/etc/hosts', port: 'web' }, periodSeconds: 1 },
        }),
        shell('tcp', httpd(81), { readinessProbe: { tcpSocket: { port: 81 }, periodSeconds: 1 } }),
        shell('wrong', httpd(82), { readinessProbe: { httpGet: { path: '/nothing', port: 82 }, periodSeconds: 1 } }),
        shell('closed', staying, { readinessProbe: { tcpSocket: { port: 83 }, periodSeconds: 1 } }),
      ],
    });
    const pod = await pods.until(
      'web',
      'two ready',
      (each) => statusOf(each, 'main').ready && statusOf(each, 'tcp').ready,
    );
    await pods.event('web', 'Unhealthy', 'Readiness probe failed: HTTP probe failed with statuscode: 404');
    await pods.event(
      'web',
      'Unhealthy',
      `Readiness probe failed: dial tcp ${pod.status?.podIP}:83: connect: connection refused`,
    );
    expect(pod.status?.conditions?.find((each) => each.type === 'ContainersReady')).toMatchObject({
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [wrong closed]',
    });
    await pods.delete('web');
  });
});

inTheEnd(() => node);
