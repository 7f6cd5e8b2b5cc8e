import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Header, pack } from 'tar-stream';
import { digestOf } from '../images/tree.ts';
import { applyLayer } from './layers.ts';
import { PathError, partsOf, within } from './scoped-path.ts';

let folder: string;
let root: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coracle-layers-'));
  root = join(folder, 'outside/root');
  mkdirSync(root, { recursive: true });
  writeFileSync(join(folder, 'secret'), 'untouched');
});
afterEach(() => {
  expect(readFileSync(join(folder, 'secret'), 'utf8')).toBe('untouched');
  expect(readdirSync(join(folder, 'outside'))).toEqual(['root']);
  rmSync(folder, { recursive: true, force: true });
});

type Entry = Partial<Header> & { name: string; content?: string };
const file = (name: string, content = name, more: Partial<Header> = {}): Entry => ({ name, content, ...more });
const directory = (name: string, more: Partial<Header> = {}): Entry => ({ name, type: 'directory', ...more });
const symlink = (name: string, linkname: string): Entry => ({ name, type: 'symlink', linkname });
const hardLink = (name: string, linkname: string): Entry => ({ name, type: 'link', linkname });
const device = (name: string): Entry => ({ name, type: 'character-device', devmajor: 1, devminor: 3, mode: 0o666 });

async function tar(entries: readonly Entry[]): Promise<Buffer> {
  const archive = pack();
  const bytes = buffer(archive as unknown as AsyncIterable<Buffer>);
  for (const { content = '', ...header } of entries) archive.entry(header, content);
  archive.finalize();
  return bytes;
}
const layerType = 'application/vnd.oci.image.layer.v1.tar';
const apply = async (...entries: Entry[]) => applyLayer(Readable.from([await tar(entries)]), layerType, root);
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const list = (path = '.') => readdirSync(join(root, path)).sort();

describe('layers', () => {
  it('are laid over each other: later files win, folders are joined', async () => {
    await apply(directory('etc'), file('etc/a', 'old'), file('etc/b'), directory('gone'), file('gone/x'));
    await apply(file('etc/a', 'new'), file('gone', 'now a file'), directory('etc/b'), file('etc/b/c'));
    expect([read('etc/a'), read('gone'), read('etc/b/c')]).toEqual(['new', 'now a file', 'etc/b/c']);
  });

  it('have the owners, modes and times they say', async () => {
    const mtime = new Date('2020-02-02T00:00:00Z');
    await apply(
      directory('var', { mode: 0o1777, uid: 7, gid: 8, mtime }),
      file('var/su', 'x', { mode: 0o4755, uid: 5, gid: 6, mtime }),
      directory('.', { mode: 0o711 }),
    );
    const [folderOf, program] = [statSync(join(root, 'var')), statSync(join(root, 'var/su'))];
    expect([folderOf.mode & 0o7777, folderOf.uid, folderOf.gid, folderOf.mtime]).toEqual([0o1777, 7, 8, mtime]);
    expect([program.mode & 0o7777, program.uid, program.gid, program.mtime]).toEqual([0o4755, 5, 6, mtime]);
    expect(statSync(root).mode & 0o7777).toBe(0o711);
  });

  it('keep links, hard and symbolic, devices and pipes', async () => {
    await apply(
      file('a', 'one'),
      hardLink('b', 'a'),
      hardLink('c', './b'),
      symlink('d', '../../secret'),
      device('null'),
      {
        name: 'pipe',
        type: 'fifo',
      },
    );
    expect([statSync(join(root, 'a')).nlink, read('c')]).toEqual([3, 'one']);
    expect(readlinkSync(join(root, 'd'))).toBe('../../secret');
    expect(lstatSync(join(root, 'null')).isCharacterDevice()).toBe(true);
    expect(lstatSync(join(root, 'pipe')).isFIFO()).toBe(true);
  });

  it('hide what whiteouts name', async () => {
    await apply(
      directory('a'),
      file('a/x'),
      file('a/y'),
      directory('b'),
      file('b/x'),
      directory('b/sub'),
      file('b/sub/z'),
    );
    await apply(file('a/.wh.x', ''), file('b/new'), file('b/.wh..wh..opq', ''), file('b/sub/new'));
    expect([list('a'), list('b'), list('b/sub')]).toEqual([['y'], ['new', 'sub'], ['new']]);
    await apply(file('.wh.b', ''));
    expect(list()).toEqual(['a']);
  });

  it('are read whatever way they are compressed, and known by their content', async () => {
    const bytes = await tar([file('a')]);
    for (const [type, packed] of [
      ['', bytes],
      ['+gzip', gzipSync(bytes)],
      ['+zstd', zstdCompressSync(bytes)],
    ] as const) {
      rmSync(join(root, 'a'), { force: true });
      expect(await applyLayer(Readable.from([packed]), `${layerType}${type}`, root)).toBe(digestOf(bytes));
      expect(read('a')).toBe('a');
    }
    const docker = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
    expect(await applyLayer(Readable.from([gzipSync(bytes)]), docker, root)).toBe(digestOf(bytes));
    await expect(applyLayer(Readable.from([bytes]), `${layerType}+lzma`, root)).rejects.toThrow(
      'a layer is of type application/vnd.oci.image.layer.v1.tar+lzma, which is not supported',
    );
  });

  it('with extended attributes are refused by name', async () => {
    const pax = { 'SCHILY.xattr.security.capability': 'x' };
    await expect(apply(file('usr/bin/ping', 'x', { pax }))).rejects.toThrow(
      'usr/bin/ping has extended attributes (security.capability), which are not supported',
    );
  });
});

