import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import type { Pod } from '@coracle/api/types/core/v1';
import { issueCertificate, makeAuthority } from '@coracle/process/pki';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { startContainerd, type TestContainerd, testImage } from '../testing/containerd.ts';
import { eventually } from '../testing/eventually.ts';
import { startKubelet, type TestKubelet } from '../testing/kubelet.ts';

let containerd: TestContainerd;
let kubelet: TestKubelet;
let who: { cert: string; key: string };

const manifest = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'main',
        image: testImage,
        command: ['sh', '-c', 'echo hello > /index.html; httpd -p 80 -h /; trap "exit 0" TERM; sleep 100000 & wait'],
        ports: [{ containerPort: 80, hostPort: 8088 }],
      },
      {
        name: 'talker',
        image: testImage,
        command: [
          'sh',
          '-c',
          'i=0; while true; do echo "line $i of a container that talks"; i=$((i+1)); sleep 0.05; done',
        ],
      },
      { name: 'echo', image: testImage, command: ['cat'], stdin: true },
    ],
  },
};

beforeAll(async () => {
  containerd = await startContainerd();
  const authority = await makeAuthority({ commonName: 'test-ca', days: 1 });
  const issued = await issueCertificate({ authority, commonName: 'admin', usages: ['client'], days: 1 });
  who = { cert: issued.certificate, key: issued.key };
  writeFileSync(join(containerd.folder, 'ca.crt'), authority.certificate);
  kubelet = await startKubelet(containerd, {
    config: {
      authentication: {
        anonymous: { enabled: false },
        webhook: { enabled: false },
        x509: { clientCAFile: join(containerd.folder, 'ca.crt') },
      },
      containerLogMaxSize: '2Ki',
      containerLogMaxFiles: 3,
      containerLogMonitorInterval: '200ms',
    },
  });
  writeFileSync(join(kubelet.manifests, 'web.json'), JSON.stringify(manifest));
  await eventually('pod ready', async () => (await ready()) !== undefined);
});

afterAll(async () => {
  await kubelet?.close();
  await containerd?.stop();
});

async function ready(): Promise<Pod | undefined> {
  const { items } = JSON.parse((await kubelet.get('/pods', who)).body) as { items: Pod[] };
  return items.find((each) => each.status?.conditions?.some((it) => it.type === 'Ready' && it.status === 'True'));
}

