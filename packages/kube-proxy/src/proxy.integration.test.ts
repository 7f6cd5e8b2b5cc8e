import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { node as nodeKind } from '@coracle/api/core/v1/node';
import { service as serviceKind } from '@coracle/api/core/v1/service';
import { endpointSlice as endpointSliceKind } from '@coracle/api/discovery/v1/endpointslice';
import type { EndpointSlice } from '@coracle/api/types/discovery/v1';
import type { TestServer } from '@coracle/apiserver/testing';
import { startApiServer } from '@coracle/apiserver/testing';
import { Registry } from '@coracle/process/metrics';
import { Namespace } from '@coracle/process/testing/namespace';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { defaultConfiguration } from './config/configuration.ts';
import { conntrackBy } from './conntrack/conntrack.ts';
import { ProxyHealth } from './health/proxy-health.ts';
import { proxyMetrics } from './metrics.ts';
import { ipv4, ipv6 } from './model/family.ts';
import { runNftWith } from './nftables/nft.ts';
import { runProxy } from './proxy.ts';
import { http, makeService, makeSlice } from './testing/objects.ts';
import { systemTimers } from './timers.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));

let inside: Namespace;
beforeEach(async () => {
  inside = await Namespace.make();
});
afterEach(() => inside.close());

const ruleset = () => inside.run('nft', 'list', 'ruleset');

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`gave up waiting for: ${what}\n${await ruleset()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const shows = (pattern: RegExp) => eventually(String(pattern), async () => pattern.test(await ruleset()));
const hides = (pattern: RegExp) => eventually(`no ${pattern}`, async () => !pattern.test(await ruleset()));

describe('the proxy against an API server', () => {
  let server: TestServer;
  let stop: AbortController;
  let running: Promise<void>;
  let health: ProxyHealth;
  let registry: Registry;

  beforeEach(async () => {
    server = await startApiServer();
    stop = new AbortController();
    registry = new Registry();
    health = new ProxyHealth(['IPv4', 'IPv6'], 60_000, systemTimers);
    running = runProxy({
      client: server.client,
      configuration: { ...defaultConfiguration(), clusterCIDR: '10.244.0.0/16' },
      nodeName: 'here',
      families: [ipv4, ipv6],
      runNft: (script) => runNftWith(inside.enter('nft'), script),
      conntrack: conntrackBy(inside.enter('conntrack')),
      metrics: proxyMetrics(registry),
      health,
      log: { debug: () => {}, info: () => {}, warn: console.warn, error: console.error },
      signal: stop.signal,
    });
  });
  afterEach(async () => {
    stop.abort();
    await running;
    server.client.close();
    await server.close();
  });

  const slice = (...ips: string[]): EndpointSlice => ({
    ...makeSlice('web', ips),
    metadata: { ...makeSlice('web', ips).metadata, name: 'web-1' },
  });

  it('follows Services, their endpoints and its node', async () => {
    const { client } = server;
    const spec = { type: 'NodePort', selector: { app: 'web' }, ports: [{ ...http, nodePort: 30080 }] };
    const created = await client.create(serviceKind, makeService('web', spec));
    const ip = created.spec!.clusterIP!.replaceAll('.', '\\.');
    await shows(new RegExp(`${ip} \\. tcp \\. 80 : goto reject-chain`));
    expect(health.healthy).toBe(true);

    await client.create(endpointSliceKind, slice('10.244.0.2', '10.244.0.3'));
    await shows(new RegExp(`${ip} \\. tcp \\. 80 : goto service-`));
    await shows(/dnat to 10\.244\.0\.3:8080/);
    expect(await ruleset()).not.toContain('192.168.5.5');

    await client.create(nodeKind, {
      metadata: { name: 'here' },
      spec: {},
      status: { addresses: [{ type: 'InternalIP', address: '192.168.5.5' }] },
    });
    await client.create(nodeKind, {
      metadata: { name: 'there' },
      spec: {},
      status: { addresses: [{ type: 'InternalIP', address: '192.168.5.6' }] },
    });
    await shows(/elements = \{ 192\.168\.5\.5 \}/);

    await client.update(endpointSliceKind, slice('10.244.0.3'));
    await hides(/10\.244\.0\.2/);
    await client.delete(serviceKind, 'web', 'default');
    await hides(/default\/web/);
    expect(await registry.metrics()).toMatch(
      /kubeproxy_sync_full_proxy_rules_duration_seconds_count\{ip_family="IPv4"\} 1\n/,
    );
  });

  it('leaves Services alone that are not its business', async () => {
    const { client } = server;
    const labelled = makeService('other', { ports: [http] });
    labelled.metadata.labels = { 'service.kubernetes.io/service-proxy-name': 'other' };
    await client.create(serviceKind, labelled);
    await client.create(serviceKind, makeService('headless', { clusterIP: 'None', ports: [http] }));
    const plain = await client.create(serviceKind, makeService('plain', { ports: [http] }));
    await shows(new RegExp(plain.spec!.clusterIP!.replaceAll('.', '\\.')));
    const other = await client.get(serviceKind, 'other', 'default');
    expect(await ruleset()).not.toContain(`${other.spec!.clusterIP!} `);
  });
});

describe('the program', () => {
  it('removes everything it made with --cleanup', async () => {
    await inside.run(
      'nft',
      'add table ip kube-proxy; add chain ip kube-proxy c; add table ip6 kube-proxy; add table ip mine',
    );
    await inside.run(process.execPath, main, '--cleanup');
    expect((await ruleset()).trim()).toBe('table ip mine {\n}');
  });

  it('says what it lacks when nft does not work', async () => {
    const program = inside.enter(
      'setpriv',
      '--bounding-set=-all',
      '--inh-caps=-all',
      '--clear-groups',
      '--reuid=65534',
    );
    const [command, ...argv] = [...program, process.execPath, main, '--kubeconfig=/dev/null'];
    const error = await promisify(execFile)(command!, argv).then(
      () => undefined,
      (failure: { code: number; stderr: string }) => failure,
    );
    expect(error?.code).toBe(1);
    expect(error?.stderr).toMatch(/nft exited with code 1: .*Operation not permitted/);
  });

  it('stays up, and says that it is not healthy, while there is no API server', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kube-proxy-'));
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'c', cluster: { server: 'http://127.0.0.1:1' } }],
        contexts: [{ name: 'c', context: { cluster: 'c', user: '' } }],
        'current-context': 'c',
      }),
    );
    const proxy = inside.start(
      process.execPath,
      main,
      '--kubeconfig',
      kubeconfig,
      '--healthz-bind-address=127.0.0.1:10256',
    );
    proxy.stdout!.resume();
    const status = async () => {
      const program =
        "fetch('http://127.0.0.1:10256/healthz').then((it) => console.log(it.status), () => console.log(0))";
      return (await inside.run(process.execPath, '-e', program)).trim();
    };
    await eventually('healthz to answer', async () => (await status()) === '503');
    const ended = once(proxy, 'exit');
    proxy.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    rmSync(folder, { recursive: true });
  });

  it.each([
    [['--proxy-mode=ipvs'], 'Error: invalid argument "ipvs" for "--proxy-mode" flag: must be nftables'],
    [['--ipvs-scheduler=rr'], 'Error: unknown flag: --ipvs-scheduler'],
  ])('refuses %j', async (argv, message) => {
    const failed = promisify(execFile)(process.execPath, [main, ...argv]).then(
      () => undefined,
      (error: { code: number; stderr: string }) => error,
    );
    const error = await failed;
    expect(error?.code).toBe(1);
    expect(error?.stderr).toContain(message);
  });
});
