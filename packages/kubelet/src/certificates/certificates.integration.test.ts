import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { selfSubjectReview } from '@coracle/api/authentication/v1/selfsubjectreview';
import { certificateSigningRequest } from '@coracle/api/certificates/v1/certificatesigningrequest';
import { secret } from '@coracle/api/core/v1/secret';
import { formatTime } from '@coracle/api/meta/time';
import type { UserInfo } from '@coracle/api/types/authentication/v1';
import { freePort } from '@coracle/apiserver/testing/etcd';
import { type Client, loadKubeconfig } from '@coracle/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { serveKubelet } from '../server/server.ts';
import { eventually } from '../testing/eventually.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { recordingLog } from '../testing/log.ts';
import { type SigningCluster, startSigningCluster } from '../testing/signing-cluster.ts';
import { type NodeClientOptions, nodeClient } from './node-client.ts';
import { signedServing } from './serving.ts';
import { clientPurpose, nodeSubject, requestCertificate } from './signing-request.ts';

const uncounted = { inForce: () => undefined, replaced: () => undefined, failed: () => undefined };
const minute = 60_000;

let cluster: SigningCluster;
beforeAll(async () => {
  cluster = await startSigningCluster();
});
afterAll(() => cluster.close());

let stop: AbortController;
beforeEach(() => {
  stop = new AbortController();
});
afterEach(() => stop.abort(new Error('test ended')));

let nodes = 0;
/** A kubelet's files, and what starts its client. */
function node() {
  const name = `n${++nodes}`;
  const folder = join(cluster.folder, name);
  const kubeconfig = join(folder, 'kubelet.conf');
  const clock = new FakeClock(Date.now());
  const { log, lines } = recordingLog();
  const options: NodeClientOptions = {
    kubeconfig,
    bootstrapKubeconfig: '',
    certDir: join(folder, 'pki'),
    nodeName: name,
    rotate: false,
    qps: undefined,
    burst: 100,
    expirationSeconds: 600,
    counts: uncounted,
    clock,
    log,
    signal: stop.signal,
  };
  const start = async (more: Partial<NodeClientOptions> = {}) => {
    const started = await nodeClient({ ...options, ...more });
    stop.signal.addEventListener('abort', () => started.client.close());
    return started.client;
  };
  const own = async () => (await cluster.requests()).filter((each) => usernamesCommonName(each.spec.request, name));
  return { name, folder, kubeconfig, clock, lines, options, start, requests: own };
}

/** Whether a request (base64 of PEM) asks for the name of a node: its subject is in it as plain bytes. */
function usernamesCommonName(request: string, name: string): boolean {
  const body = Buffer.from(request, 'base64')
    .toString()
    .replace(/-----[A-Z ]+-----|\s/g, '');
  return Buffer.from(body, 'base64').toString('latin1').includes(`system:node:${name}`);
}

const whoIs = async (client: Client): Promise<UserInfo> =>
  (await client.create(selfSubjectReview, { metadata: {} })).status!.userInfo!;
const credentialOf = async (client: Client) =>
  (await whoIs(client)).extra?.['authentication.kubernetes.io/credential-id']?.[0];

