import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { extract } from 'tar-stream';
import { run } from '../host/run.ts';
import { buildImages, builtImage } from './build.ts';
import { mergedLinks, programWithLibraries } from './debian.ts';
import { neededLibraries } from './elf.ts';
import { plainLayer } from './layer.ts';
import { ociArchive } from './oci.ts';
import { type Architecture, pauseProgram } from './pause.ts';
import { recipes } from './recipes.ts';
import { digestOf, type Entry, type Tree, tarOf } from './tree.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coracle-images-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const text = (content: string) => ({ type: 'file' as const, mode: 0o644, content: Buffer.from(content) });

async function untar(bytes: Buffer): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const unpack = extract();
  const done = new Promise<void>((resolve, reject) => unpack.once('finish', resolve).once('error', reject));
  unpack.on('entry', (header, stream, next) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk) => chunks.push(chunk as Buffer));
    stream.once('end', () => {
      files.set(header.name, Buffer.concat(chunks).toString('utf8'));
      next();
    });
  });
  unpack.end(bytes);
  await done;
  return files;
}

describe('an archive', () => {
  it('is the same to the byte, in whatever order its files came', async () => {
    const entries: [string, ReturnType<typeof text>][] = [
      ['b/two', text('2')],
      ['a', text('1')],
      ['b/c/three', text('3')],
    ];
    const one = await tarOf(new Map(entries));
    expect(digestOf(await tarOf(new Map(entries.toReversed())))).toBe(digestOf(one));
    expect([...(await untar(one)).keys()]).toEqual(['a', 'b/', 'b/c/', 'b/c/three', 'b/two']);
  });

  it('of an image names it in full, and each blob by its content', async () => {
    const names = ['docker.io/library/x:1', 'docker.io/library/x:latest'];
    const layers = [await plainLayer(new Map([['hello', text('world')]]))];
    const { archive, digest } = await ociArchive(names, 'x64', layers, { command: ['sh'], labels: { a: 'b' } });
    const files = await untar(archive);
    const index = JSON.parse(files.get('index.json')!);
    expect(
      index.manifests.map((it: { annotations: Record<string, string> }) => it.annotations['io.containerd.image.name']),
    ).toEqual(names);
    expect(index.manifests[0]).toMatchObject({ digest, platform: { architecture: 'amd64', os: 'linux' } });
    for (const [path, content] of files) {
      if (path.startsWith('blobs/sha256/') && content) expect(digestOf(content)).toBe(`sha256:${path.split('/')[2]}`);
    }
    const manifest = JSON.parse(files.get(`blobs/${digest.replace(':', '/')}`)!);
    const config = JSON.parse(files.get(`blobs/${manifest.config.digest.replace(':', '/')}`)!);
    expect(config).toMatchObject({ architecture: 'amd64', config: { Cmd: ['sh'], Labels: { a: 'b' } } });
    expect(config.rootfs.diff_ids).toEqual([manifest.layers[0].digest]);
  });
});

describe('the pause program', () => {
  const file = () => join(folder, 'pause');
  const start = () => {
    writeFileSync(file(), pauseProgram(process.arch as Architecture));
    chmodSync(file(), 0o755);
    return spawn(file(), { stdio: 'ignore' });
  };

  it.each(['SIGTERM', 'SIGINT'] as const)('waits, and ends at once with 0 on %s', async (signal) => {
    const child = start();
    await new Promise((resolve) => child.once('spawn', resolve));
    // Until it waits for its signals (rt_sigtimedwait, by number), they end it as they end any program.
    const waits = process.arch === 'x64' ? '128 ' : '137 ';
    for (let tries = 0; !readFileSync(`/proc/${child.pid}/syscall`, 'utf8').startsWith(waits); tries++) {
      if (tries > 1000) throw new Error(`it does not wait: ${readFileSync(`/proc/${child.pid}/syscall`, 'utf8')}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const ended = new Promise((resolve) => child.once('exit', (code, by) => resolve([code, by])));
    child.kill(signal);
    expect(await ended).toEqual([0, null]);
  });

  it('is a static executable of one page for each architecture', () => {
    for (const architecture of ['x64', 'arm64'] as const) {
      const program = pauseProgram(architecture);
      expect(program.length).toBeLessThan(4096);
      expect(program.subarray(0, 4).toString('latin1')).toBe('\x7fELF');
      expect(program.subarray(-8).toString('hex')).toBe('0240010000000000');
      expect(neededLibraries(program)).toEqual([]);
    }
    expect(pauseProgram('x64').length).toBe(120 + 89);
    expect(pauseProgram('arm64').length).toBe(120 + 116);
  });
});

describe('programs and their libraries', () => {
  it('are found in the ELF file as the loader finds them', async () => {
    const program = readFileSync('/bin/sh');
    const listed = (await run(['ldd', '/bin/sh'])).match(/^\s*lib\S+/gm)?.map((it) => it.trim());
    expect(neededLibraries(program)).toEqual(listed);
    expect(neededLibraries(Buffer.from('#!/bin/sh\n'))).toEqual([]);
  });

  it('are taken from packages, through links, and no others', () => {
    const shell = readFileSync('/bin/sh');
    const tree: Tree = new Map<string, Entry>([
      ['usr/bin/x', { type: 'symlink', target: '/bin/real' }],
      ['usr/bin/real', { type: 'file', mode: 0o755, content: shell }],
      ['usr/lib/arch/libc.so.6', { type: 'symlink', target: 'libc-2.so' }],
      ['usr/lib/arch/libc-2.so', text('no ELF')],
      ['usr/lib/arch/libother.so.1', text('')],
      ['usr/lib64/ld-linux-x86-64.so.2', text('')],
    ]);
    expect([...programWithLibraries(tree, 'usr/bin/x').keys()]).toEqual([
      'usr/bin/x',
      'usr/bin/real',
      'usr/lib/arch/libc.so.6',
      'usr/lib/arch/libc-2.so',
      'usr/lib64/ld-linux-x86-64.so.2',
    ]);
    expect(() =>
      programWithLibraries(new Map<string, Entry>([['p', { type: 'file', mode: 0o755, content: shell }]]), 'p'),
    ).toThrow('libc.so.6');
    expect([...mergedLinks(tree).keys()]).toEqual(['bin', 'lib', 'lib64']);
  });
});

describe('building', () => {
  const pause = recipes.filter((it) => it.name === 'pause');

  it('keeps what it built, and builds anew what was built by another recipe', async () => {
    const [first] = await buildImages({ recipes: pause, cache: folder });
    expect(builtImage(pause[0]!, folder)).toEqual(first);
    expect(builtImage({ ...pause[0]!, revision: 99 }, folder)).toBeUndefined();
    writeFileSync(first!.archive, 'damaged');
    const [again] = await buildImages({ recipes: pause, cache: folder, anew: true });
    expect(again).toEqual(first);
    expect(readFileSync(again!.archive).length).toBe(first!.size);
  });
});
