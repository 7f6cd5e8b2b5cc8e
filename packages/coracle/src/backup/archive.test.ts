import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { extract, type Header, pack } from 'tar-stream';
import { readArchive, writeArchive } from './archive.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coracle-archive-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const texts: Record<string, string> = {
  'snapshot.db': 'the store'.repeat(10_000),
  'cluster.json': '{}',
  'pki/ca.key': 'a key',
};

/** A backup of small files. */
async function backup(): Promise<Buffer> {
  mkdirSync(join(folder, 'in/pki'), { recursive: true });
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, 'in', name), text);
  const files = Object.fromEntries(Object.keys(texts).map((it) => [it, join(folder, 'in', it)]));
  const etcd = { version: '3.5.16', revision: 7, hash: 1, keys: 3 };
  const out = new PassThrough();
  const created = new Date('2026-01-02T03:04:05Z');
  const [bytes] = await Promise.all([buffer(out), writeArchive({ cluster: 'dev', etcd, created, files }, out, never)]);
  return bytes;
}

const never = new AbortController().signal;
const read = (bytes: Buffer) => readArchive(Readable.from([bytes]), join(folder, 'out'), 'b.tar.gz', never);

interface Part {
  header: Partial<Header> & { name: string };
  content: Buffer;
}

/** A backup with its parts changed. */
async function changed(change: (parts: Part[]) => Part[]): Promise<Buffer> {
  const unpack = extract();
  unpack.end(gunzipSync(await backup()));
  const parts: Part[] = [];
  for await (const entry of unpack) {
    const { name, type, mode } = entry.header;
    parts.push({ header: { name, type, mode }, content: await buffer(entry) });
  }
  const archive = pack();
  for (const { header, content } of change(parts)) archive.entry({ ...header, size: content.length }, content);
  archive.finalize();
  return gzipSync(await buffer(archive));
}

const withContents = (edit: (contents: Record<string, unknown>) => void) =>
  changed(([first, ...rest]) => {
    const contents = JSON.parse(first!.content.toString()) as Record<string, unknown>;
    edit(contents);
    return [{ ...first!, content: Buffer.from(JSON.stringify(contents)) }, ...rest];
  });

const file = (name: string, text = 'x', more: Partial<Header> = {}): Part => ({
  header: { name, ...more },
  content: Buffer.from(text),
});

describe('a backup', () => {
  it('is read as it was written, by its owner alone', async () => {
    const contents = await read(await backup());
    expect(contents).toMatchObject({
      version: 1,
      cluster: 'dev',
      created: '2026-01-02T03:04:05.000Z',
      etcd: { version: '3.5.16', revision: 7, hash: 1, keys: 3 },
    });
    for (const [name, text] of Object.entries(texts)) {
      expect(readFileSync(join(folder, 'out', name), 'utf8')).toBe(text);
      expect(statSync(join(folder, 'out', name)).mode & 0o777).toBe(0o600);
    }
  });

  it('begins with what is in it, and ends with the snapshot', async () => {
    const names: string[] = [];
    await changed((parts) => {
      names.push(...parts.map((it) => it.header.name));
      return parts;
    });
    expect(names).toEqual(['backup.json', 'cluster.json', 'pki/ca.key', 'snapshot.db']);
  });

  it('is refused when it is cut short, wherever', async () => {
    const bytes = await backup();
    for (const length of [0, 5, bytes.length >> 1, bytes.length - 9, bytes.length - 1]) {
      rmSync(join(folder, 'out'), { recursive: true, force: true });
      await expect(read(bytes.subarray(0, length))).rejects.toThrow(/b\.tar\.gz is no backup/);
    }
    rmSync(join(folder, 'out'), { recursive: true, force: true });
    await expect(read(await changed((parts) => parts.slice(0, -1)))).rejects.toThrow(
      'b.tar.gz is damaged: snapshot.db is not in it',
    );
  });

  it('is refused when a byte of it is another', async () => {
    const bytes = await backup();
    bytes[bytes.length >> 1]! ^= 1;
    await expect(read(bytes)).rejects.toThrow(/b\.tar\.gz is (no backup, or it is )?damaged/);
    rmSync(join(folder, 'out'), { recursive: true, force: true });
    const tampered = await changed((parts) =>
      parts.map((it) => (it.header.name === 'pki/ca.key' ? file('pki/ca.key', 'b key') : it)),
    );
    await expect(read(tampered)).rejects.toThrow('b.tar.gz is damaged: pki/ca.key is not what was written');
  });

  it('is refused when it is something else', async () => {
    await expect(read(Buffer.from('#!/bin/sh\n'))).rejects.toThrow('b.tar.gz is no backup, or it is damaged');
    await expect(read(gzipSync('hello'))).rejects.toThrow('b.tar.gz is no backup');
    await expect(read(await changed((parts) => parts.slice(1)))).rejects.toThrow('it begins with "cluster.json"');
    await expect(read(await withContents((it) => delete it['kind']))).rejects.toThrow('is no backup of a cluster');
  });

  it('of another format is refused by its number', async () => {
    await expect(read(await withContents((it) => (it['version'] = 2)))).rejects.toThrow(
      'b.tar.gz is a backup of format 2, and this version reads format 1',
    );
  });

  it.each([
    ['a path that leads out', file('../escaped'), /"\.\.\/escaped" in it, which no backup has/],
    ['a path from the root', file('/tmp/coracle-escaped'), /coracle-escaped" in it, which no backup has/],
    ['a path through a folder of its own', file('pki/../../escaped'), /escaped" in it, which no backup has/],
    ['a file it does not name', file('pki/other.key'), /"pki\/other.key" in it, which no backup has/],
    ['a link', file('pki/ca.crt', '', { type: 'symlink', linkname: '/etc/passwd' }), /no file \(symlink\)/],
    ['a hard link', file('pki/ca.crt', '', { type: 'link', linkname: '/etc/passwd' }), /no file \(link\)/],
    ['a device', file('pki/ca.crt', '', { type: 'character-device' }), /no file \(character-device\)/],
    ['a file twice', file('cluster.json', '{}'), /has cluster.json in it twice/],
    ['more text than any has', file('pki/ca.crt', 'x'.repeat(2 ** 21)), /"pki\/ca.crt" is too large/],
  ])('with %s is refused, and nothing of it is written', async (_, part, message) => {
    await expect(read(await changed((parts) => [...parts, part]))).rejects.toThrow(message);
    expect(readdirSync(folder).sort()).toEqual(['in', 'out']);
    expect(readdirSync(join(folder, 'out'), { recursive: true }).sort()).toEqual([
      'cluster.json',
      'pki',
      'pki/ca.key',
      'snapshot.db',
    ]);
  });

  it('may not name files that no backup has', async () => {
    const named = await withContents((it) => {
      (it['files'] as Record<string, unknown>)['pki/../../escaped.key'] = { size: 1, sha256: 'a'.repeat(64) };
    });
    await expect(read(named)).rejects.toThrow('files["pki/../../escaped.key"]');
  });

  it('is given up when it is interrupted', async () => {
    const stop = new AbortController();
    stop.abort(new Error('interrupted'));
    const reading = readArchive(Readable.from([await backup()]), join(folder, 'out'), 'b.tar.gz', stop.signal);
    await expect(reading).rejects.toThrow('interrupted');
  });
});
