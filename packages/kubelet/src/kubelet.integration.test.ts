import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lease as leaseKind } from '@coracle/api/coordination/v1/lease';
import { configMap as configMapKind } from '@coracle/api/core/v1/configmap';
import { node as nodeKind } from '@coracle/api/core/v1/node';
import { pod as podKind } from '@coracle/api/core/v1/pod';
import { secret as secretKind } from '@coracle/api/core/v1/secret';
import { service as serviceKind } from '@coracle/api/core/v1/service';
import type { Service } from '@coracle/api/types/core/v1';
import { startApiServer, type TestServer } from '@coracle/apiserver/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ApiBridge, bridgeApi } from './testing/cluster.ts';
import { namedUserImage, startContainerd, type TestContainerd, testImage } from './testing/containerd.ts';
import { eventually } from './testing/eventually.ts';
import { startKubelet, type TestKubelet } from './testing/kubelet.ts';
import { shell, statusOf, staying, type TestPods, testPods } from './testing/pods.ts';

let containerd: TestContainerd;
let api: TestServer;
let bridge: ApiBridge;
let kubelet: TestKubelet;
let pods: TestPods;

const log = async (pod: string, container = 'main', query = ''): Promise<string> =>
  (await kubelet.get(`/containerLogs/default/${pod}/${container}${query}`)).body;

/** Waits until a container has written its last line. */
const logOf = (pod: string, container = 'main', last = 'done'): Promise<string> =>
  eventually(`log of ${pod}/${container}`, async () => {
    const text = await log(pod, container);
    if (!text.includes(last)) throw new Error(text);
    return text;
  });

beforeAll(async () => {
  containerd = await startContainerd();
  api = await startApiServer();
  bridge = await bridgeApi(containerd, api.config);
  kubelet = await startKubelet(containerd, { kubeconfig: bridge.kubeconfig, apiPort: bridge.port });
  pods = testPods(api.client, 'node-1');
});

afterAll(async () => {
  if (process.env['KUBELET_LOG']) writeFileSync(process.env['KUBELET_LOG'], kubelet?.logs() ?? '');
  await kubelet?.close();
  await bridge?.close();
  await api?.close();
  await containerd?.stop();
});

describe('the node', () => {
  it('registers, becomes ready and renews its lease', async () => {
    const node = await eventually('node ready', async () => {
      const found = await api.client.get(nodeKind, 'node-1');
      return found.status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True') && found;
    });
    expect(node.metadata.labels).toMatchObject({ 'kubernetes.io/hostname': 'node-1', 'kubernetes.io/os': 'linux' });
    expect(node.status?.capacity).toMatchObject({ pods: '110', memory: expect.stringMatching(/^\d+Ki$/) });
    expect(node.status?.nodeInfo).toMatchObject({
      containerRuntimeVersion: expect.stringMatching(/^containerd:\/\/1\./),
    });
    expect(node.status?.conditions?.map((each) => [each.type, each.status, each.reason])).toEqual([
      ['MemoryPressure', 'False', 'KubeletHasSufficientMemory'],
      ['DiskPressure', 'False', 'KubeletHasNoDiskPressure'],
      ['PIDPressure', 'False', 'KubeletHasSufficientPID'],
      ['Ready', 'True', 'KubeletReady'],
    ]);
    const lease = await eventually('lease', () => api.client.get(leaseKind, 'node-1', 'kube-node-lease'));
    expect(lease.spec).toMatchObject({ holderIdentity: 'node-1', leaseDurationSeconds: 40 });
  });
});

