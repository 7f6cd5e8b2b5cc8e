import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type PeerCertificate, type TLSSocket } from 'node:tls';
import { describe, expect, it } from '@jest/globals';
import {
  generateKey,
  issueCertificate,
  makeAuthority,
  makeRequest,
  makeServiceAccountKeys,
  parseRequest,
  publicKeyOf,
  readCertificate,
  signatureProblem,
  signRequest,
  writePem,
} from '../pki.ts';

describe('an authority', () => {
  it.each(['ec-p256', 'rsa-2048'] as const)(
    'issues certificates that TLS accepts on both sides (%s)',
    async (keyAlgorithm) => {
      const authority = await makeAuthority({ commonName: 'kubernetes', days: 3650, keyAlgorithm });
      const server = await issueCertificate({
        authority,
        commonName: 'kube-apiserver',
        dnsNames: ['kubernetes.default.svc'],
        ipAddresses: ['127.0.0.1', 'fd00::1'],
        usages: ['server'],
        days: 365,
        keyAlgorithm,
      });
      const client = await issueCertificate({
        authority,
        commonName: 'system:node:n1',
        organizations: ['system:nodes', '#odd, "name"'],
        usages: ['client'],
        days: 365,
        keyAlgorithm,
      });
      const peer = await handshake(authority.certificate, server, client);
      expect(peer.subject.CN).toBe('system:node:n1');
      expect(peer.subject.O).toEqual(['system:nodes', '#odd, "name"']);
      expect(readCertificate(client.certificate)).toMatchObject({
        commonName: 'system:node:n1',
        organizations: ['system:nodes', '#odd, "name"'],
        authority: false,
        extendedKeyUsages: ['1.3.6.1.5.5.7.3.2'],
      });
      expect(readCertificate(server.certificate)).toMatchObject({
        dnsNames: ['kubernetes.default.svc'],
        ipAddresses: ['127.0.0.1', 'fd00::1'],
      });
      expect(new X509Certificate(server.certificate).checkIP('fd00::1')).toBe('fd00::1');
    },
  );

  it('refuses, as TLS does, a client certificate of another authority', async () => {
    const authority = await makeAuthority({ commonName: 'kubernetes', days: 1 });
    const other = await makeAuthority({ commonName: 'kubernetes', days: 1 });
    const wishes = { commonName: 'x', ipAddresses: ['127.0.0.1'], days: 1 };
    const server = await issueCertificate({ authority, ...wishes, usages: ['server'] });
    const client = await issueCertificate({ authority: other, ...wishes, usages: ['client'] });
    await expect(handshake(authority.certificate, server, client)).rejects.toThrow();
  });

  it('never issues a certificate that outlives it', async () => {
    const authority = await makeAuthority({ commonName: 'short', days: 1 });
    const { certificate } = await issueCertificate({ authority, commonName: 'long', usages: ['client'], days: 400 });
    expect(readCertificate(certificate).notAfter).toEqual(readCertificate(authority.certificate).notAfter);
    expect(readCertificate(authority.certificate).authority).toBe(true);
  });
});

describe('a certificate request', () => {
  it('is signed with its subject, names and the usages asked for', async () => {
    const authority = await makeAuthority({ commonName: 'signer', days: 30 });
    const { request, key } = await makeRequest({
      commonName: 'system:node:worker',
      organizations: ['system:nodes'],
      dnsNames: ['worker'],
      ipAddresses: ['10.0.0.7'],
    });
    expect(parseRequest(request)).toEqual({
      commonName: 'system:node:worker',
      organizations: ['system:nodes'],
      dnsNames: ['worker'],
      ipAddresses: ['10.0.0.7'],
      emailAddresses: [],
      uris: [],
    });
    expect(await signatureProblem(request)).toBeUndefined();
    const notAfter = new Date(Date.now() + 3600_000);
    const certificate = await signRequest({
      authority,
      request,
      usages: ['digital signature', 'client auth', 'server auth'],
      notBefore: new Date(),
      notAfter,
    });
    const facts = readCertificate(certificate);
    expect(facts).toMatchObject({
      commonName: 'system:node:worker',
      organizations: ['system:nodes'],
      dnsNames: ['worker'],
      ipAddresses: ['10.0.0.7'],
      extendedKeyUsages: ['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1'],
    });
    expect(Math.abs(facts.notAfter.getTime() - notAfter.getTime())).toBeLessThan(1000);
    expect(publicKeyOf(certificate)).toBe(publicKeyOf(key));
    expect(new X509Certificate(certificate).verify(new X509Certificate(authority.certificate).publicKey)).toBe(true);
  });

  it('says what is wrong with a text that is none, and with an unknown usage', async () => {
    const authority = await makeAuthority({ commonName: 'signer', days: 30 });
    expect(() => parseRequest(authority.certificate)).toThrow('PEM block type must be CERTIFICATE REQUEST');
    const { request } = await makeRequest({ commonName: 'x' });
    const wishes = { authority, request, notBefore: new Date(), notAfter: new Date(Date.now() + 1000) };
    await expect(signRequest({ ...wishes, usages: ['flying'] })).rejects.toThrow('unrecognized usage: flying');
  });
});

describe('keys', () => {
  it('come in pairs for service accounts', async () => {
    const { privateKey, publicKey } = await makeServiceAccountKeys();
    expect(publicKeyOf(privateKey)).toBe(publicKey);
    expect(publicKey).toMatch(/^-----BEGIN PUBLIC KEY-----/);
    expect(await generateKey()).not.toBe(await generateKey());
  });

  it('are written for their owner alone, replacing what was there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pki-'));
    try {
      const file = join(folder, 'deep', 'ca.key');
      await writePem(file, 'one');
      await writePem(file, 'two');
      expect(await readFile(file, 'utf8')).toBe('two');
      expect((await stat(file)).mode & 0o777).toBe(0o600);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

/** Shakes hands on loopback with certificates on both sides; resolves to the client's certificate as the server saw it. */
async function handshake(
  ca: string,
  server: { certificate: string; key: string },
  client: { certificate: string; key: string },
): Promise<PeerCertificate> {
  const listener = createServer({
    cert: server.certificate,
    key: server.key,
    ca,
    requestCert: true,
    rejectUnauthorized: true,
  });
  const seen = new Promise<PeerCertificate>((resolve, reject) => {
    listener.once('secureConnection', (socket: TLSSocket) => resolve(socket.getPeerCertificate()));
    listener.once('tlsClientError', reject);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  const socket = connect({ host: '127.0.0.1', port, ca, cert: client.certificate, key: client.key });
  const failed = new Promise<never>((_, reject) => socket.once('error', reject));
  try {
    return await Promise.race([seen, failed]);
  } finally {
    socket.on('error', () => undefined);
    socket.destroy();
    listener.close();
  }
}
