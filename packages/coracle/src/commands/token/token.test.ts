import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSubjectReview } from '@coracle/api/authentication/v1/selfsubjectreview';
import { secret } from '@coracle/api/core/v1/secret';
import { type SecureServer, startSecureServer } from '@coracle/apiserver/testing/secure-server';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { applyAddon } from '../../addons/addon.ts';
import { joinObjects } from '../../join/objects.ts';
import { pinsOf } from '../../join/pin.ts';
import token from '../token.ts';
import { described } from './list.ts';

let server: SecureServer;
let folder: string;
let kubeconfig: string;

beforeAll(async () => {
  server = await startSecureServer('--enable-bootstrap-token-auth');
  folder = mkdtempSync(join(tmpdir(), 'token-'));
  kubeconfig = join(folder, 'admin.kubeconfig');
  const { certData, keyData, caData } = await server.configOf('admin', 'system:masters');
  const base64 = (text = '') => Buffer.from(text).toString('base64');
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: server.url, 'certificate-authority-data': base64(caData) } }],
      users: [{ name: 'u', user: { 'client-certificate-data': base64(certData), 'client-key-data': base64(keyData) } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  );
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

/** What a command prints. */
async function printed(...argv: string[]): Promise<string> {
  let text = '';
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    expect(await token.run([...argv, `--kubeconfig=${kubeconfig}`])).toBe(0);
  } finally {
    write.mockRestore();
  }
  return text;
}

describe('coracle token', () => {
  it('makes tokens that let their holders in, lists and deletes them', async () => {
    const made = (await printed('create', '--description=rack 4', '--ttl=1h30m')).trim();
    expect(made).toMatch(/^[a-z0-9]{6}\.[a-z0-9]{16}$/);
    const who = async () =>
      (await server.with(made).create(selfSubjectReview, { metadata: {} })).status?.userInfo?.groups;
    // Making such a review is for system:authenticated: a token's holder is in it.
    expect(await who()).toEqual(
      expect.arrayContaining(['system:bootstrappers:coracle:default-node-token', 'system:authenticated']),
    );
    const [head, line, ...more] = (await printed('list')).trim().split('\n');
    expect(head?.split(/ {3,}/)).toEqual(['TOKEN', 'TTL', 'EXPIRES', 'USAGES', 'DESCRIPTION', 'EXTRA GROUPS']);
    expect(line?.split(/ {3,}/)).toEqual([
      made,
      '1h',
      expect.stringMatching(/^\d{4}-.*Z$/),
      'authentication,signing',
      'rack 4',
      'system:bootstrappers:coracle:default-node-token',
    ]);
    expect(more).toEqual([]);
    expect(JSON.parse(await printed('list', '-o', 'json'))).toEqual([expect.objectContaining({ token: made })]);

    const id = made.slice(0, 6);
    expect(await printed('delete', made)).toBe(`bootstrap token "${id}" deleted\n`);
    await expect(server.with(made).create(selfSubjectReview, { metadata: {} })).rejects.toThrow('Unauthorized');
    expect(await printed('list')).toBe('');
    await expect(printed('delete', id)).rejects.toThrow(`failed to delete bootstrap token "${id}": there is none`);
    await expect(printed('delete', 'nonsense')).rejects.toThrow("given token didn't match pattern");
  });

  it('prints the command line to join with, of the cluster’s address and authority', async () => {
    const creating = () => printed('create', '--print-join-command', '111111.0123456789abcdef');
    await expect(creating()).rejects.toThrow('kube-public/cluster-info does not say how the cluster is reached');
    expect((await server.admin.list(secret, { namespace: 'kube-system' })).items).toEqual([]);
    const authority = server.authority.certificate;
    await applyAddon(server.admin, joinObjects({ server: 'https://172.30.0.2', authority }));
    expect(await creating()).toBe(
      `coracle node join --server https://172.30.0.2 --token 111111.0123456789abcdef --ca-cert-hash ${pinsOf(authority)[0]}\n`,
    );
    await expect(creating()).rejects.toThrow('a token with id "111111" already exists');
    await printed('delete', '111111');
  });

  it('names what is wrong with what it is told', async () => {
    await expect(printed('create', 'nonsense')).rejects.toThrow('the bootstrap token was not of the form');
    await expect(printed('create', '--ttl=-1h')).rejects.toThrow('--ttl may not be negative');
    await expect(printed('create', '--groups=system:masters')).rejects.toThrow('bootstrap group "system:masters"');
    await expect(printed('create', '--usages=flying')).rejects.toThrow('invalid bootstrap token usage string: flying');
    await expect(token.run(['list', '--kubeconfig=/nowhere'])).rejects.toThrow('cannot use the kubeconfig /nowhere');
    await expect(token.run(['make'])).rejects.toThrow('unknown command "make" for "coracle token"');
  });

  it('lists what is forever, what has expired and what has no words', () => {
    const some = { token: 'abcdef.0123456789abcdef', description: '', usages: [], groups: [] };
    const text = described([
      { ...some, expires: undefined, left: undefined },
      { ...some, expires: '2020-01-01T00:00:00Z', left: -1 },
    ]);
    expect(text.split('\n').slice(1)).toEqual([
      'abcdef.0123456789abcdef   <forever>   <never>                <none>   <none>        <none>',
      'abcdef.0123456789abcdef   <invalid>   2020-01-01T00:00:00Z   <none>   <none>        <none>',
      '',
    ]);
  });
});