describe('a node that joins with a token', () => {
  it('gets its own certificate and kubeconfig, and needs the token no more', async () => {
    const { name, start, kubeconfig, options, requests } = node();
    const bootstrapKubeconfig = cluster.tokenKubeconfig('good', await cluster.makeToken('joined'));
    const client = await start({ bootstrapKubeconfig });
    expect(await whoIs(client)).toMatchObject({
      username: `system:node:${name}`,
      groups: ['system:nodes', 'system:authenticated'],
    });
    const current = join(options.certDir, 'kubelet-client-current.pem');
    expect(loadKubeconfig(kubeconfig)).toMatchObject({
      server: cluster.server.url,
      caData: cluster.server.authority.certificate,
      certFile: current,
      keyFile: current,
    });
    expect(readdirSync(options.certDir)).not.toContain('kubelet-client.key.tmp');
    const [request] = await requests();
    expect(request).toMatchObject({
      metadata: { name: expect.stringMatching(/^node-csr-/) },
      spec: {
        username: 'system:bootstrap:joined',
        signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
        usages: ['digital signature', 'client auth'],
      },
      status: {
        conditions: [
          expect.objectContaining({
            type: 'Approved',
            reason: 'AutoApproved',
            message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
          }),
        ],
      },
    });

    await cluster.server.admin.delete(secret, 'bootstrap-token-joined', 'kube-system');
    const again = await start({ bootstrapKubeconfig });
    expect((await whoIs(again)).username).toBe(`system:node:${name}`);
    expect(await requests()).toHaveLength(1);
  });

  it('waits for approval, also over a restart', async () => {
    const { name, start, options, requests } = node();
    const bootstrapKubeconfig = cluster.tokenKubeconfig('person', await cluster.makeToken('person', {}));
    const interrupted = new AbortController();
    const first = start({ bootstrapKubeconfig, signal: interrupted.signal });
    const [request] = await eventually('the request', async () => {
      const found = await requests();
      return found.length > 0 && found;
    });
    interrupted.abort(new Error('restart'));
    await expect(first).rejects.toThrow('restart');
    expect(existsSync(join(options.certDir, 'kubelet-client.key.tmp'))).toBe(true);

    const second = start({ bootstrapKubeconfig });
    await cluster.decide(request!.metadata.name!, 'Approved');
    expect((await whoIs(await second)).username).toBe(`system:node:${name}`);
    expect(await requests()).toHaveLength(1);
  });

  it('is approved as soon as a binding allows it', async () => {
    const { name, start, requests } = node();
    const group = 'system:bootstrappers:late';
    const token = await cluster.makeToken('latest', { 'auth-extra-groups': group });
    const joining = start({ bootstrapKubeconfig: cluster.tokenKubeconfig('late', token) });
    const [request] = await eventually('the request', async () => {
      const found = await requests();
      return found.length > 0 && found;
    });
    expect(request!.status?.conditions).toBeUndefined();
    await cluster.bind('late', 'system:certificates.k8s.io:certificatesigningrequests:nodeclient', group);
    expect((await whoIs(await joining)).username).toBe(`system:node:${name}`);
  });

  it('is refused with a reason when its request is denied, and joins once that is gone', async () => {
    const { start, clock, lines, requests } = node();
    const bootstrapKubeconfig = cluster.tokenKubeconfig('denied', await cluster.makeToken('denied', {}));
    const joining = start({ bootstrapKubeconfig });
    const [request] = await eventually('the request', async () => {
      const found = await requests();
      return found.length > 0 && found;
    });
    const name = request!.metadata.name!;
    await cluster.decide(name, 'Denied');
    const errors = () => lines.filter((each) => each.level === 'error').map((each) => String(each.details['err']));
    await eventually('the refusal is logged', () => errors().length > 0);
    expect(errors()[0]).toContain(
      `certificate signing request ${name} is denied, reason: "Test", message: "by a test"`,
    );

    await cluster.server.admin.delete(certificateSigningRequest, name);
    await eventually('the next attempt', () => clock.waitedFor);
    await clock.pass(2);
    const [next] = await eventually('the next request', async () => {
      const found = await requests();
      return found.length > 0 && found;
    });
    await cluster.decide(next!.metadata.name!, 'Approved');
    await joining;
  });

  it('cannot with a token that has expired, and can as soon as the file has another', async () => {
    const { name, start, clock, lines } = node();
    const group = 'system:bootstrappers:coracle:default-node-token';
    const expired = await cluster.makeToken('expird', {
      'auth-extra-groups': group,
      expiration: formatTime(Date.now() - minute),
    });
    const bootstrapKubeconfig = cluster.tokenKubeconfig('expired', expired);
    const joining = start({ bootstrapKubeconfig });
    await eventually('the failure is logged', () => lines.some((each) => each.level === 'error'));
    expect(String(lines.find((each) => each.level === 'error')?.details['err'])).toContain('Unauthorized');
    expect(cluster.server.warnings).toContainEqual({
      message: 'Bootstrap secret kube-system/bootstrap-token-expird matching bearer token has expired.',
    });
    writeFileSync(
      bootstrapKubeconfig,
      readFileSync(cluster.tokenKubeconfig('fresh', await cluster.makeToken('freshr')), 'utf8'),
    );
    await eventually('the next attempt', () => clock.waitedFor);
    await clock.pass(2);
    expect((await whoIs(await joining)).username).toBe(`system:node:${name}`);
  });

  it('gets no certificate in another node’s name, nor for another purpose, once it is a node', async () => {
    const { start } = node();
    const client = await start({
      bootstrapKubeconfig: cluster.tokenKubeconfig('spy', await cluster.makeToken('spying')),
    });
    const other = { template: nodeSubject('somebody-else'), purpose: clientPurpose, signal: stop.signal };
    await expect(requestCertificate(client, other)).rejects.toThrow('can only create a node CSR with CN=system:node:');
    const masters = { ...nodeSubject('x'), organizations: ['system:masters'] };
    await expect(
      requestCertificate(client, {
        template: masters,
        purpose: { signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] },
        signal: stop.signal,
      }),
    ).rejects.toThrow('is forbidden');
  });
});

