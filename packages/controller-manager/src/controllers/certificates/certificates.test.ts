import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificateSigningRequest } from '@coracle/api/certificates/v1/certificatesigningrequest';
import { now } from '@coracle/api/meta/time';
import type { CertificateSigningRequest } from '@coracle/api/types/certificates/v1';
import { makeAuthority } from '@coracle/process/pki/authority';
import { readCertificate } from '@coracle/process/pki/certificate';
import { makeRequest, type RequestFacts } from '@coracle/process/pki/request';
import { afterEach, describe, expect, it } from '@jest/globals';
import { defaultSettings } from '../../settings.ts';
import { type TestCluster, testCluster } from '../../testing/cluster.ts';
import { endOf } from './cleaning.ts';
import { objection, signers } from './recognition.ts';
import { csrSigningController, validity } from './signing.ts';

const facts = (more: Partial<RequestFacts>): RequestFacts => ({
  commonName: 'system:node:one',
  organizations: ['system:nodes'],
  dnsNames: [],
  ipAddresses: [],
  emailAddresses: [],
  uris: [],
  ...more,
});
const clientAuth = ['digital signature', 'client auth'];
const serverAuth = ['server auth', 'digital signature'];

describe('what the signers take', () => {
  it.each<[string, string, string[], Partial<RequestFacts>, string | undefined]>([
    ['a kubelet client', signers.kubeletClient, clientAuth, {}, undefined],
    ['a kubelet client with an RSA key', signers.kubeletClient, [...clientAuth, 'key encipherment'], {}, undefined],
    [
      'another organization',
      signers.kubeletClient,
      clientAuth,
      { organizations: ['x'] },
      'subject organization is not system:nodes',
    ],
    [
      'another name',
      signers.kubeletClient,
      clientAuth,
      { commonName: 'jane' },
      'subject common name does not begin with system:node: ',
    ],
    [
      'a client with addresses',
      signers.kubeletClient,
      clientAuth,
      { ipAddresses: ['10.0.0.1'] },
      'IP subjectAltNames are not allowed',
    ],
    [
      'other usages',
      signers.kubeletClient,
      serverAuth,
      {},
      'usages did not match [client auth digital signature key encipherment]',
    ],
    ['a kubelet server', signers.kubeletServing, serverAuth, { ipAddresses: ['10.0.0.1'] }, undefined],
    ['a server without names', signers.kubeletServing, serverAuth, {}, 'DNS or IP subjectAltName is required'],
    ['a client', signers.client, ['client auth'], { commonName: 'jane', organizations: ['devs'] }, undefined],
    [
      'a client that would serve',
      signers.client,
      ['client auth', 'server auth'],
      {},
      'invalid usage for client certificate: server auth',
    ],
    [
      'a client that is none',
      signers.client,
      ['digital signature'],
      {},
      'missing required usage for client certificate: client auth',
    ],
    ['anything, of the old signer', signers.legacy, ['code signing'], { organizations: ['x', 'y'] }, undefined],
    [
      'somebody else’s signer',
      'example.com/x',
      ['client auth'],
      {},
      'signer example.com/x is not one of this controller',
    ],
  ])('%s', (_name, signerName, usages, more, expected) => {
    expect(objection({ request: '', signerName, usages, username: 'system:node:one' }, facts(more))).toBe(expected);
  });
});

describe('times', () => {
  const request = (spec: object, status?: object) =>
    ({
      metadata: { creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: { request: '', signerName: '', ...spec },
      status,
    }) as CertificateSigningRequest;
  const at = Date.parse('2026-01-01T00:00:00Z');
  const hour = 3_600_000;

  it('a certificate ends with what was asked for, what is allowed and its authority', () => {
    const settings = { ...defaultSettings, clusterSigningDuration: 10 * hour };
    const end = (spec: object, authority = at + 1000 * hour) =>
      validity(request(spec), settings, authority, at)[1].getTime() - at;
    expect(end({})).toBe(10 * hour - 300_000);
    expect(end({ expirationSeconds: 3600 })).toBe(hour);
    expect(end({ expirationSeconds: 60 })).toBe(600_000);
    expect(end({ expirationSeconds: 360_000 })).toBe(10 * hour - 300_000);
    expect(end({}, at + hour)).toBe(hour);
    expect(() => end({}, at)).toThrow('refusing to sign a certificate that expired in the past');
  });

  it('an open request is kept for a day, a decided one for an hour, and none longer than its certificate', async () => {
    expect((await endOf(request({}))) - at).toBe(24 * hour);
    const approved = { conditions: [{ type: 'Approved', status: 'True', lastUpdateTime: '2026-01-01T02:00:00Z' }] };
    expect((await endOf(request({}, approved))) - at).toBe(3 * hour);
    const { certificate } = await makeAuthority({ commonName: 'short', days: 0 });
    const issued = { ...approved, certificate: Buffer.from(certificate).toString('base64') };
    const ends = new X509Certificate(certificate).validToDate.getTime();
    expect(await endOf(request({}, issued))).toBe(Math.min(ends, at + 3 * hour));
    const later = { conditions: [{ ...approved.conditions[0]!, lastUpdateTime: '2099-01-01T00:00:00Z' }] };
    expect(await endOf(request({}, { ...issued, ...later }))).toBe(ends);
  });
});

describe('certificatesigningrequest-signing-controller', () => {
  let cluster: TestCluster;
  const folder = mkdtempSync(join(tmpdir(), 'signing-'));
  afterEach(async () => {
    await cluster.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('signs what is approved and nothing else', async () => {
    const authority = await makeAuthority({ commonName: 'test', days: 1 });
    const files = { certFile: join(folder, 'ca.crt'), keyFile: join(folder, 'ca.key') };
    writeFileSync(files.certFile, authority.certificate);
    writeFileSync(files.keyFile, authority.key, { mode: 0o600 });
    cluster = await testCluster([csrSigningController], { signers: { [signers.kubeletClient]: files } });
    const { request } = await makeRequest({ commonName: 'system:node:one', organizations: ['system:nodes'] });
    const spec = {
      request: Buffer.from(request).toString('base64'),
      signerName: signers.kubeletClient,
      usages: clientAuth,
    };
    const made = await cluster.client.create(certificateSigningRequest, { metadata: { name: 'one' }, spec });
    const time = now();
    made.status = {
      conditions: [
        {
          type: 'Approved',
          status: 'True',
          reason: 'Test',
          message: 'yes',
          lastUpdateTime: time,
          lastTransitionTime: time,
        },
      ],
    };
    await cluster.client.subresource(certificateSigningRequest, 'one', undefined, 'approval', 'PUT', made);
    const signed = await cluster.eventually(
      () => cluster.get(certificateSigningRequest, 'one'),
      (each) => each.status?.certificate !== undefined,
    );
    const certificate = readCertificate(Buffer.from(signed.status!.certificate!, 'base64').toString());
    expect(certificate).toMatchObject({ commonName: 'system:node:one', organizations: ['system:nodes'] });
  });
});
