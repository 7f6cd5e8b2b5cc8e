import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { EtcdStore } from './storage/etcd-store.ts';
import { ownProgram } from './testing/own-program.ts';
import { startProgram } from './testing/program.ts';

const encryptedSecrets = {
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'EncryptionConfiguration',
  resources: [
    {
      resources: ['secrets'],
      providers: [
        { secretbox: { keys: [{ name: 'key1', secret: Buffer.alloc(32, 7).toString('base64') }] } },
        { identity: {} },
      ],
    },
  ],
};

const own = ownProgram(async (folder) => {
  const encryption = join(folder, 'encryption.json');
  await writeFile(encryption, JSON.stringify(encryptedSecrets));
  return [
    '--advertise-address=192.0.2.10',
    `--encryption-provider-config=${encryption}`,
    '--encryption-provider-config-automatic-reload',
  ];
});

const run = (command: string, args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    execFile(
      command,
      args,
      { env: { PATH: process.env.PATH, HOME: own.folder, KUBECONFIG: own.program.kubeconfig } },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    );
  });

describe('kube-apiserver', () => {
  it('is healthy, and says so to anybody', async () => {
    for (const path of ['/healthz', '/livez', '/readyz']) {
      expect(await own.program.get(path, true)).toEqual({ status: 200, text: 'ok' });
    }
    expect((await own.program.get('/readyz?verbose', true)).text).toContain('[+]informer-sync ok');
    expect((await own.program.get('/readyz/etcd')).text).toBe('ok');
    const hooks = [...(await own.program.get('/readyz?verbose', true)).text.matchAll(/^\[\+\](\S+) ok$/gm)].map(
      ([, name]) => name!,
    );
    expect(hooks.slice(0, 6)).toEqual(['ping', 'log', 'etcd', 'kms-providers', 'etcd-readiness', 'informer-sync']);
    expect((await own.program.get('/healthz/kms-providers')).text).toBe('ok');
    expect((await own.program.get('/livez/kms-providers')).status).toBe(404);
    const steps = hooks.filter((hook) => hook.startsWith('poststarthook/')).map((hook) => hook.slice(14));
    expect(steps.slice(0, 3)).toEqual([
      'start-apiserver-admission-initializer',
      'generic-apiserver-start-informers',
      'priority-and-fairness-config-consumer',
    ]);
    expect(steps).toContain('rbac/bootstrap-roles');
    expect(hooks.at(-1)).toBe('shutdown');
    const verbose = (await own.program.get('/livez?verbose&exclude=log&exclude=nope&exclude=else', true)).text;
    expect(verbose).toContain('[+]log excluded: ok\n');
    expect(verbose).toContain(
      'warn: some health checks cannot be excluded: no matches for "else","nope"\nlivez check passed\n',
    );
    for (const hook of hooks) expect((await own.program.get(`/readyz/${hook}`)).text).toBe('ok');
    expect(JSON.parse((await own.program.get('/version', true)).text)).toMatchObject({ major: '1', minor: '36' });
  });

  it('tells strangers nothing else', async () => {
    for (const path of ['/metrics', '/api/v1/namespaces', '/api/v1/secrets']) {
      expect((await own.program.get(path, true)).status).toBe(403);
    }
    expect(JSON.parse((await own.program.get('/api/v1/nodes', true)).text)).toMatchObject({
      reason: 'Forbidden',
      message:
        'nodes is forbidden: User "system:anonymous" cannot list resource "nodes" in API group "" at the cluster scope',
    });
  });

  it('has made what every cluster has', async () => {
    const names = async (path: string): Promise<string[]> =>
      JSON.parse((await own.program.get(path)).text).items.map(
        (each: { metadata: { name: string } }) => each.metadata.name,
      );
    expect(await names('/api/v1/namespaces')).toEqual(['default', 'kube-node-lease', 'kube-public', 'kube-system']);
    const service = JSON.parse((await own.program.get('/api/v1/namespaces/default/services/kubernetes')).text);
    expect(service.spec).toMatchObject({ clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443 }] });
    const slice = JSON.parse(
      (await own.program.get('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes')).text,
    );
    expect(slice.endpoints).toMatchObject([{ addresses: ['192.0.2.10'] }]);
    expect(await names('/apis/rbac.authorization.k8s.io/v1/clusterroles')).toEqual(
      expect.arrayContaining(['cluster-admin', 'system:node']),
    );
  });

  it("counts under upstream's metric names", async () => {
    const { text } = await own.program.get('/metrics');
    expect(text).toMatch(/^apiserver_request_total\{.*resource="services".*code="200"\} \d+$/m);
    expect(text).toMatch(/^apiserver_request_duration_seconds_bucket\{/m);
    expect(text).toMatch(/^apiserver_storage_objects\{resource="namespaces"\} 4$/m);
    expect(text).toMatch(/^coracle_event_loop_hold_seconds /m);
  });

  it('ends with code 0 when it is told to, and starts again on what there is', async () => {
    const first = await startProgram(own.etcd.url, ['--endpoint-reconciler-type=none']);
    expect(await first.stop()).toBe(0);
    expect(first.log()).not.toMatch(/"level":"(error|fatal)"/);
    await first.close();
  });

  it('shares the kubernetes Service with another server for as long as that one runs', async () => {
    const addresses = async (): Promise<string[]> => {
      const { text } = await own.program.get('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes');
      return JSON.parse(text).endpoints.flatMap((each: { addresses: string[] }) => each.addresses);
    };
    const other = await startProgram(own.etcd.url, ['--advertise-address=192.0.2.11']);
    expect(await addresses()).toEqual(['192.0.2.10', '192.0.2.11']);
    await other.stop();
    expect(await addresses()).toEqual(['192.0.2.10']);
    await other.close();
  });

  it.each([
    [['--no-such-flag'], 'Error: unknown flag: --no-such-flag'],
    [[], 'Error: --etcd-servers must be specified'],
    [
      ['--endpoint-reconciler-type=master-count'],
      'Error: invalid argument "master-count" for "--endpoint-reconciler-type" flag: must be one of "lease", "none"',
    ],
    [
      ['--etcd-servers=http://127.0.0.1:1', '--encryption-provider-config-automatic-reload'],
      'Error: --encryption-provider-config-automatic-reload must be set with --encryption-provider-config',
    ],
    [
      ['--etcd-servers=http://127.0.0.1:1', '--secure-port=0'],
      'Error: --secure-port 0 must be between 1 and 65535, inclusive. It cannot be turned off with 0',
    ],
    [
      ['--max-requests-inflight=-1', '--livez-grace-period=-1s', '--goaway-chance=0.5', '--secure-port=0'],
      'Error: [--livez-grace-period can not be negative value, --max-requests-inflight can not be negative value, ' +
        '--goaway-chance can not be less than 0 or greater than 0.02, --etcd-servers must be specified, ' +
        '--secure-port 0 must be between 1 and 65535, inclusive. It cannot be turned off with 0]',
    ],
    [
      ['--etcd-servers=http://127.0.0.1:1', '--service-node-port-range=1-'],
      'Error: invalid argument "1-" for "--service-node-port-range" flag: strconv.Atoi: parsing "": invalid syntax',
    ],
  ])('refuses %j', async (flags, message) => {
    const main = fileURLToPath(new URL('./main.ts', import.meta.url));
    const { code, stderr } = await run(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...flags]);
    expect(code).toBe(1);
    expect(stderr.trim()).toBe(message);
  });
});

