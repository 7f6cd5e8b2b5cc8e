import { certificateSigningRequest } from '@coracle/api/certificates/v1/certificatesigningrequest';
import { node as nodeKind } from '@coracle/api/core/v1/node';
import { service } from '@coracle/api/core/v1/service';
import type { CertificateSigningRequest } from '@coracle/api/types/certificates/v1';
import type { Node } from '@coracle/api/types/core/v1';
import { type SecureServer, startSecureServer } from '@coracle/apiserver/testing/secure-server';
import { Informers } from '@coracle/client/informer';
import { makeRequest } from '@coracle/process/pki/request';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startControllers } from '../../manager.ts';
import { defaultSettings } from '../../settings.ts';
import { addressObjection, servingApprovingController } from './approving-serving.ts';
import { signers } from './recognition.ts';

const node = (name: string, ...addresses: string[]): Node => ({
  metadata: { name },
  spec: {},
  status: {
    addresses: [{ type: 'Hostname', address: name }, ...addresses.map((address) => ({ type: 'InternalIP', address }))],
  },
});

describe('the addresses a node may have in its certificate', () => {
  const nodes = [node('one', '10.0.0.1', '10.0.0.9'), node('two', '10.0.0.2', '10.0.0.9'), node('web.default.svc')];
  const asks = (name: string, dnsNames: string[], ipAddresses: string[]) =>
    addressObjection({ commonName: `system:node:${name}`, dnsNames, ipAddresses }, nodes, ['10.0.0.100', '10.96.0.1']);

  it('are those its Node reports', () => {
    expect(asks('one', ['one'], ['10.0.0.1'])).toBeUndefined();
    expect(asks('one', [], ['10.0.0.1'])).toBeUndefined();
  });

  it.each<[string, string[], string[], string]>([
    ['one', ['one'], ['10.0.0.3'], 'the node does not report 10.0.0.3 as an address of its own'],
    ['one', ['other'], ['10.0.0.1'], 'the node does not report other as an address of its own'],
    ['one', ['one'], ['10.0.0.9'], 'another node has 10.0.0.9'],
    ['three', ['three'], [], 'there is no node "three"'],
    ['web.default.svc', ['web.default.svc'], [], 'web.default.svc is a name of Services, or of every machine'],
  ])('%s may not ask for %j and %j', (name, dnsNames, addresses, problem) => {
    expect(asks(name, dnsNames, addresses)).toBe(problem);
  });

  it('are none that the API is known by, even when its Node reports them', () => {
    const liar = [node('liar', '10.0.0.100')];
    const facts = { commonName: 'system:node:liar', dnsNames: [], ipAddresses: ['10.0.0.100'] };
    expect(addressObjection(facts, liar, ['10.0.0.100'])).toBe('the API is known by 10.0.0.100');
  });
});

describe('kubelet-serving-certificate-approving-controller', () => {
  let server: SecureServer;
  const stop = new AbortController();
  const said: string[] = [];

  beforeAll(async () => {
    server = await startSecureServer();
    const note = (details: { err?: unknown }) => void said.push(String(details.err ?? JSON.stringify(details)));
    const log = { debug: note, info: note, warn: note, error: note };
    const informers = new Informers(server.admin, { signal: stop.signal, log });
    await startControllers([servingApprovingController], {
      clientFor: () => server.admin,
      informers,
      settings: defaultSettings,
      signal: stop.signal,
      log,
    });
  });
  afterAll(async () => {
    stop.abort();
    await server.close();
  });

  /** What a kubelet asks for. */
  async function ask(name: string, address: string): Promise<CertificateSigningRequest> {
    const subject = { commonName: `system:node:${name}`, organizations: ['system:nodes'] };
    const { request } = await makeRequest({ ...subject, dnsNames: [name], ipAddresses: [address] });
    const client = await server.as(`system:node:${name}`, 'system:nodes');
    return client.create(certificateSigningRequest, {
      metadata: { generateName: 'csr-' },
      spec: {
        request: Buffer.from(request).toString('base64'),
        signerName: signers.kubeletServing,
        usages: ['digital signature', 'server auth'],
      },
    });
  }

  async function eventually(holds: () => Promise<boolean> | boolean): Promise<void> {
    const end = performance.now() + 30_000;
    while (!(await holds())) {
      if (performance.now() > end) throw new Error(`not in time; it said: ${said.join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async function decided({ metadata }: CertificateSigningRequest): Promise<string> {
    let condition: { type: string; reason?: string } | undefined;
    await eventually(async () => {
      const { status } = await server.admin.get(certificateSigningRequest, metadata.name!);
      condition = status?.conditions?.[0];
      return condition !== undefined;
    });
    return `${condition!.type} ${condition!.reason}`;
  }

  const report = async (name: string, ...addresses: string[]): Promise<void> => {
    const made = await server.admin.create(nodeKind, { metadata: { name }, spec: {} });
    await server.admin.updateStatus(nodeKind, { ...made, status: node(name, ...addresses).status });
  };

  it('approves what a node asks for itself, once its Node reports it', async () => {
    const early = await ask('one', '192.0.2.1');
    await report('one', '192.0.2.1');
    expect(await decided(early)).toBe('Approved AutoApproved');
  });

  it('leaves to a person what the Node does not report, or somebody else asks for', async () => {
    const foreign = await ask('one', '192.0.2.2');
    const byAdmin = await server.admin.create(certificateSigningRequest, {
      metadata: { name: 'by-admin' },
      spec: { ...foreign.spec, username: undefined, groups: undefined, uid: undefined },
    });
    // Requests are worked on one after the other: that of another node comes after both.
    await report('two', '192.0.2.3');
    expect(await decided(await ask('two', '192.0.2.3'))).toBe('Approved AutoApproved');
    for (const { metadata } of [foreign, byAdmin]) {
      const found = await server.admin.get(certificateSigningRequest, metadata.name!);
      expect(found.status?.conditions).toBeUndefined();
    }
  });

  it('leaves an address of the API to a person, whatever the Node reports', async () => {
    const { spec } = await server.admin.get(service, 'kubernetes', 'default');
    await report('liar', spec!.clusterIP!);
    const asked = await ask('liar', spec!.clusterIP!);
    const told = `csr ${JSON.stringify(asked.metadata.name)} is not approved: the API is known by ${spec!.clusterIP}`;
    await eventually(() => said.some((it) => it.includes(told)));
    expect(
      (await server.admin.get(certificateSigningRequest, asked.metadata.name!)).status?.conditions,
    ).toBeUndefined();
  });

  it('is off unless it is named', () => expect(servingApprovingController.offByDefault).toBe(true));
});