describe('nothing of a layer lands outside', () => {
  it.each([
    ['a name upwards', [file('../secret')]],
    ['a name upwards in the middle', [file('a/../../secret')]],
    ['a hard link upwards', [hardLink('x', '../../secret')]],
    ['a hard link to what is not there', [hardLink('x', 'secret')]],
    ['a hard link to a link that leads out', [symlink('s', '../../secret'), hardLink('x', 's')]],
    ['a whiteout upwards', [directory('a'), file('a/.wh...', '')]],
    ['a whiteout of nothing', [file('.wh.', '')]],
  ])('by %s', async (_, entries) => {
    await expect(apply(...entries)).rejects.toMatchObject({ name: 'PathError' });
  });

  it('by links on the way: those lead within the root, as they would in the container', async () => {
    await apply(
      symlink('absolute', '/etc'),
      symlink('upwards', '../../../..'),
      directory('etc'),
      file('absolute/passwd', 'a'),
      file('upwards/secret', 'b'),
      symlink('loop', 'loop2'),
      symlink('loop2', 'loop'),
    );
    expect([read('etc/passwd'), read('secret')]).toEqual(['a', 'b']);
    await expect(apply(file('loop/x'))).rejects.toThrow('"loop/x" has too many links');
  });

  it('by a link that a file replaces, or a folder that a link replaces', async () => {
    await apply(symlink('out', '../../secret'));
    await apply(file('out', 'mine'));
    expect([lstatSync(join(root, 'out')).isFile(), read('out')]).toEqual([true, 'mine']);
    await apply(directory('d'), file('d/x'));
    await apply(symlink('d', '../..'), file('d/secret', 'within'));
    expect(read('secret')).toBe('within');
    await apply(file('d/.wh.secret', ''));
    expect(existsSync(join(root, 'secret'))).toBe(false);
  });

  it('by an absolute name, which is taken from the root', async () => {
    await apply(file('/etc/passwd'));
    expect(read('etc/passwd')).toBe('/etc/passwd');
  });

  it('whatever links lie on the way, and whatever is asked for (property)', () => {
    const part = fc.constantFrom('a', 'b', 'c', '..', '.');
    const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((it) => it.join('/'));
    const target = fc.tuple(fc.constantFrom('', '/'), path).map(([head, it]) => `${head}${it}`);
    const tried = (work: () => string): string | undefined => {
      try {
        return work();
      } catch (error) {
        if (error instanceof PathError) return undefined;
        throw error;
      }
    };
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('a', 'b', 'c'), target), path, (links, asked) => {
        for (const it of readdirSync(root)) rmSync(join(root, it));
        for (const [name, to] of Object.entries(links)) symlinkSync(to, join(root, name));
        const found = tried(() => within(root, partsOf(asked)));
        expect(found ?? root).toMatch(new RegExp(`^${root}(/(?!\\.\\.)|$)`));
      }),
    );
  });
});
