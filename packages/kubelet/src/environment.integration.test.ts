import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { configMap as configMapKind } from '@coracle/api/core/v1/configmap';
import { secret as secretKind } from '@coracle/api/core/v1/secret';
import { service as serviceKind } from '@coracle/api/core/v1/service';
import type { Service } from '@coracle/api/types/core/v1';
import type { TestServer } from '@coracle/apiserver/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestContainerd } from './testing/containerd.ts';
import { inTheEnd, startNode, type TestNode } from './testing/node.ts';
import { shell, statusOf, staying, type TestPods } from './testing/pods.ts';

let node: TestNode;
let api: TestServer;
let containerd: TestContainerd;
let logOf: TestNode['logOf'];
let pods: TestPods;
beforeAll(async () => {
  node = await startNode();
  ({ api, containerd, logOf, pods } = node);
});
afterAll(() => node?.close());

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

inTheEnd(() => node);
