import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { detachedSignature, signatureKey } from '@coracle/api/bootstrap/cluster-info';
import { certificateSigningRequest } from '@coracle/api/certificates/v1/certificatesigningrequest';
import { configMap } from '@coracle/api/core/v1/configmap';
import { secret } from '@coracle/api/core/v1/secret';
import { type SecureServer, startSecureServer } from '@coracle/apiserver/testing/secure-server';
import { type Client, connect, loadKubeconfig } from '@coracle/client';
import { type Authority, issueCertificate, makeAuthority } from '@coracle/process/pki';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { applyAddon } from '../addons/addon.ts';
import { Failure } from '../failure.ts';
import { run } from '../host/run.ts';
import { bootstrapKubeconfig } from './bootstrap-kubeconfig.ts';
import { discover } from './discovery.ts';
import { clusterInfoKubeconfig, joinObjects } from './objects.ts';
import { checkedPins, pinsOf } from './pin.ts';
import { defaultNodeGroup, generateToken, tokenSecret } from './token.ts';

const token = { id: 'abcdef', secret: '0123456789abcdef' };

/** What a user reads of a failure: what happened and what to do. */
async function told(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return `${error.message} | ${error.next ?? ''}`;
  }
  return 'no failure';
}

describe('the pin of an authority', () => {
  it('is the digest of its public key, as openssl computes it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pin-'));
    try {
      const { certificate } = await makeAuthority({ commonName: 'kubernetes', days: 1 });
      const at = (name: string) => join(folder, name);
      writeFileSync(at('ca.crt'), certificate);
      await run(['openssl', 'x509', '-in', at('ca.crt'), '-pubkey', '-noout', '-out', at('key.pem')]);
      await run(['openssl', 'pkey', '-pubin', '-in', at('key.pem'), '-outform', 'der', '-out', at('key.der')]);
      const [digest] = (await run(['openssl', 'dgst', '-sha256', '-r', at('key.der')])).split(' ');
      expect(pinsOf(certificate)).toEqual([`sha256:${digest}`]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is needed, and taken in either case', () => {
    expect(() => checkedPins([])).toThrow('without a pin');
    expect(() => checkedPins(['sha256:abc'])).toThrow('invalid hash "sha256:abc"');
    expect(() => checkedPins(['md5:d41d8cd98f00b204e9800998ecf8427e'])).toThrow('invalid hash');
    expect(checkedPins([`SHA256:${'AB'.repeat(32)}`])).toEqual([`sha256:${'ab'.repeat(32)}`]);
  });
});

describe('discovery of a cluster nodes can join', () => {
  let server: SecureServer;
  let admin: Client;
  let pins: string[];

  beforeAll(async () => {
    server = await startSecureServer('--enable-bootstrap-token-auth');
    admin = server.admin;
    pins = pinsOf(server.authority.certificate);
    const access = { server: server.url, authority: server.authority.certificate };
    await applyAddon(admin, joinObjects(access));
    await admin.create(
      secret,
      tokenSecret({ token, description: '', ttl: 0, groups: [defaultNodeGroup], usages: ['authentication'] }, 0),
    );
    await sign();
    await applyAddon(admin, joinObjects(access)); // again: nothing is lost
  });
  afterAll(() => server.close());

  async function sign(): Promise<void> {
    const info = await admin.get(configMap, 'cluster-info', 'kube-public');
    const signature = detachedSignature(info.data!['kubeconfig']!, token);
    await admin.update(configMap, { ...info, data: { ...info.data, [signatureKey(token.id)]: signature } });
  }

  it('believes what token and pin vouch for; the kubeconfig made of it lets a node ask for its certificate, and no more', async () => {
    const access = await discover({ server: `${server.url}/`, token, pins });
    expect(access).toEqual({ server: server.url, authority: server.authority.certificate });
    const folder = mkdtempSync(join(tmpdir(), 'join-'));
    const file = join(folder, 'bootstrap-kubelet.conf');
    writeFileSync(file, bootstrapKubeconfig(access, token), { mode: 0o600 });
    const node = connect(loadKubeconfig(file));
    try {
      await node.list(certificateSigningRequest);
      await expect(node.list(secret, { namespace: 'kube-system' })).rejects.toThrow(
        'secrets is forbidden: User "system:bootstrap:abcdef" cannot list resource "secrets"',
      );
    } finally {
      node.close();
      rmSync(folder, { recursive: true });
    }
  });

  it('lets nobody read more without a credential', async () => {
    await expect(server.with().list(configMap, { namespace: 'kube-public' })).rejects.toThrow('system:anonymous');
  });

  it('refuses a token the cluster does not have', async () => {
    expect(await told(discover({ server: server.url, token: generateToken(), pins, patience: 0 }))).toMatch(
      /^token id "[a-z0-9]{6}" is invalid for this cluster or it has expired \| Use "coracle token create" on a control plane to create a new valid token\.$/,
    );
  });

  it('waits for the signature of a token just made', async () => {
    const fresh = generateToken();
    const found = discover({ server: server.url, token: fresh, pins, patience: 20_000 });
    const info = await admin.get(configMap, 'cluster-info', 'kube-public');
    const signature = detachedSignature(info.data!['kubeconfig']!, fresh);
    await admin.update(configMap, { ...info, data: { ...info.data, [signatureKey(fresh.id)]: signature } });
    expect((await found).server).toBe(server.url);
  });

  it('refuses a token whose secret half is wrong', async () => {
    const mistyped = { ...token, secret: '0123456789abcdeg' };
    expect(await told(discover({ server: server.url, token: mistyped, pins }))).toContain(
      "failed to verify JWS signature of received cluster info object, can't trust this API Server | Either the token is mistyped",
    );
  });

  it('refuses a cluster whose authority is not pinned', async () => {
    const other = await makeAuthority({ commonName: 'kubernetes', days: 1 });
    expect(await told(discover({ server: server.url, token, pins: pinsOf(other.certificate) }))).toBe(
      `cluster CA found in cluster-info ConfigMap is invalid: none of the public keys "${pins[0]}" are pinned | Either another cluster answers, or the hash is of an older authority: "coracle token create --print-join-command" on a control plane prints the right one.`,
    );
  });
});