const installed = (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'kubectl')));

describe("upstream's kubectl", () => {
  beforeAll(() => {
    if (!installed)
      throw new Error(
        "upstream's kubectl is not in PATH: install it (Debian: kubernetes-client) and run the tests again",
      );
  });
  const kubectl = (...args: string[]) => run('kubectl', args);
  const manifest = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'web', image: 'web:1', ports: [{ containerPort: 80 }] }] },
      },
    },
  };
  const file = async (object: unknown) => {
    const path = join(own.folder, 'manifest.json');
    await writeFile(path, JSON.stringify(object));
    return path;
  };

  it('applies, with validation, again and again', async () => {
    expect(await kubectl('apply', '-f', await file(manifest))).toMatchObject({
      stdout: 'deployment.apps/web created\n',
      code: 0,
    });
    expect(await kubectl('apply', '-f', await file(manifest))).toMatchObject({
      stdout: 'deployment.apps/web unchanged\n',
    });
    const changed = { ...manifest, spec: { ...manifest.spec, replicas: 3 } };
    expect(await kubectl('apply', '-f', await file(changed))).toMatchObject({
      stdout: 'deployment.apps/web configured\n',
    });
    expect(await kubectl('apply', '--server-side', '--force-conflicts', '-f', await file(changed))).toMatchObject({
      stdout: 'deployment.apps/web serverside-applied\n',
    });
  });

  it('shows it', async () => {
    const { stdout } = await kubectl('get', 'deployments', '-o', 'wide');
    expect(stdout).toMatch(
      /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE +CONTAINERS +IMAGES +SELECTOR\nweb +0\/3 +0 +0 +\S+ +web +web:1 +app=web\n$/,
    );
    expect((await kubectl('get', 'deploy', 'web', '-o', 'jsonpath={.spec.replicas}')).stdout).toBe('3');
    expect((await kubectl('get', 'all', '-A')).stdout).toContain('deployment.apps/web');
  });

  it('explains it', async () => {
    const { stdout, code } = await kubectl('explain', 'deployment.spec.replicas');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /KIND: +Deployment\nVERSION: +v1\n\nFIELD: replicas <integer>\n+DESCRIPTION:\n {4}(?!<empty>)\w/,
    );
  });

  it('writes secrets that are not readable in etcd', async () => {
    const made = await kubectl('create', 'secret', 'generic', 'login', '--from-literal=password=hunter2');
    expect(made).toMatchObject({ stdout: 'secret/login created\n', code: 0 });
    const store = new EtcdStore({ servers: [own.etcd.url] });
    const { entry } = await store.get('/registry/secrets/default/login');
    await store.close();
    expect(entry!.value.toString('latin1')).toMatch(/^k8s:enc:secretbox:v1:key1:/);
    expect(entry!.value.includes(btoa('hunter2'))).toBe(false);
    expect((await kubectl('get', 'secret', 'login', '-o', 'jsonpath={.data.password}')).stdout).toBe(btoa('hunter2'));
  });

  it('refuses unknown fields', async () => {
    const { code, stderr } = await kubectl(
      'apply',
      '-f',
      await file({ ...manifest, spec: { ...manifest.spec, replica: 1 } }),
    );
    expect(code).toBe(1);
    expect(stderr).toContain('strict decoding error: unknown field "spec.replica"');
  });

  it('scales, labels, patches and deletes', async () => {
    expect((await kubectl('scale', 'deployment/web', '--replicas=5')).stdout).toBe('deployment.apps/web scaled\n');
    expect((await kubectl('label', 'deployment/web', 'tier=front')).stdout).toBe('deployment.apps/web labeled\n');
    expect((await kubectl('patch', 'deployment', 'web', '-p', '{"spec":{"paused":true}}')).stdout).toBe(
      'deployment.apps/web patched\n',
    );
    expect((await kubectl('get', 'deploy', 'web', '-o', 'jsonpath={.spec.replicas} {.spec.paused}')).stdout).toBe(
      '5 true',
    );
    expect((await kubectl('delete', 'deployment', 'web')).stdout).toBe('deployment.apps "web" deleted\n');
    expect((await kubectl('get', 'deployment', 'web')).stderr).toBe(
      'Error from server (NotFound): deployments.apps "web" not found\n',
    );
  });
});
