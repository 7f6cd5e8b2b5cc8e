import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueCertificate, makeAuthority } from '@coracle/process/pki';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { recordingLog } from '../testing/log.ts';
import { CertificateStore } from './store.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'store-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const pair = async () => {
  const authority = await makeAuthority({ commonName: 'ca', days: 1 });
  return issueCertificate({ authority, commonName: 'system:node:n1', usages: ['client'], days: 1 });
};
const at = (time: string) => Date.parse(time);

describe('a certificate store', () => {
  it('is empty at first', async () => {
    const { log, messages } = recordingLog();
    expect(await new CertificateStore(folder, 'kubelet-client', log).current()).toBeUndefined();
    expect(messages()).toEqual([]);
  });

  it('links to the generation in force, which its owner alone can read', async () => {
    const store = new CertificateStore(folder, 'kubelet-client', recordingLog().log);
    const first = await pair();
    await store.update(first, at('2026-01-31T08:00:00Z'));
    const file = join(folder, 'kubelet-client-2026-01-31-08-00-00.pem');
    expect(store.currentPath).toBe(join(folder, 'kubelet-client-current.pem'));
    expect(readlinkSync(store.currentPath)).toBe(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toBe(first.certificate + first.key);
    expect(await store.current()).toMatchObject(first);
  });

  it('keeps the generation before, and no more', async () => {
    const store = new CertificateStore(folder, 'kubelet-client', recordingLog().log);
    writeFileSync(join(folder, 'kubelet-server-2020-01-01-00-00-00.pem'), 'not ours');
    for (const minute of ['01', '02', '03']) await store.update(await pair(), at(`2026-01-31T08:${minute}:00Z`));
    expect(readdirSync(folder).sort()).toEqual([
      'kubelet-client-2026-01-31-08-02-00.pem',
      'kubelet-client-2026-01-31-08-03-00.pem',
      'kubelet-client-current.pem',
      'kubelet-server-2020-01-01-00-00-00.pem',
    ]);
  });

  it('takes no key of another certificate, and keeps what it has', async () => {
    const store = new CertificateStore(folder, 'kubelet-client', recordingLog().log);
    const [one, other] = [await pair(), await pair()];
    await store.update(one, at('2026-01-31T08:00:00Z'));
    const mixed = { certificate: other.certificate, key: one.key };
    await expect(store.update(mixed, at('2026-01-31T09:00:00Z'))).rejects.toThrow('does not match');
    expect(await store.current()).toMatchObject(one);
  });

  it('has no certificate where the file is damaged, and says so', async () => {
    const { log, messages } = recordingLog();
    const store = new CertificateStore(folder, 'kubelet-server', log);
    writeFileSync(store.currentPath, '-----BEGIN CERT');
    expect(await store.current()).toBeUndefined();
    expect(messages()).toEqual(['Cannot use the stored certificate']);
  });
});