describe('a client certificate', () => {
  async function joined(id: string) {
    const it = node();
    const bootstrapKubeconfig = cluster.tokenKubeconfig(id, await cluster.makeToken(id));
    return { ...it, bootstrapKubeconfig, client: await it.start({ bootstrapKubeconfig, rotate: true }) };
  }

  it('is renewed before it expires, and the connection is made anew', async () => {
    const { client, clock, requests } = await joined('rotate');
    const before = await credentialOf(client);
    await eventually('the rotation waits', () => clock.waitedFor);
    await clock.pass(9 * 60); // 90 % of ten minutes
    await eventually('another certificate is shown', async () => (await credentialOf(client)) !== before);
    const made = await requests();
    expect(made).toHaveLength(2);
    const renewal = made.find((each) => each.metadata.name!.startsWith('csr-'));
    expect(renewal?.spec.username).toBe((await whoIs(client)).username);
    expect(renewal?.status?.conditions?.[0]?.message).toBe(
      'Auto approving self kubelet client certificate after SubjectAccessReview.',
    );
  });

  it('that expired while nobody renewed it is replaced by the token at the next start', async () => {
    const { name, start, client, clock, requests, bootstrapKubeconfig } = await joined('starts');
    const before = await credentialOf(client);
    await eventually('the rotation waits', () => clock.waitedFor);
    const later = new FakeClock(clock.now() + 60 * minute);
    const again = await start({ bootstrapKubeconfig, clock: later });
    expect(await whoIs(again)).toMatchObject({ username: `system:node:${name}` });
    expect(await credentialOf(again)).not.toBe(before);
    expect((await requests()).map((each) => each.spec.username)).toEqual([
      'system:bootstrap:starts',
      'system:bootstrap:starts',
    ]);
  });

  it('that expired while the machine slept is replaced by the token too', async () => {
    const { client, clock, requests } = await joined('sleeps');
    const before = await credentialOf(client);
    await eventually('the rotation waits', () => clock.waitedFor);
    await clock.sleepThrough(60 * 60);
    await eventually('another certificate is shown', async () => (await credentialOf(client)) !== before);
    expect((await requests()).map((each) => each.spec.username)).toEqual(Array(2).fill('system:bootstrap:sleeps'));
  });

  it('that an administrator laid down is replaced at once, by one whose key nobody else has', async () => {
    const { name, folder, kubeconfig, start, requests } = node();
    const { certData, keyData } = await cluster.server.configOf(`system:node:${name}`, 'system:nodes');
    mkdirSync(folder, { recursive: true });
    const config = JSON.parse(readFileSync(cluster.tokenKubeconfig('any', 'x'), 'utf8'));
    const base64 = (text = '') => Buffer.from(text).toString('base64');
    config.users[0].user = { 'client-certificate-data': base64(certData), 'client-key-data': base64(keyData) };
    writeFileSync(kubeconfig, JSON.stringify(config));
    const client = await start({ rotate: true });
    await eventually('the renewal', async () => {
      const [request] = await requests();
      return request?.status?.certificate !== undefined;
    });
    const laidDown = `X509SHA256=${new X509Certificate(certData!).fingerprint256.replaceAll(':', '').toLowerCase()}`;
    await eventually('the new one is shown', async () => (await credentialOf(client)) !== laidDown);
  });

  it('there is none to rotate in a kubeconfig with a token', async () => {
    const { start } = node();
    const kubeconfig = cluster.tokenKubeconfig('token-only', await cluster.makeToken('tokens'));
    await expect(start({ kubeconfig, rotate: true })).rejects.toThrow('has no client certificate to renew');
    await expect(start({ kubeconfig: '', bootstrapKubeconfig: kubeconfig })).rejects.toThrow(
      '--bootstrap-kubeconfig needs --kubeconfig',
    );
  });
});

describe('serverTLSBootstrap', () => {
  it('serves nothing until somebody approves, then with the signed certificate, for the addresses of the node', async () => {
    const { name, start, options, clock, requests } = node();
    const client = await start({
      bootstrapKubeconfig: cluster.tokenKubeconfig('server', await cluster.makeToken('server')),
    });
    const addresses = [
      { type: 'InternalIP', address: '127.0.0.1' },
      { type: 'Hostname', address: name },
    ];
    const certificate = await signedServing({
      ...options,
      client,
      configured: { certFile: '', keyFile: '' },
      addresses: () => addresses,
    });
    const port = await freePort();
    const close = await serveKubelet({
      address: '127.0.0.1',
      port,
      certificate,
      minVersion: 'TLSv1.2',
      nodeName: name,
      access: { authenticate: async () => undefined, authorize: async () => false },
      handlers: {},
      upgrades: {},
      log: options.log,
    });
    try {
      await expect(servedBy(port)).rejects.toThrow();
      const wish = () =>
        eventually('the request', async () =>
          (await requests()).find(
            (each) => each.spec.signerName === 'kubernetes.io/kubelet-serving' && !each.status?.certificate,
          ),
        );
      const request = await wish();
      expect(request.spec).toMatchObject({
        username: `system:node:${name}`,
        usages: ['digital signature', 'server auth'],
      });
      await cluster.decide(request.metadata.name!, 'Approved');
      const served = await eventually('the signed certificate is served', () => servedBy(port));
      expect(served.subjectAltName).toBe(`DNS:${name}, IP Address:127.0.0.1`);

      addresses.push({ type: 'ExternalIP', address: '192.0.2.7' });
      await eventually('the rotation waits', () => clock.waitedFor);
      await clock.pass(1);
      await cluster.decide((await wish()).metadata.name!, 'Approved');
      await eventually('the new address is served', async () =>
        (await servedBy(port)).subjectAltName?.includes('192.0.2.7'),
      );
    } finally {
      close();
    }
  });
});

/** The certificate a server shows to who trusts the cluster. Rejects when the handshake fails. */
function servedBy(port: number): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port, ca: cluster.server.authority.certificate }, () => {
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      if (certificate) resolve(certificate);
      else reject(new Error('no certificate'));
    });
    socket.once('error', reject);
  });
}
