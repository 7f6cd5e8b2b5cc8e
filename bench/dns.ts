import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { join } from 'node:path';
import { service as serviceKind } from '@coracle/api/core/v1/service';
import { endpointSlice as endpointSliceKind } from '@coracle/api/discovery/v1/endpointslice';
import { startApiServer, type TestServer } from '@coracle/apiserver/testing';
import { encode } from 'dns-packet';
import { root } from './coracle.ts';
import { freePort } from './own-server.ts';
import { cpuSeconds, pause, residentMb } from './processes.ts';

const services = 1000;
const seconds = 8;
/** Questions that are under way at once, as of so many clients that each wait for their answer. */
const underWay = 64;

/** cluster-dns alone with 1,000 Services: answers a second over loopback, their times, and memory. */
export async function measureDns(): Promise<Record<string, unknown>> {
  // Without what allocates addresses: its range is smaller than what is wanted here.
  const api = await startApiServer({ hooks: {} });
  let dns: ChildProcess | undefined;
  try {
    await createServices(api);
    const [port, health, ready, metrics] = [await freePort(), await freePort(), await freePort(), await freePort()];
    dns = spawn(
      join(root, 'bin/cluster-dns'),
      [
        `--master=${api.url}`,
        '--bind-address=127.0.0.1',
        `--port=${port}`,
        `--health-port=${health}`,
        `--ready-port=${ready}`,
        `--metrics-port=${metrics}`,
        '--upstream-resolv-conf=',
        '--lameduck=0',
      ],
      { stdio: 'ignore', env: { ...process.env, CORACLE_NODE_OPTIONS: '--max-semi-space-size=2' } },
    );
    while (!(await isReady(ready))) {
      if (dns.exitCode !== null) throw new Error(`cluster-dns ended with ${dns.exitCode}`);
      await pause(20);
    }
    const idle = residentMb(dns.pid!);
    const names = Array.from({ length: services }, (_, i) => `service-${i}.default.svc.cluster.local`);
    await load(port, names, 1);
    const before = cpuSeconds(dns.pid!);
    const { answers, times } = await load(port, names, seconds);
    const cpu = cpuSeconds(dns.pid!) - before;
    times.sort();
    const at = (share: number): number => Number(times[Math.floor(times.length * share)]!.toFixed(2));
    return {
      'cluster-dns': {
        services,
        answersPerSecond: Math.round(answers / seconds),
        answersPerSecondOfCpu: Math.round(answers / cpu),
        ms: { p50: at(0.5), p99: at(0.99) },
        rssMb: { idle, afterLoad: residentMb(dns.pid!) },
        targets: { answersPerSecondOfCpu: 20_000, rssMb: 80 },
      },
    };
  } finally {
    if (dns && dns.exitCode === null) {
      const ended = new Promise((resolve) => dns!.once('exit', resolve));
      dns.kill('SIGTERM');
      await ended;
    }
    await api.close();
  }
}

async function createServices({ client }: TestServer): Promise<void> {
  for (let i = 0; i < services; i++) {
    const name = `service-${i}`;
    await client.create(serviceKind, {
      metadata: { name, namespace: 'default' },
      spec: { clusterIP: `10.${Math.floor(i / 250)}.${i % 250}.1`, ports: [{ name: 'http', port: 80 }] },
    });
    await client.create(endpointSliceKind, {
      metadata: { name: `${name}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: [1, 2, 3].map((each) => ({ addresses: [`10.200.${i % 250}.${each}`], conditions: { ready: true } })),
      ports: [{ name: 'http', port: 8080 }],
    });
  }
}

/** Keeps as many questions under way as `underWay` says, each lost one asked anew after a second, until the time is over. */
async function load(
  port: number,
  names: readonly string[],
  duration: number,
): Promise<{ answers: number; times: Float64Array }> {
  const questions = names.map((name) =>
    encode({ type: 'query', id: 0, flags: 0x0100, questions: [{ type: 'A', name }] }),
  );
  const times: number[] = [];
  const asked = new Float64Array(underWay);
  const socket: Socket = createSocket({ type: 'udp4', lookup: (host, _options, done) => done(null, host, 4) });
  await new Promise<void>((resolve) => socket.connect(port, '127.0.0.1', resolve));
  let next = 0;
  const ask = (id: number): void => {
    const question = questions[next++ % questions.length]!;
    question.writeUInt16BE(id, 0);
    asked[id] = performance.now();
    // The socket sends later than this call returns; each question under way has bytes of its own.
    socket.send(Buffer.from(question));
  };
  socket.on('message', (message) => {
    const id = message.readUInt16BE(0);
    times.push(performance.now() - asked[id]!);
    ask(id);
  });
  for (let id = 0; id < underWay; id++) ask(id);
  for (let passed = 0; passed < duration; passed++) {
    await pause(1000);
    for (let id = 0; id < underWay; id++) if (performance.now() - asked[id]! > 1000) ask(id);
  }
  socket.removeAllListeners('message');
  socket.close();
  return { answers: times.length, times: Float64Array.from(times) };
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/ready`)).status === 200;
  } catch {
    return false; // it does not listen yet
  }
}
