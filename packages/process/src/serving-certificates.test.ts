import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect, type PeerCertificate } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { servingFlags } from './component-flags.ts';
import { servingOf } from './component-options.ts';
import { defineFlags } from './flags.ts';
import { type StatusServer, serveStatus } from './health.ts';
import { logger } from './log.ts';
import { type Authority, issueCertificate, makeAuthority } from './pki.ts';

let folder: string;
let server: StatusServer | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coracle-serving-'));
  const authority = await makeAuthority({ commonName: 'test-ca', days: 1 });
  await write(authority, 'plain', ['localhost']);
  await write(authority, 'shop', ['shop.example', '*.shop.example']);
  await write(authority, 'one', ['one.shop.example']);
});

afterEach(async () => {
  await server?.close();
  server = undefined;
});

afterAll(() => rm(folder, { recursive: true }));

async function write(authority: Authority, name: string, dnsNames: string[]): Promise<void> {
  const issued = await issueCertificate({ authority, commonName: name, dnsNames, usages: ['server'], days: 1 });
  await writeFile(join(folder, `${name}.crt`), issued.certificate);
  await writeFile(join(folder, `${name}.key`), issued.key, { mode: 0o600 });
}

const pair = (name: string): string => `${join(folder, `${name}.crt`)},${join(folder, `${name}.key`)}`;
const flagsOf = (...argv: string[]) => defineFlags(servingFlags({ port: 10257 })).parse(argv).values;

async function serve(...argv: string[]): Promise<void> {
  const [cert, key] = pair('plain').split(',');
  const flags = flagsOf(`--tls-cert-file=${cert}`, `--tls-private-key-file=${key}`, ...argv);
  const serving = { ...servingOf(flags), port: 0, bindAddress: '127.0.0.1' };
  server = await serveStatus({ ...serving, metrics: new Registry(), log: logger('test') });
}

/** What a client sees of a handshake. */
function shake(options: ConnectionOptions = {}): Promise<{ commonName: string; protocol: string; cipher: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: server!.port, rejectUnauthorized: false, ...options }, () => {
      const { subject } = socket.getPeerCertificate() as PeerCertificate;
      const { name, standardName } = socket.getCipher();
      resolve({ commonName: String(subject.CN), protocol: socket.getProtocol()!, cipher: standardName ?? name });
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

describe('--tls-sni-cert-key', () => {
  test('the certificate goes by the name a client asks for', async () => {
    await serve(`--tls-sni-cert-key=${pair('shop')}`, `--tls-sni-cert-key=${pair('one')}:one.shop.example`);
    const shown = async (servername?: string) => (await shake(servername ? { servername } : {})).commonName;
    expect(await shown()).toBe('plain');
    expect(await shown('elsewhere.example')).toBe('plain');
    expect(await shown('shop.example')).toBe('shop');
    expect(await shown('two.shop.example')).toBe('shop');
    expect(await shown('a.two.shop.example')).toBe('plain');
    expect(await shown('one.shop.example')).toBe('one');
  });

  test.each([
    ['only.crt', 'expected comma separated certificate and key file paths'],
    ['a,b,c', 'expected comma separated certificate and key file paths'],
    ['a.crt,a.key:', 'empty domain name'],
  ])('%s is refused', (text, reason) => {
    expect(() => servingOf(flagsOf(`--tls-sni-cert-key=${text}`))).toThrow(
      `invalid argument "${text}" for "--tls-sni-cert-key" flag: ${reason}`,
    );
  });
});

describe('--tls-min-version and --tls-cipher-suites', () => {
  test('clients below the oldest version are turned away', async () => {
    await serve('--tls-min-version=VersionTLS13');
    await expect(shake({ maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version/);
    expect((await shake()).protocol).toBe('TLSv1.3');
  });

  test('TLS 1.2 is spoken by default, and nothing older', async () => {
    await serve();
    expect((await shake({ maxVersion: 'TLSv1.2' })).protocol).toBe('TLSv1.2');
    await expect(shake({ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' })).rejects.toThrow();
  });

  test('suites of TLS 1.2 are those named, those of TLS 1.3 are there', async () => {
    await serve('--tls-cipher-suites=TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384');
    expect((await shake({ maxVersion: 'TLSv1.2' })).cipher).toMatch(/^TLS_ECDHE_(ECDSA|RSA)_WITH_AES_256_GCM_SHA384$/);
    const other = {
      maxVersion: 'TLSv1.2',
      ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256',
    } as const;
    await expect(shake(other)).rejects.toThrow(/handshake failure/);
    expect((await shake()).protocol).toBe('TLSv1.3');
  });

  test('unknown names are refused in upstream’s words', () => {
    expect(() => servingOf(flagsOf('--tls-min-version=TLS1.2'))).toThrow('unknown tls version "TLS1.2"');
    expect(() => servingOf(flagsOf('--tls-cipher-suites=TLS_FAST'))).toThrow(
      "Cipher suite TLS_FAST not supported or doesn't exist",
    );
  });
});

test('a certificate without its key is refused', () => {
  expect(() => servingOf(flagsOf('--tls-cert-file=a'))).toThrow(
    '--tls-cert-file and --tls-private-key-file must be specified together',
  );
});
