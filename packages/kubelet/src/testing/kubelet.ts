import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Pod } from '@coracle/api/types/core/v1';
import { ended, type TestContainerd } from './containerd.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
const relay = fileURLToPath(new URL('relay.ts', import.meta.url));

/** A kubelet program that runs in the namespaces of a test's containerd. */
export interface TestKubelet {
  readonly rootDir: string;
  readonly manifests: string;
  readonly podLogs: string;
  /** What it has logged so far. */
  logs(): string;
  /** The Unix socket that leads to its server. */
  readonly socket: string;
  /** GETs a path of its server, as whoever holds the certificate. */
  get(path: string, who?: { cert: string; key: string }): Promise<{ status: number; body: string }>;
  pods(): Promise<Pod[]>;
  /** Ends the program; containers live on. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Stops the kubelet and removes what it mounted. */
  close(): Promise<void>;
}

export interface TestKubeletOptions {
  /** A kubeconfig; standalone without it. */
  kubeconfig?: string;
  /** The port of the API server on the test's side, made reachable from within. */
  apiPort?: number;
  config?: Record<string, unknown>;
  flags?: string[];
  nodeName?: string;
}

/** Starts a kubelet; returns when it serves. */
export async function startKubelet(containerd: TestContainerd, options: TestKubeletOptions = {}): Promise<TestKubelet> {
  const { folder } = containerd;
  const rootDir = join(folder, 'kubelet');
  const manifests = join(folder, 'manifests');
  const podLogs = join(folder, 'pod-logs');
  const logFile = join(folder, 'kubelet.log');
  const socket = join(folder, 'kubelet.sock');
  for (const each of [rootDir, manifests]) mkdirSync(each, { recursive: true });
  const configFile = join(folder, 'kubelet.yaml');
  writeFileSync(join(folder, 'resolv.conf'), 'nameserver 10.88.0.1\nsearch example.org\n');
  writeFileSync(
    configFile,
    JSON.stringify({
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      containerRuntimeEndpoint: containerd.endpoint,
      cgroupRoot: containerd.cgroupRoot,
      failCgroupV1: false,
      staticPodPath: manifests,
      podLogsDir: podLogs,
      resolvConf: join(folder, 'resolv.conf'),
      clusterDNS: ['10.96.0.10'],
      clusterDomain: 'cluster.local',
      authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
      authorization: { mode: 'AlwaysAllow' },
      evictionHard: {},
      ...options.config,
    }),
  );
  const flags = [
    `--config=${configFile}`,
    `--root-dir=${rootDir}`,
    `--cert-dir=${join(folder, 'pki')}`,
    `--hostname-override=${options.nodeName ?? 'node-1'}`,
    '--node-ip=127.0.0.1',
    ...(options.kubeconfig ? [`--kubeconfig=${options.kubeconfig}`] : []),
    ...(options.flags ?? []),
  ];
  const pairs = [
    `unix:${socket}=tcp:10250`,
    ...(options.apiPort ? [`tcp:${options.apiPort}=unix:${join(folder, 'api.sock')}`] : []),
  ];
  const relayProcess = containerd.spawn(process.execPath, [relay, ...pairs], { logFile });

  let child: ChildProcess | undefined;
  const get: TestKubelet['get'] = (path, who) =>
    new Promise((resolve, reject) => {
      const sent = request(
        { ...who, socketPath: socket, path, rejectUnauthorized: false, agent: false },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
          );
          response.on('error', reject);
        },
      );
      sent.on('error', reject);
      sent.end();
    });
  const start = async (): Promise<void> => {
    child = containerd.spawn(process.execPath, [main, ...flags], { logFile });
    const deadline = Date.now() + 30_000;
    for (;;) {
      const served =
        existsSync(socket) &&
        (await get('/healthz').then(
          (answer) => answer.status !== 0,
          () => false,
        ));
      if (served) return;
      if (Date.now() > deadline || child.exitCode !== null)
        throw new Error(`the kubelet did not start: ${readFileSync(logFile, 'utf8')}`);
      await sleep(50);
    }
  };
  const stop = async (): Promise<void> => {
    if (child) await ended(child, 'SIGTERM');
    child = undefined;
  };
  const started: TestKubelet = {
    rootDir,
    manifests,
    podLogs,
    socket,
    logs: () => readFileSync(logFile, 'utf8'),
    get,
    pods: async () => (JSON.parse((await get('/pods')).body) as { items: Pod[] }).items,
    stop,
    start,
    async close() {
      await stop();
      await ended(relayProcess, 'SIGTERM');
      rmSync(socket, { force: true });
    },
  };
  await start();
  return started;
}