/** Opens a WebSocket of the remote command protocol; collects what comes on each channel. */
function open(path: string, protocol = 'v4.channel.k8s.io') {
  const socket = new WebSocket(`wss://kubelet${path}`, [protocol], {
    createConnection: () => tlsConnect({ path: kubelet.socket, rejectUnauthorized: false, ...who }),
  });
  const channels: Record<number, string> = {};
  socket.on('message', (data: Buffer) => {
    channels[data[0]!] = (channels[data[0]!] ?? '') + data.subarray(1).toString();
  });
  const opened = new Promise<void>((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return { socket, channels, opened, closed };
}

describe("the kubelet's server", () => {
  it('answers those it knows alone', async () => {
    expect(await kubelet.get('/pods')).toEqual({ status: 401, body: 'Unauthorized\n' });
    expect((await kubelet.get('/healthz', who)).body).toBe('ok');
    expect((await kubelet.get('/nothing', who)).status).toBe(404);
  });

  it('tells its configuration, its metrics and what pods use', async () => {
    expect(JSON.parse((await kubelet.get('/configz', who)).body)).toMatchObject({
      kubeletconfig: {
        kind: 'KubeletConfiguration',
        containerLogMonitorInterval: '200ms',
        clusterDomain: 'cluster.local',
      },
    });
    await eventually('one running pod', async () =>
      /^kubelet_running_pods 1$/m.test((await kubelet.get('/metrics', who)).body),
    );
    expect((await kubelet.get('/metrics/resource', who)).body).toMatch(
      /^container_memory_working_set_bytes\{container="main",namespace="default",pod="web-node-1"\} \d+$/m,
    );
    const summary = JSON.parse((await kubelet.get('/stats/summary', who)).body) as {
      node: { nodeName: string };
      pods: { podRef: { name: string }; containers: { name: string; memory: { workingSetBytes: number } }[] }[];
    };
    expect(summary.node.nodeName).toBe('node-1');
    const main = summary.pods
      .find((each) => each.podRef.name === 'web-node-1')
      ?.containers.find((each) => each.name === 'main');
    expect(main?.memory.workingSetBytes).toBeGreaterThan(0);
  });

  it('says why there is no log', async () => {
    expect(await kubelet.get('/containerLogs/default/nobody/main', who)).toEqual({
      status: 404,
      body: 'pod "nobody" does not exist\n',
    });
    expect(await kubelet.get('/containerLogs/default/web-node-1/nobody', who)).toEqual({
      status: 404,
      body: 'container "nobody" not found in pod "web-node-1"\n',
    });
    expect(await kubelet.get('/containerLogs/default/web-node-1/main?previous=true', who)).toEqual({
      status: 400,
      body: 'previous terminated container "main" in pod "web-node-1" not found\n',
    });
    expect((await kubelet.get('/containerLogs/default/web-node-1/main?tailLines=x', who)).status).toBe(400);
  });

  it('shows the logs of the node, and nothing else', async () => {
    const link = await kubelet.get('/logs/containers/', who);
    expect(link.body).toContain('web-node-1_default_main-');
    expect((await kubelet.get('/logs/none', who)).status).toBe(404);
    expect((await kubelet.get('/logs/..%2f..%2fetc%2fpasswd', who)).status).toBe(404);
  });

  it('runs commands in containers', async () => {
    const exec = open(
      '/exec/default/web-node-1/main?command=sh&command=-c&command=echo%20out%3B%20echo%20err%20%3E%262%3B%20exit%207&output=1&error=1',
    );
    await exec.closed;
    expect(exec.channels[1]).toBe('out\n');
    expect(exec.channels[2]).toBe('err\n');
    expect(JSON.parse(exec.channels[3]!)).toMatchObject({
      status: 'Failure',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '7' }] },
    });
  });

  it('passes input on, and attaches to what runs', async () => {
    const attach = open('/attach/default/web-node-1/echo?input=1&output=1');
    await attach.opened;
    attach.socket.send(Buffer.from('\u0000to and fro\n'));
    await eventually('the echo', () => attach.channels[1]?.includes('to and fro\n'));
    attach.socket.close();
    await attach.closed;
  });

  it('forwards ports', async () => {
    const forward = open('/portForward/default/web-node-1?port=80');
    await forward.opened;
    forward.socket.send(Buffer.from('\u0000GET /index.html HTTP/1.0\r\n\r\n'));
    await eventually('the page', () => forward.channels[0]?.includes('hello\n'));
    forward.socket.close();
    await forward.closed;
  });

  it('refuses streams that cannot be', async () => {
    await expect(open('/exec/default/nobody/main?command=id&output=1').opened).rejects.toThrow('404');
    await expect(open('/exec/default/web-node-1/nobody?command=id&output=1').opened).rejects.toThrow('500');
    await expect(open('/exec/default/web-node-1/main?command=id').opened).rejects.toThrow('400');
    expect((await kubelet.get('/exec/default/web-node-1/main?command=id&output=1', who)).status).toBe(400);
  });
});

it('ports of the host lead into the pod', async () => {
  const address = (await containerd.exec('sh', '-c', "ip -4 -o addr show cni0 | awk '{print $4}'")).split('/')[0];
  expect(await containerd.exec('busybox', 'wget', '-qO-', `http://${address}:8088/index.html`)).toBe('hello\n');
});

it('logs are rotated and stay readable', async () => {
  const folder = join(kubelet.podLogs, readdirSync(kubelet.podLogs)[0]!, 'talker');
  const files = await eventually('three files', () => {
    const names = readdirSync(folder).filter((name) => !name.endsWith('.tmp'));
    return names.length === 3 && names.some((name) => name.endsWith('.gz')) && names;
  });
  expect(files).toContain('0.log');
  const lines = await eventually('lines in the new file', async () => {
    const { body } = await kubelet.get('/containerLogs/default/web-node-1/talker?tailLines=3', who);
    return body.split('\n').length > 2 && body;
  });
  expect(lines).toMatch(/^(line \d+ of a container that talks\n)+$/);
});

it('a pod goes with its file', async () => {
  rmSync(join(kubelet.manifests, 'web.json'));
  await eventually('no pod', async () => {
    const { items } = await containerd.cri.runtime.listPodSandbox({});
    return items.length === 0;
  });
});