describe('environment and volumes', () => {
  let service: Service;

  beforeAll(async () => {
    const inDefault = (name: string) => ({ name, namespace: 'default' });
    await api.client.create(configMapKind, { metadata: inDefault('settings'), data: { color: 'blue', size: 'L' } });
    await api.client.create(secretKind, { metadata: inDefault('keys'), data: { token: btoa('s3cret') } });
    service = await api.client.create(serviceKind, {
      metadata: inDefault('front-end'),
      spec: { ports: [{ port: 80, name: 'http', protocol: 'TCP' }] },
    });
  });

  it('gives containers what their env asks for', async () => {
    await pods.create('env', {
      containers: [
        shell('main', `env; echo done; ${staying}`, {
          env: [
            { name: 'PLAIN', value: 'one' },
            { name: 'JOINED', value: '$(PLAIN)-$(COLOR)-$$(PLAIN)-$(NOBODY)' },
            { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } },
            { name: 'TWICE', value: '$(COLOR)$(COLOR)' },
            { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'keys', key: 'token' } } },
            { name: 'MISSING', valueFrom: { secretKeyRef: { name: 'keys', key: 'nothing', optional: true } } },
            { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
            { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
            { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
          ],
          envFrom: [{ prefix: 'CM_', configMapRef: { name: 'settings' } }],
          resources: { limits: { memory: '32Mi' } },
        }),
      ],
    });
    const pod = await pods.ready('env');
    const text = await logOf('env');
    const lines = text.split('\n');
    const clusterIp = service.spec?.clusterIP;
    expect(lines).toEqual(
      expect.arrayContaining([
        'PLAIN=one',
        'JOINED=one-$(COLOR)-$(PLAIN)-$(NOBODY)',
        'COLOR=blue',
        'TWICE=blueblue',
        'TOKEN=s3cret',
        `POD_IP=${pod.status?.podIP}`,
        'NODE=node-1',
        'MEMORY=32',
        'CM_color=blue',
        'CM_size=L',
        `FRONT_END_SERVICE_HOST=${clusterIp}`,
        'FRONT_END_SERVICE_PORT_HTTP=80',
        `FRONT_END_PORT=tcp://${clusterIp}:80`,
      ]),
    );
    expect(text).not.toContain('MISSING=');
    await pods.delete('env');
  });

  it('mounts every kind of volume, with modes, groups and sub-paths', async () => {
    const host = join(containerd.folder, 'host-data');
    await pods.create(
      'volumes',
      {
        securityContext: { fsGroup: 2000, runAsUser: 1000, runAsGroup: 1000 },
        containers: [
          shell(
            'main',
            `id -G; stat -c '%a %g' /scratch /memory; df -h /memory | tail -1 | awk '{print $2}'; cat /config/only; stat -L -c '%a' /config/only
            cat /secret/token; echo; awk '$2=="/secret"{print $3}' /proc/mounts; cat /down/labels; echo; cat /all/a/color /all/b/token /all/name; echo
            cat /one-file; echo; ls /sub; touch /host/written; (echo x > /config/only) 2>/dev/null || echo readonly; echo done; ${staying}`,
            {
              volumeMounts: [
                { name: 'scratch', mountPath: '/scratch' },
                { name: 'memory', mountPath: '/memory' },
                { name: 'config', mountPath: '/config', readOnly: true },
                { name: 'config', mountPath: '/one-file', subPath: 'only' },
                { name: 'secret', mountPath: '/secret' },
                { name: 'down', mountPath: '/down' },
                { name: 'all', mountPath: '/all' },
                { name: 'host', mountPath: '/host' },
                { name: 'host', mountPath: '/sub', subPathExpr: 'logs/$(POD)' },
              ],
              env: [{ name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
            },
          ),
        ],
        initContainers: [
          shell('prepare', 'chmod 777 /host; mkdir -p /host/logs/volumes; touch /host/logs/volumes/inner', {
            volumeMounts: [{ name: 'host', mountPath: '/host' }],
            securityContext: { runAsUser: 0 },
          }),
        ],
        volumes: [
          { name: 'scratch', emptyDir: {} },
          { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '2Mi' } },
          { name: 'config', configMap: { name: 'settings', items: [{ key: 'color', path: 'only', mode: 0o440 }] } },
          { name: 'secret', secret: { secretName: 'keys', defaultMode: 0o400 } },
          { name: 'down', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
          {
            name: 'all',
            projected: {
              sources: [
                { configMap: { name: 'settings', items: [{ key: 'color', path: 'a/color' }] } },
                { secret: { name: 'keys', items: [{ key: 'token', path: 'b/token' }] } },
                { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
              ],
            },
          },
          { name: 'host', hostPath: { path: host, type: 'DirectoryOrCreate' } },
        ],
      },
      { labels: { app: 'volumes' } },
    );
    const text = await logOf('volumes');
    expect(text.split('\n').map((line) => line.trim())).toEqual([
      '1000 2000',
      '2777 2000',
      '2777 2000',
      '2.0M',
      'blue440',
      's3cret',
      'tmpfs',
      'app="volumes"',
      'blues3cretvolumes',
      'blue',
      'inner',
      'readonly',
      'done',
      '',
    ]);
    expect(existsSync(join(host, 'written'))).toBe(true);
    await pods.delete('volumes');
    expect(existsSync(join(host, 'written'))).toBe(true);
  });

  it('tells what is missing and goes on once it is there', async () => {
    await pods.create('late', {
      containers: [
        shell('main', `echo $VALUE; echo done; ${staying}`, {
          env: [{ name: 'VALUE', valueFrom: { configMapKeyRef: { name: 'late', key: 'value' } } }],
        }),
      ],
    });
    const waiting = await pods.until(
      'late',
      'CreateContainerConfigError',
      (pod) => statusOf(pod).state?.waiting?.reason === 'CreateContainerConfigError',
    );
    expect(statusOf(waiting).state?.waiting?.message).toBe('configmap "late" not found');
    await pods.event('late', 'Failed', 'Error: configmap "late" not found');
    await api.client.create(configMapKind, {
      metadata: { name: 'late', namespace: 'default' },
      data: { value: 'here' },
    });
    expect(await logOf('late')).toContain('here');
    await pods.delete('late');
  });

  it('brings changes of a ConfigMap to running pods', async () => {
    await pods.create('follows', {
      containers: [
        shell(
          'main',
          `cat /config/color; until grep -q green /config/color; do sleep 0.1; done; cat /config/color; echo; echo done; ${staying}`,
          {
            volumeMounts: [{ name: 'config', mountPath: '/config' }],
          },
        ),
      ],
      volumes: [{ name: 'config', configMap: { name: 'settings' } }],
    });
    await pods.ready('follows');
    await api.client.patch(configMapKind, 'settings', 'default', { type: 'merge', body: { data: { color: 'green' } } });
    expect(await logOf('follows')).toBe('bluegreen\ndone\n');
    await pods.delete('follows');
  });

  it('refuses volume types it does not know', async () => {
    await pods.create('nfs', { volumes: [{ name: 'data', nfs: { server: 'files', path: '/' } }] });
    await pods.event(
      'nfs',
      'FailedMount',
      'MountVolume.SetUp failed for volume "data" : volumes of type nfs are not supported',
    );
    await pods.delete('nfs');
  });
});

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
          startupProbe: { exec: { command: ['cat', '/tmp/alive'] }, periodSeconds: 1 },
          livenessProbe: { exec: { command: ['cat', '/tmp/alive'] }, periodSeconds: 1, failureThreshold: 1 },
          readinessProbe: { exec: { command: ['cat', '/tmp/ready'] }, periodSeconds: 1, failureThreshold: 1 },
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

describe('the end of a pod', () => {
  it('runs hooks and leaves nothing behind', async () => {
    const marks = join(containerd.folder, 'marks');
    await pods.create('hooked', {
      terminationGracePeriodSeconds: 20,
      containers: [
        shell('main', `trap "echo term >> /marks/log; exit 0" TERM; sleep 1000 & wait`, {
          lifecycle: {
            postStart: { exec: { command: ['sh', '-c', 'echo start >> /marks/log'] } },
            preStop: { exec: { command: ['sh', '-c', 'echo stop >> /marks/log'] } },
          },
          volumeMounts: [{ name: 'marks', mountPath: '/marks' }],
        }),
      ],
      volumes: [{ name: 'marks', hostPath: { path: marks, type: 'DirectoryOrCreate' } }],
    });
    const pod = await pods.ready('hooked');
    await pods.delete('hooked');
    expect(readFileSync(join(marks, 'log'), 'utf8')).toBe('start\nstop\nterm\n');
    await eventually('nothing left', async () => {
      const { containers } = await containerd.cri.runtime.listContainers({});
      const { items } = await containerd.cri.runtime.listPodSandbox({});
      const mine = [...containers, ...items].filter(
        (each) => each.labels['io.kubernetes.pod.uid'] === pod.metadata.uid,
      );
      return (
        mine.length === 0 &&
        !existsSync(join(kubelet.rootDir, 'pods', pod.metadata.uid!)) &&
        !readdirSync(kubelet.podLogs).some((name) => name.includes('hooked'))
      );
    });
  });

  it('comes when its time is over', async () => {
    await pods.create('short', { activeDeadlineSeconds: 1 });
    const pod = await pods.until('short', 'Failed', (each) => each.status?.phase === 'Failed');
    expect(pod.status).toMatchObject({
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    });
    await pods.delete('short');
  });

  it('comes when it uses more disk than it may', async () => {
    await pods.create('greedy', {
      containers: [
        shell('main', `dd if=/dev/zero of=/scratch/big bs=1M count=4; ${staying}`, {
          volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
        }),
      ],
      volumes: [{ name: 'scratch', emptyDir: { sizeLimit: '1Mi' } }],
    });
    const message = 'Usage of EmptyDir volume "scratch" exceeds the limit "1Mi". ';
    await pods.event('greedy', 'Evicted', message);
    const pod = await pods.until('greedy', 'Failed', (each) => each.status?.phase === 'Failed');
    expect(pod.status).toMatchObject({ reason: 'Evicted', message });
    expect(pod.status?.conditions?.find((each) => each.type === 'DisruptionTarget')).toMatchObject({
      status: 'True',
      reason: 'TerminationByKubelet',
    });
    await pods.delete('greedy');
  });

  it('comes at once for what does not fit', async () => {
    await pods.create('huge', { containers: [shell('main', 'true', { resources: { requests: { cpu: '1000' } } })] });
    const pod = await pods.until('huge', 'Failed', (each) => each.status?.phase === 'Failed');
    expect(pod.status?.reason).toBe('OutOfcpu');
    expect(pod.status?.message).toMatch(
      /^Pod was rejected: Node didn't have enough resource: cpu, requested: 1000000, used: 0, capacity: \d+$/,
    );
    await pods.delete('huge');
  });

  it('is taken by labels that the node has only just got', async () => {
    await api.client.patch(nodeKind, 'node-1', undefined, {
      type: 'merge',
      body: { metadata: { labels: { disk: 'fast' } } },
    });
    await pods.create('drawn', { nodeSelector: { disk: 'fast' } });
    await pods.ready('drawn');
    await pods.delete('drawn');
    await pods.create('choosy', { nodeSelector: { disk: 'slow' } });
    const refused = await pods.until('choosy', 'Failed', (each) => each.status?.phase === 'Failed');
    expect(refused.status).toMatchObject({ reason: 'NodeAffinity' });
    expect(refused.status?.containerStatuses).toBeUndefined();
    await pods.delete('choosy');
  });
});

describe('restarts', () => {
  it('of kubelet and runtime restart no container', async () => {
    await pods.create('steady', {});
    const before = statusOf(await pods.ready('steady'));
    await kubelet.stop();
    await kubelet.start();
    await containerd.restart();
    await api.client.patch(nodeKind, 'node-1', undefined, {
      type: 'merge',
      body: { metadata: { labels: { seen: 'yes' } } },
    });
    await pods.create('after', {});
    await pods.ready('after');
    const after = statusOf(await pods.ready('steady'));
    expect(after.containerID).toBe(before.containerID);
    expect(after.restartCount).toBe(0);
    expect(after.state).toEqual(before.state);
    await pods.delete('after');
    await pods.delete('steady');
  });

  it('of the kubelet take no ready pod out of its Services', async () => {
    const readinessProbe = { exec: { command: ['true'] }, periodSeconds: 1, initialDelaySeconds: 2 };
    await api.client.create(configMapKind, { metadata: { name: 'probed', namespace: 'default' }, data: { a: 'b' } });
    const volumeMounts = [{ name: 'files', mountPath: '/files' }];
    const names = ['probed-1', 'probed-2', 'probed-3'];
    for (const name of names) {
      await pods.create(name, {
        containers: [shell('main', staying, { readinessProbe, volumeMounts })],
        volumes: [{ name: 'files', configMap: { name: 'probed' } }],
      });
    }
    for (const name of names) await pods.ready(name);
    const { metadata } = await api.client.list(podKind, { namespace: 'default', limit: 1 });
    const seen: (boolean | undefined)[] = [];
    const stop = new AbortController();
    const watching = (async () => {
      const { resourceVersion } = metadata as { resourceVersion: string };
      const changes = api.client.watch(podKind, { namespace: 'default', resourceVersion, signal: stop.signal });
      for await (const { type, object } of changes) {
        const { name, deletionTimestamp } = object.metadata;
        if (type === 'MODIFIED' && names.includes(name!) && !deletionTimestamp) seen.push(statusOf(object).ready);
      }
    })().catch((error) => {
      if (!stop.signal.aborted) throw error;
    });
    await kubelet.stop();
    await kubelet.start();
    await pods.create('later', {});
    await pods.ready('later');
    for (const name of [...names, 'later']) await pods.delete(name);
    await api.client.delete(configMapKind, 'probed', 'default');
    stop.abort();
    await watching;
    expect(seen).not.toContain(false);
  });

  it('of the API server are survived: what runs is kept running, and told later', async () => {
    await pods.create('alone', {});
    const id = statusOf(await pods.ready('alone')).containerID!.replace('containerd://', '');
    await bridge.close();
    await containerd.cri.runtime.stopContainer({ containerId: id, timeout: 0n });
    await eventually('another container', async () => {
      const { containers } = await containerd.cri.runtime.listContainers({ filter: { state: { state: 1 } } });
      return containers.some((each) => each.labels['io.kubernetes.pod.name'] === 'alone' && each.id !== id);
    });
    bridge = await bridgeApi(containerd, api.config);
    await pods.until('alone', 'restarted', (pod) => statusOf(pod).restartCount === 1 && statusOf(pod).ready);
    await pods.delete('alone');
  });

  it('end the containers of pods that the API has forgotten meanwhile, as after a restore of its state', async () => {
    await pods.create('forgotten', {});
    await pods.create('known', {});
    await pods.ready('forgotten');
    const known = statusOf(await pods.ready('known'));
    await kubelet.stop();
    await pods.delete('forgotten', 0);
    await kubelet.start();
    await eventually('no sandbox of it', async () => {
      const { items } = await containerd.cri.runtime.listPodSandbox({});
      const names = items.map((each) => each.metadata?.name);
      if (names.includes('forgotten')) throw new Error(names.join(', '));
      return true;
    });
    expect(statusOf(await pods.ready('known'))).toEqual(known);
    await pods.delete('known');
  });

  it('of the control plane may have marked pods as not ready, which is put right', async () => {
    await pods.create('doubted', {});
    const pod = await pods.ready('doubted');
    const conditions = pod.status!.conditions!.map((each) =>
      each.type === 'Ready' ? { ...each, status: 'False' } : each,
    );
    const marked = await api.client.updateStatus(podKind, { ...pod, status: { ...pod.status, conditions } });
    await pods.until(
      'doubted',
      'ready again',
      (it) =>
        Number(it.metadata.resourceVersion) > Number(marked.metadata.resourceVersion) &&
        it.status?.conditions?.find((each) => each.type === 'Ready')?.status === 'True',
    );
    await pods.delete('doubted');
  });

  it('follow the death of a container and of a sandbox', async () => {
    await pods.create('mortal', {});
    const pod = await pods.ready('mortal');
    const id = statusOf(pod).containerID!.replace('containerd://', '');
    await containerd.cri.runtime.stopContainer({ containerId: id, timeout: 0n });
    const restarted = await pods.until(
      'mortal',
      'restarted',
      (each) => statusOf(each).restartCount === 1 && statusOf(each).ready,
    );
    const { items } = await containerd.cri.runtime.listPodSandbox({});
    const sandbox = items.find((each) => each.labels['io.kubernetes.pod.uid'] === pod.metadata.uid);
    await containerd.cri.runtime.stopPodSandbox({ podSandboxId: sandbox!.id });
    await pods.event('mortal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
    const anew = await pods.until(
      'mortal',
      'in a new sandbox',
      (each) => statusOf(each).ready && each.status?.podIP !== restarted.status?.podIP,
    );
    expect(statusOf(anew).restartCount).toBe(2);
    await pods.delete('mortal');
  });
});

describe('static pods', () => {
  const manifest = (name: string, script: string): string =>
    `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\nspec:\n  terminationGracePeriodSeconds: 1\n  containers:\n  - name: main\n    image: ${testImage}\n    command: [sh, -c, '${script}']\n`;

  it('run from files, are mirrored in the API and follow their file', async () => {
    const file = join(kubelet.manifests, 'static.yaml');
    writeFileSync(file, manifest('static', `echo one; ${staying.replace('exit 0', 'exit')}`));
    const mirror = await pods.ready('static-node-1');
    expect(mirror.metadata.annotations).toMatchObject({
      'kubernetes.io/config.source': 'file',
      'kubernetes.io/config.mirror': expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    expect(mirror.metadata.ownerReferences).toMatchObject([{ kind: 'Node', name: 'node-1' }]);
    await api.client.delete(podKind, 'static-node-1', 'default', {
      gracePeriodSeconds: 0,
    });
    const again = await pods.until(
      'static-node-1',
      'mirrored again',
      (each) => each.metadata.uid !== mirror.metadata.uid && each.status?.containerStatuses,
    );
    expect(statusOf(again).containerID).toBe(statusOf(mirror).containerID);
    writeFileSync(file, manifest('static', `echo two; ${staying.replace('exit 0', 'exit')}`));
    await pods.until(
      'static-node-1',
      'changed',
      (each) =>
        each.status?.containerStatuses &&
        statusOf(each).ready &&
        statusOf(each).containerID !== statusOf(mirror).containerID,
    );
    rmSync(file);
    await eventually('mirror gone', async () => (await pods.get('static-node-1')) === undefined);
  });

  it('of version v1beta3 are refused by file and version, and stop no others', async () => {
    const old = join(kubelet.manifests, 'a-old.yaml');
    writeFileSync(old, manifest('old', 'true').replace('apiVersion: v1', 'apiVersion: v1beta3'));
    writeFileSync(join(kubelet.manifests, 'b-broken.yaml'), 'kind: [');
    writeFileSync(join(kubelet.manifests, 'c-good.yaml'), manifest('good', staying.replace('"exit 0"', 'exit')));
    await pods.ready('good-node-1');
    await eventually('refusal in the log', () =>
      kubelet.logs().includes(`${old}: no kind \\"Pod\\" is registered for version \\"v1beta3\\"`),
    );
    expect(kubelet.logs()).toContain("b-broken.yaml: couldn't parse as pod");
    for (const name of ['a-old.yaml', 'b-broken.yaml', 'c-good.yaml']) rmSync(join(kubelet.manifests, name));
    await eventually('mirror gone', async () => (await pods.get('good-node-1')) === undefined);
  });
});

describe('in the end', () => {
  it('no mount, cgroup, folder, log or container is left', async () => {
    await eventually('nothing left', async () => {
      const { items } = await containerd.cri.runtime.listPodSandbox({});
      const mounts = await containerd.exec('cat', '/proc/mounts');
      const groups = readdirSync(`/sys/fs/cgroup/memory${containerd.cgroupRoot}/kubepods/besteffort`).filter((name) =>
        name.startsWith('pod'),
      );
      const left = {
        sandboxes: items.length,
        mounts: mounts.split('\n').filter((line) => line.includes(`${kubelet.rootDir}/pods`)),
        folders: readdirSync(join(kubelet.rootDir, 'pods')),
        logs: readdirSync(kubelet.podLogs),
        links: (await containerd.exec('ls', '/var/log/containers')).trim(),
        groups,
      };
      const clean =
        JSON.stringify(left) ===
        JSON.stringify({ sandboxes: 0, mounts: [], folders: [], logs: [], links: '', groups: [] });
      if (!clean) throw new Error(JSON.stringify(left));
      return true;
    });
  });
});