describe('discovery of what pretends to be a cluster', () => {
  let fake: Server | undefined;
  afterEach(() => {
    fake?.closeAllConnections();
    fake?.close();
  });

  /** A server with a certificate of the authority that gives these cluster-infos, one after the other and then the last. */
  async function pretending(authority: Authority, ...infos: Record<string, string>[]): Promise<string> {
    const { certificate, key } = await issueCertificate({
      authority,
      commonName: 'kube-apiserver',
      ipAddresses: ['127.0.0.1'],
      usages: ['server'],
      days: 1,
    });
    const rest = [...infos];
    fake = createServer({ cert: certificate, key }, (_request, response) => {
      const data = rest.length > 1 ? rest.shift() : rest[0];
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cluster-info' }, data }));
    }).listen(0, '127.0.0.1');
    await once(fake, 'listening');
    return `https://127.0.0.1:${(fake.address() as AddressInfo).port}`;
  }
  const signed = (content: string) => ({
    kubeconfig: content,
    [signatureKey(token.id)]: detachedSignature(content, token),
  });
  const authorities = async () =>
    [await makeAuthority({ commonName: 'a', days: 1 }), await makeAuthority({ commonName: 'b', days: 1 })] as const;

  it('notices that the content is not what was signed', async () => {
    const [own] = await authorities();
    const right = signed(clusterInfoKubeconfig({ server: 'https://10.0.0.1', authority: own.certificate }));
    const server = await pretending(own, { ...right, kubeconfig: right.kubeconfig!.replace('10.0.0.1', '10.6.6.6') });
    expect(await told(discover({ server, token, pins: pinsOf(own.certificate) }))).toContain(
      'failed to verify JWS signature',
    );
  });

  it('notices that the server is not of the authority it names', async () => {
    const [own, other] = await authorities();
    const server = await pretending(
      other,
      signed(clusterInfoKubeconfig({ server: 'https://10.0.0.1', authority: own.certificate })),
    );
    expect(await told(discover({ server, token, pins: pinsOf(own.certificate) }))).toContain(
      `${server} does not belong to the authority that cluster-info names: tls: failed to verify certificate: x509: certificate signed by unknown authority | Give --server`,
    );
  });

  it('notices that it is told another thing once it trusts', async () => {
    const [own] = await authorities();
    const infos = ['https://10.0.0.1', 'https://10.6.6.6'].map((address) =>
      signed(clusterInfoKubeconfig({ server: address, authority: own.certificate })),
    );
    const server = await pretending(own, ...infos);
    expect(await told(discover({ server, token, pins: pinsOf(own.certificate) }))).toContain(
      'the second kubeconfig from the cluster-info ConfigMap (using secured connection) is different from the first',
    );
  });

  it.each([
    ['', 'there is no kubeconfig key'],
    ['clusters: []', 'expected one cluster in the kubeconfig of cluster-info'],
    ['clusters: [{name: x, cluster: {server: "https://x"}}]', 'names no server, or no authority'],
    ['- [', 'cannot be read'],
  ])('tells that cluster-info is of no use: %j', async (content, message) => {
    const [own] = await authorities();
    const server = await pretending(own, content === '' ? {} : signed(content));
    expect(await told(discover({ server, token, pins: pinsOf(own.certificate), patience: 0 }))).toContain(message);
  });

  it('tells that nobody answers', async () => {
    const [own] = await authorities();
    const server = await pretending(own, {});
    await new Promise((resolve) => fake!.close(resolve));
    expect(await told(discover({ server, token, pins: pinsOf(own.certificate), patience: 0 }))).toMatch(
      /^couldn't reach the API server at https:\/\/127\.0\.0\.1:\d+: dial tcp .*: connection refused \| Is the control plane up/,
    );
  });

  it.each(['10.0.0.1:6443', 'http://10.0.0.1', 'https://10.0.0.1/path', ''])(
    'refuses the address %j',
    async (server) => {
      const pin = `sha256:${'ab'.repeat(32)}`;
      expect(await told(discover({ server, token, pins: [pin] }))).toBe(
        `--server "${server}" is no address of an API server | It looks like https://10.0.0.1:6443.`,
      );
    },
  );
});
